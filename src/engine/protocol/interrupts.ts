// The responder: a core that has been interrupted empties its mailbox, with interrupts masked.

import type { Protocol } from "../executor/cpu.ts";
import { pcidOf } from "../machine/machine.ts";
import {
  ACK_EARLY,
  ACK_LATE,
  ACTION_MASK,
  FLUSH_PAGES,
  FLUSH_SPACE,
  KERNEL_MESSAGE,
} from "../machine/mailboxes.ts";
import { HANDLER } from "../probe/segments.ts";
import { INTERRUPT, type Timeline } from "../probe/timeline.ts";
import { applyBroadcasts } from "./broadcast.ts";
import type { Core } from "./core.ts";

/** Pages of a flush that is always a full one. */
const ALL_PAGES = Number.POSITIVE_INFINITY;

/**
 * Handles the message that the caller has seen due, and those that become due meanwhile. A caller
 * that then waits or works on, and does nothing before that others could see, passes what a
 * message takes to get here: `reachNs`. Then a sender that waits at a full mailbox may find room so
 * much too early.
 */
export function* serviceInterrupts(core: Core, reachNs = 0): Protocol<void> {
  const { cpu, machine, costs, message } = core;
  const { mailboxes } = machine;
  const { messageLines } = machine.shape;
  core.countFromHere();
  const enteredNs = cpu.now();
  // From here on, not from its flush on.
  const stoppedNs = core.check?.stopsUsing(uselessSinceNs(core, enteredNs));
  let hostNs = cpu.lateNs;
  let beganNs = enteredNs;
  cpu.spend(costs.interruptEntryNs);
  do {
    mailboxes.read(core.id, message);
    // Of the host's lateness, what is this message's: it may have been for something else.
    const lateNs = Math.min(
      hostNs,
      Math.max(0, beganNs - mailboxes.postedDueNs(core.id, message.sequence)),
    );
    if ((message.kind & KERNEL_MESSAGE) !== 0) cpu.spend(costs.kernelMessageNs);
    if (messageLines !== undefined) cpu.spend(messageLines * core.lineNs(message.sender));
    // What makes a core step aside has no due time of its own: others see it at once.
    if (core.plan.skipIdle) {
      if (cpu.point()) yield;
    }
    if ((message.kind & ACK_EARLY) !== 0) {
      if (cpu.point(reachNs)) yield;
      acknowledge(core, beganNs, lateNs);
    }
    handle(core);
    if ((message.kind & ACK_LATE) !== 0) {
      if (cpu.point(reachNs)) yield;
      acknowledge(core, beganNs, lateNs);
    }
    mailboxes.release(core.id);
    if (core.timeline !== undefined) noteHandled(core, core.timeline, beganNs);
    beganNs = cpu.now();
    hostNs = 0;
  } while (mailboxes.dueNs(core.id) <= cpu.now());
  cpu.spend(costs.interruptExitNs);
  core.check?.resumes(stoppedNs);
  core.timeline?.did(INTERRUPT, enteredNs, cpu.now());
  core.counters.responderNs += cpu.now() - enteredNs;
  machine.actors.progressed(cpu.id);
}

/** Handles an interrupt that is due, or sleeps until something rings: `untilNs` at the latest. */
export function* sleepOrServe(core: Core, untilNs: number): Protocol<void> {
  const { cpu, machine } = core;
  const interruptNs = machine.mailboxes.dueNs(core.id);
  if (interruptNs <= cpu.now()) yield* serviceInterrupts(core);
  else if (cpu.sleep(Math.min(interruptNs, untilNs))) yield;
}

/** For the time line: the message being handled, since `beganNs`. */
function noteHandled({ cpu, id, message }: Core, timeline: Timeline, beganNs: number): void {
  timeline.didFor(HANDLER, beganNs, cpu.now(), message.sender, id, message.sequence);
}

