// What a core does when it does not shoot down: runs a user program, which translates a stream of
// accesses through the TLB and the page table; sits idle; or has another process loaded.

import type { Protocol } from "../executor/cpu.ts";
import { isPresent, pfnOf, WRITABLE } from "../layout/pte.ts";
import { WAIT_WORK } from "../machine/actors.ts";
import { NO_PAGE } from "../machine/live-pages.ts";
import { pcidOf } from "../machine/machine.ts";
import { NO_LEAF } from "../machine/page-table.ts";
import { NO_TABLE } from "../machine/paging-structures.ts";
import { TLB_MISS } from "../machine/tlb.ts";
import { MASKED } from "../probe/segments.ts";
import { IDLE, RUN, WALK } from "../probe/timeline.ts";
import { applyBroadcasts } from "./broadcast.ts";
import type { Core } from "./core.ts";
import { drainQueues } from "./flush-queue.ts";
import { serviceInterrupts, sleepOrServe } from "./interrupts.ts";
import { tick } from "./sweep.ts";
import { enterIdle, leaveIdle } from "./switch.ts";

/** The pages that a program's access stream is drawn from, besides what cores mapped last. */
export interface AccessStream {
  readonly vpn: number;
  readonly pages: number;
  /** User time from one access to the next. */
  readonly gapNs: number;
  /** All accesses go to the program's pages, none to what cores mapped last. */
  readonly isPrivate?: boolean;
}

/** So often a program looks whether the run is over, if it makes several accesses meanwhile. */
const STINT_NS = 20_000;

/**
 * `ns` of user work, but not beyond `untilNs`: interrupts and this core's timer are served when
 * they are due. What accesses take comes on top of `ns`.
 */
export function* userWork(
  core: Core,
  stream: AccessStream,
  ns: number,
  untilNs = Number.POSITIVE_INFINITY,
): Protocol<void> {
  const { cpu, machine } = core;
  const { mailboxes, timers } = machine;
  let leftNs = ns;
  do {
    // Before the work, not behind it: an operation that follows begins where the clock is.
    core.countFromHere();
    access(core, pickPage(core, stream), false);
    const restNs = Math.min(leftNs, untilNs - cpu.now());
    let gapNs = Math.min(Math.max(restNs, 0), stream.gapNs);
    leftNs -= gapNs;
    do {
      if (timers.nextNs(core.id) <= cpu.now()) yield* serveTimers(core);
      const pieceNs = Math.min(gapNs, timers.nextNs(core.id) - cpu.now());
      const beganNs = cpu.now();
      if (cpu.run(pieceNs)) yield;
      core.timeline?.did(RUN, beganNs, cpu.now());
      gapNs -= pieceNs - cpu.leftNs;
      // What is left says that there is one; it may also be due just at the end.
      if (cpu.leftNs > 0) yield* serviceInterrupts(core, core.leastDeliveryNs);
      else if (mailboxes.dueNs(core.id) <= cpu.now()) yield* serviceInterrupts(core);
    } while (gapNs > 0);
  } while (leftNs > 0 && cpu.now() < untilNs);
}

/**
 * A core with a process loaded, until the run is over: user work, and at times interrupts off;
 * `between` two stints of work whatever else its workload has it do.
 */
export function* runProgram(
  core: Core,
  stream: AccessStream,
  maskedEveryNs: number,
  maskedNs: number,
  between?: () => Protocol<void>,
): Protocol<void> {
  const { cpu, machine } = core;
  machine.actors.waits(cpu.id, WAIT_WORK, 0);
  const nextMaskedNs = (): number => {
    return maskedNs === 0 ? Number.POSITIVE_INFINITY : core.random.around(maskedEveryNs);
  };
  let unmaskedNs = nextMaskedNs();
  while (!machine.control.stopped) {
    const stintNs = Math.min(Math.max(stream.gapNs, STINT_NS), unmaskedNs);
    yield* userWork(core, stream, stintNs);
    if (between !== undefined) yield* between();
    unmaskedNs -= stintNs;
    if (unmaskedNs > 0) continue;
    yield* stayMasked(core, core.random.around(maskedNs));
    unmaskedNs = nextMaskedNs();
  }
}

/** Interrupts are off for so long; what has come meanwhile is served before anything else. */
export function* stayMasked(core: Core, ns: number): Protocol<void> {
  const { cpu, machine } = core;
  const beganNs = cpu.now();
  cpu.spend(ns);
  core.timeline?.did(MASKED, beganNs, cpu.now());
  if (cpu.point()) yield;
  if (machine.mailboxes.dueNs(core.id) <= cpu.now()) yield* serviceInterrupts(core);
  yield* serveTimers(core);
}

/** An idle core, with its space still loaded, until then or until the run is over. */
export function* idle(core: Core, untilNs = Number.POSITIVE_INFINITY): Protocol<void> {
  const { cpu } = core;
  if (cpu.point()) yield;
  const beganNs = cpu.now();
  enterIdle(core);
  yield* sleepUntil(core, untilNs);
  core.timeline?.did(IDLE, beganNs, cpu.now());
  if (cpu.point()) yield;
  leaveIdle(core);
}