/** From when on this core can use nothing: its handler, or earlier if it idles and must flush. */
function uselessSinceNs({ machine, id }: Core, enteredNs: number): number {
  const { coreStates } = machine;
  return coreStates.isMarked(id) ? coreStates.markedNs(id) : enteredNs;
}

/**
 * Drops what a shootdown of `pages` pages takes away from this core's own TLB, and takes the time.
 * `generation` is that of the change, or 0 where nobody counts them.
 */
export function flushOwnTlb(
  core: Core,
  space: number,
  vpn: number,
  pages: number,
  generation: number,
): void {
  const { cpu, tlb, costs, counters } = core;
  if (core.readsBroadcasts) applyBroadcasts(core, cpu.now()); // They came first.
  let full = pages > core.plan.fullAbovePages;
  if (generation !== 0) {
    const behind = (generation - core.generations[space]) | 0;
    if (behind <= 0) return; // A newer flush has covered it.
    // Linux (arch/x86/mm/tlb.c, flush_tlb_func): a range will do only if nothing else is missing.
    const newest = core.machine.spaces.generationOf(space);
    full = full || behind > 1 || newest !== generation;
    core.generations[space] = newest;
  }
  if (full) {
    flushOwnContext(core, space);
    return;
  }
  cpu.spend(costs.invalidatePageNs * pages);
  for (let page = vpn; page < vpn + pages; page++) tlb.invalidatePage(pcidOf(space), page);
  counters.pageFlushes += pages;
}

/** Drops everything of a space from this core's own TLB, and takes the time. */
export function flushOwnContext(core: Core, space: number): void {
  if (core.readsBroadcasts) applyBroadcasts(core, core.cpu.now());
  core.cpu.spend(core.costs.flushContextNs);
  core.tlb.flushContext(pcidOf(space));
  core.counters.fullFlushes++;
}

function handle(core: Core): void {
  const { kind, space, vpn, pages, generation } = core.message;
  const action = kind & ACTION_MASK;
  const isFlush = action === FLUSH_PAGES || action === FLUSH_SPACE;
  if (isFlush && core.plan.skipIdle && steppedAside(core, space)) return;
  if (action === FLUSH_PAGES) flushOwnTlb(core, space, vpn, pages, generation);
  else if (action === FLUSH_SPACE) flushOwnTlb(core, space, 0, ALL_PAGES, generation);
}

/**
 * A core that uses nothing of `space` steps aside instead of flushing, as it will compare
 * generations, or flush, before it does again. If it has another space loaded it no longer counts
 * among the cores of this one; if it only idles in it, it loads the kernel's own. (Linux
 * arch/x86/mm/tlb.c, flush_tlb_func: TLB_REMOTE_WRONG_CPU; switch to init_mm.)
 */
function steppedAside(core: Core, space: number): boolean {
  const { spaces, coreStates } = core.machine;
  if (!spaces.isRunning(space, core.id)) {
    spaces.unload(space, core.id);
    return true;
  }
  if (!coreStates.isIdle(core.id)) return false;
  spaces.leave(space, core.id);
  core.check?.unloaded(space, uselessSinceNs(core, core.cpu.now()));
  coreStates.leaveIdle(core.id); // Not lazily any more: nobody has to mark it.
  return true;
}

/**
 * Answers the message being handled. Its sender sees the answer one cache-line transfer after it
 * was stored, at the earliest: it may have to queue behind those of other cores.
 */
function acknowledge(core: Core, beganNs: number, lateNs: number): void {
  const { cpu, machine, message } = core;
  const lineNs = core.lineNs(message.sender);
  const visibleNs = cpu.effectNs(lineNs); // Where the host is late, the transfer hides some of it.
  const storedNs = visibleNs - lineNs;
  const heldUpNs = storedNs - cpu.now();
  machine.mailboxes.acknowledge(core.id, message.sequence, beganNs, lateNs, heldUpNs, storedNs);
  cpu.answer(message.sender, visibleNs);
  core.counters.acknowledgements++;
}