/** Asleep until then or until the run is over, but for interrupts and the flush queues' timer. */
export function* sleepUntil(core: Core, untilNs: number): Protocol<void> {
  const { cpu, machine } = core;
  machine.actors.waits(cpu.id, WAIT_WORK, 0);
  while (!machine.control.stopped && cpu.now() < untilNs) {
    const flushNs = machine.timers.flushNs(core.id);
    if (flushNs <= cpu.now()) yield* drainQueues(core);
    yield* sleepOrServe(core, Math.min(untilNs, machine.timers.flushNs(core.id)));
  }
}

/** What is due of this core's own: its tick, and the flush queues' timer if it has that. */
export function* serveTimers(core: Core): Protocol<void> {
  const { cpu, id, machine } = core;
  if (machine.timers.tickNs(id) <= cpu.now()) yield* tick(core);
  if (machine.timers.flushNs(id) <= cpu.now()) yield* drainQueues(core);
}

/** The run is over: what was sent to this core is still handled, when it is due. */
export function* finishInterrupts(core: Core): Protocol<void> {
  const { mailboxes } = core.machine;
  const neverNs = Number.POSITIVE_INFINITY;
  // Nobody broadcasts any more; hardware would apply these without being asked.
  if (core.readsBroadcasts) applyBroadcasts(core, neverNs);
  while (mailboxes.dueNs(core.id) < neverNs) yield* sleepOrServe(core, neverNs);
}

/**
 * One access of the program: through the TLB, on a miss by a walk. A page that is not there is
 * a fault.
 */
export function access(core: Core, vpn: number, write: boolean): void {
  if (!core.readsBroadcasts) {
    use(core, vpn, write);
    return;
  }
  const { cpu, machine, id } = core;
  machine.coreStates.countAccess(id);
  applyBroadcasts(core, cpu.now());
  use(core, vpn, write);
  machine.coreStates.countAccess(id);
}

function use(core: Core, vpn: number, write: boolean): void {
  const { tlb, counters, check, space } = core;
  const entry = tlb.lookup(pcidOf(space), vpn);
  if (entry !== TLB_MISS && (!write || (tlb.pteOf(entry) & WRITABLE) !== 0)) {
    counters.tlbHits++;
    const pte = tlb.pteOf(entry);
    core.machine.frames.tagOf(pfnOf(pte)); // The load of the tag is the access.
    if (check !== undefined) {
      const [leaf, version, tag] = [tlb.leafOf(entry), tlb.versionOf(entry), tlb.tagOf(entry)];
      check.used(space, vpn, leaf, pte, version, tag, write);
    }
    return;
  }
  counters.tlbMisses++;
  const beganNs = core.cpu.now();
  const leaf = walk(core, vpn);
  core.timeline?.did(WALK, beganNs, core.cpu.now(), vpn);
  if (leaf === NO_LEAF || !fill(core, vpn, leaf, write)) counters.pageFaults++;
}

/** Walks to the leaf entry: from the root, or where a way is cached from the leaf table. */
function walk(core: Core, vpn: number): number {
  const { cpu, costs, machine, tlb, space } = core;
  const { pageTables, frames, spaces } = machine;
  const pcid = pcidOf(space);
  const cached = tlb.structures.tableOf(pcid, vpn);
  if (cached !== NO_TABLE) {
    cpu.spend(costs.walkNs);
    core.check?.walkedThrough(space, vpn, cached, tlb.structures.tagOf(vpn));
    return pageTables.leafIn(cached, vpn);
  }
  cpu.spend(costs.walkColdNs);
  const leaf = pageTables.leafOf(spaces.rootOf(space), vpn);
  if (leaf === NO_LEAF) return NO_LEAF;
  const table = pageTables.tableOf(leaf);
  tlb.structures.fill(pcid, vpn, table, frames.tagOf(table));
  return leaf;
}

/** Fills the TLB; the version is read before the entry and checked again behind it. */
function fill(core: Core, vpn: number, leaf: number, write: boolean): boolean {
  const { machine, tlb, space } = core;
  const { pageTables, frames } = machine;
  const epoch = tlb.epochOf(pcidOf(space));
  const { accessedOnly } = core.plan;
  for (;;) {
    if (accessedOnly) pageTables.noteSharer(leaf, core.id);
    const version = pageTables.versionOf(leaf);
    const pte = pageTables.use(leaf, write);
    if (!isPresent(pte) || (write && (pte & WRITABLE) === 0)) return false;
    const tag = frames.tagOf(pfnOf(pte));
    if (pageTables.versionOf(leaf) !== version) continue;
    if (accessedOnly && !pageTables.isSharer(leaf, core.id)) continue;
    tlb.insert(pcidOf(space), vpn, pte, version, tag, leaf, epoch);
    core.check?.cached(vpn, pte);
    return true;
  }
}

/**
 * Half of the accesses go to the program's own pages, half to what some core mapped last, unless
 * the stream is private.
 */
function pickPage(core: Core, stream: AccessStream): number {
  const { random, machine, space } = core;
  const own = stream.vpn + random.below(stream.pages);
  if (space !== 0 || stream.isPrivate === true || random.below(2) === 0) return own;
  const live = machine.livePages.pick(random.below(machine.livePages.mappers), random.next());
  return live === NO_PAGE ? own : live;
}
