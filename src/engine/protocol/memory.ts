// What a kernel does to an address space on behalf of a program: map, unmap, write-protect, copy on
// write. An operation is a sequence of these between `begin` and `finish`; the policy decides after
// each of them what is flushed now, what is gathered until the operation ends and what is queued
// for later.

import type { Protocol } from "../executor/cpu.ts";
import { isPresent, pfnOf, USER, WRITABLE } from "../layout/pte.ts";
import { NO_FRAME } from "../machine/frames.ts";
import { NO_LEAF, REGION_HELD } from "../machine/page-table.ts";
import { REPLACED, UNMAPPED, WRITE_PROTECTED } from "../machine/promises.ts";
import { BATCH, EACH, TICK } from "../policy/plan.ts";
import { FREE, LOCAL, LOCK, PTE, WAITING } from "../probe/segments.ts";
import { awaitRegion, awaitReleased } from "./address-waits.ts";
import type { Core } from "./core.ts";
import { enqueue, isDeferred } from "./flush-queue.ts";
import { flushesAtReuse, freeFrame, freeRange } from "./free.ts";
import { gather } from "./gather.ts";
import { flushOwnTlb } from "./interrupts.ts";
import { acquire, release } from "./lock.ts";
import { takeFrame } from "./reuse.ts";
import { SKIP, shootdown } from "./shootdown.ts";

/** An operation begins; what follows until `finishOperation` is its latency. */
export function beginOperation(core: Core): void {
  core.gathered.clear();
  core.coresPending = 0;
  core.iommuPending = 0;
  core.coresFlushed = 0;
  core.iommuFlushed = 0;
  core.released = 0;
  beginLatency(core);
}

/** Latency counts from now; or from when the operation was due, if it is late by then. */
export function beginLatency({ path, cpu, arrivals }: Core): void {
  const nowNs = cpu.now();
  if (arrivals === undefined || arrivals.dueNs >= nowNs) {
    path.begin(nowNs);
    return;
  }
  path.begin(arrivals.dueNs);
  path.mark(WAITING, nowNs);
}

/** The operation ends: what was gathered is flushed, and freed or queued. */
export function* finishOperation(core: Core): Protocol<void> {
  const { cpu, plan, gathered, path, counters } = core;
  const cores = !isDeferred(plan.coresWhen) && core.coresFlushed < gathered.length;
  const iommu = !isDeferred(plan.iommuWhen) && core.iommuFlushed < gathered.length;
  yield* flushGathered(core, cores, iommu);
  path.end(cpu.now());
  core.check?.returned();
  counters.operations++;
  core.machine.actors.progressed(cpu.id);
}

/**
 * Unmaps what is mapped of a range, under the lock of its entries, and lets the policy decide what
 * follows. `withTables`: the page-table pages that are empty then go as well; nobody else may map
 * anything in the regions of 2 MiB that the range is in. Returns how many pages were mapped.
 */
export function* unmap(
  core: Core,
  vpn: number,
  pages: number,
  withTables = false,
): Protocol<number> {
  const { cpu, machine, costs, path, counters, plan, home, space } = core;
  const { pageTables, spaces } = machine;
  const lock = machine.lockOfEntries(space, vpn);
  const ticket = yield* acquire(core, lock);
  path.mark(LOCK, cpu.now());
  if (cpu.point()) yield;
  const root = spaces.rootOf(space);
  let leaf = NO_LEAF;
  let cleared = 0;
  let run = 0; // Pages before this one that were cleared: only these are this operation's to free.
  // What waits in a ring or for its reuse belongs to the home space.
  core.mustFlush = space !== home || (withTables && flushesAtReuse(plan));
  let next = vpn;
  for (let page = vpn; page < vpn + pages; page = next) {
    leaf = pageTables.leafAfter(leaf, root, page);
    next = leaf === NO_LEAF ? pageTables.pageBehindGap(root, page) : page + 1;
    const entry = leaf === NO_LEAF ? 0 : pageTables.clearPresent(leaf);
    if (isPresent(entry)) {
      core.check?.narrowed(leaf, UNMAPPED, page, entry);
      run++;
      if (plan.readOnly && (entry & WRITABLE) !== 0) core.mustFlush = true;
      continue;
    }
    if (run > 0) {
      gather(core, page - run, run, withTables);
      if (withTables) leaf = NO_LEAF; // The table may be gone.
    }
    cleared += run;
    run = 0;
  }
  if (run > 0) gather(core, vpn + pages - run, run, withTables);
  cleared += run;
  cpu.spend(costs.pteNs * cleared);
  path.mark(PTE, cpu.now());
  yield* release(core, lock, ticket);
  if (cleared === 0) return 0;
  counters.framesHeld += cleared;
  counters.heldPagesMax = Math.max(counters.heldPagesMax, spaces.heldBy(space));
  yield* afterUnmap(core, cleared);
  return cleared;
}

/** So many pages more are gathered: flushes where the policy does not wait for more. */
function* afterUnmap(core: Core, pages: number): Protocol<void> {
  const { plan } = core;
  core.coresPending += pages;
  core.iommuPending += pages;
  const { mustFlush } = core;
  const cores = mustFlush || isDue(plan.coresWhen, plan.coresPages, core.coresPending);
  const iommu = mustFlush || isDue(plan.iommuWhen, plan.iommuPages, core.iommuPending);
  yield* flushGathered(core, cores, iommu);
}

function isDue(when: number, batchPages: number, pendingPages: number): boolean {
  return when === EACH || (when === BATCH && pendingPages >= batchPages);
}

/**
 * Flushes what is gathered on the halves that are asked for; frees or queues what both are
 * done with.
 */
function* flushGathered(core: Core, cores: boolean, iommu: boolean): Protocol<void> {
  const { cpu, plan, gathered, path, space } = core;
  const coresFrom = cores && !core.forDevice ? core.coresFlushed : SKIP;
  if (coresFrom !== SKIP || iommu) {
    const iommuFrom = iommu ? core.iommuFlushed : SKIP;
    yield* shootdown(core, space, gathered, coresFrom, iommuFrom);
  }
  if (cores) {
    core.coresFlushed = gathered.length;
    core.coresPending = 0;
  }
  if (iommu) {
    core.iommuFlushed = gathered.length;
    core.iommuPending = 0;
  }
  if (plan.coresWhen === TICK && !cores) flushOwnRanges(core);
  const coresDone = isDeferred(plan.coresWhen) ? gathered.length : core.coresFlushed;
  const iommuDone = isDeferred(plan.iommuWhen) ? gathered.length : core.iommuFlushed;
  const done = Math.min(coresDone, iommuDone);
  const queues = plan.queueEntries > 0 && !core.mustFlush;
  for (; core.released < done; core.released++) {
    if (queues) yield* enqueue(core, core.released);
    else freeGathered(core, core.released);
  }
  path.mark(FREE, cpu.now());
}

/** Where other cores sweep, this one drops at once what it has unmapped itself. */
function flushOwnRanges(core: Core): void {
  const { cpu, gathered, path, space } = core;
  for (; core.coresFlushed < gathered.length; core.coresFlushed++) {
    const range = core.coresFlushed;
    flushOwnTlb(core, space, gathered.vpnOf(range), gathered.pagesOf(range), 0);
  }
  path.mark(LOCAL, cpu.now());
}

/** Frees what a range of this operation holds; it waits for nothing any more. */
function freeGathered(core: Core, range: number): void {
  const { gathered, queued, plan, space } = core;
  queued.vpn = gathered.vpnOf(range);
  queued.pages = gathered.pagesOf(range);
  queued.unmappedNs = gathered.unmappedNs(range);
  queued.frames = gathered.framesOf(range);
  queued.tables = gathered.tablesOf(range);
  freeRange(core, space, queued, flushesAtReuse(plan) && !core.mustFlush);
}

/**
 * A flush that callers rely on when it returns (write-protect, copy on write, migration): on both
 * halves, at once.
 */
export function* flushNow(core: Core, vpn: number, pages: number): Protocol<void> {
  const { immediate } = core;
  immediate.clear();
  immediate.add(vpn, pages, core.cpu.now());
  const { mustFlush } = core;
  core.mustFlush = true;
  yield* shootdown(core, core.space, immediate, 0, 0);
  core.mustFlush = mustFlush;
}

/**
 * Gives one page a frame of its own, unless it is mapped by now. An address whose former frame
 * still waits for a flush forces that flush. False if no frame is left.
 */
export function* map(core: Core, vpn: number, flags: number): Protocol<boolean> {
  const { cpu, machine, costs, space } = core;
  const { pageTables, spaces } = machine;
  let leaf = pageTables.ensureLeaf(spaces.rootOf(space), vpn, space);
  if (leaf === REGION_HELD) leaf = yield* awaitRegion(core, vpn);
  if (leaf === NO_LEAF) return false;
  const frame = yield* takeFrame(core, space);
  if (frame === NO_FRAME) return false;
  core.check?.handedOut(frame, vpn);
  cpu.spend(costs.frameNs + costs.pteNs);
  for (;;) {
    yield* awaitReleased(core, leaf);
    if (cpu.point()) yield;
    if (pageTables.map(leaf, frame, USER | flags)) break;
    if (!isPresent(pageTables.read(leaf))) continue;
    freeFrame(core, frame, vpn, false); // Another core was faster.
    return true;
  }
  core.check?.mapped(frame, vpn);
  if (!core.forDevice) machine.livePages.note(core.id, vpn);
  return true;
}

/** Maps the shared page of zeroes, read-only: what a read of untouched memory does. */
export function* mapZero(core: Core, vpn: number): Protocol<boolean> {
  const { cpu, machine, costs, space } = core;
  const { pageTables, frames, spaces } = machine;
  let leaf = pageTables.ensureLeaf(spaces.rootOf(space), vpn, space);
  if (leaf === REGION_HELD) leaf = yield* awaitRegion(core, vpn);
  if (leaf === NO_LEAF) return false;
  cpu.spend(costs.pteNs);
  for (;;) {
    yield* awaitReleased(core, leaf);
    if (cpu.point()) yield;
    if (pageTables.map(leaf, frames.zeroFrame, USER) || isPresent(pageTables.read(leaf)))
      return true;
  }
}

/**
 * Takes the right to write from what is mapped of a range; the flush is never deferred. Returns how
 * many pages had it.
 */
export function* protect(core: Core, vpn: number, pages: number): Protocol<number> {
  const { cpu, machine, costs, path, space } = core;
  const { pageTables, spaces } = machine;
  const lock = machine.lockOfEntries(space, vpn);
  const ticket = yield* acquire(core, lock);
  path.mark(LOCK, cpu.now());
  if (cpu.point()) yield;
  const root = spaces.rootOf(space);
  let leaf = NO_LEAF;
  let narrowed = 0;
  let first = vpn;
  let last = vpn;
  let next = vpn;
  for (let page = vpn; page < vpn + pages; page = next) {
    leaf = pageTables.leafAfter(leaf, root, page);
    next = leaf === NO_LEAF ? pageTables.pageBehindGap(root, page) : page + 1;
    if (leaf === NO_LEAF) continue;
    const entry = pageTables.clearWritable(leaf);
    if (!isPresent(entry) || (entry & WRITABLE) === 0) continue;
    core.check?.narrowed(leaf, WRITE_PROTECTED, page, entry);
    if (narrowed++ === 0) first = page;
    last = page;
  }
  cpu.spend(costs.pteNs * narrowed);
  path.mark(PTE, cpu.now());
  yield* release(core, lock, ticket);
  if (narrowed > 0) yield* flushNow(core, first, last - first + 1);
  return narrowed;
}

/**
 * Allows writes to what is mapped of a range: widening needs no flush (a stale entry only faults).
 */
export function* unprotect(core: Core, vpn: number, pages: number): Protocol<void> {
  const { cpu, machine, costs, space } = core;
  const { pageTables, spaces } = machine;
  if (cpu.point()) yield;
  const root = spaces.rootOf(space);
  let leaf = NO_LEAF;
  let next = vpn;
  for (let page = vpn; page < vpn + pages; page = next) {
    leaf = pageTables.leafAfter(leaf, root, page);
    next = leaf === NO_LEAF ? pageTables.pageBehindGap(root, page) : page + 1;
    if (leaf === NO_LEAF || !isPresent(pageTables.setWritable(leaf))) continue;
    cpu.spend(costs.pteNs);
  }
}

/**
 * Copy on write of one page: it gets a frame of its own, writable. False if it is not mapped or no
 * frame is left.
 */
export function* copyOnWrite(core: Core, vpn: number): Protocol<boolean> {
  return yield* replacePage(core, vpn, WRITABLE);
}

/**
 * Another frame takes the place of a page's, at once for all who have it cached, and the former one
 * is freed. What the page allowed it still allows, and `added` besides. False if it is not mapped
 * or no frame is left.
 */
export function* replacePage(core: Core, vpn: number, added: number): Protocol<boolean> {
  const { cpu, machine, costs, path, space } = core;
  const { pageTables, spaces } = machine;
  const lock = machine.lockOfEntries(space, vpn);
  const ticket = yield* acquire(core, lock);
  path.mark(LOCK, cpu.now());
  const leaf = pageTables.leafOf(spaces.rootOf(space), vpn);
  const frame = yield* takeFrame(core, space);
  if (frame !== NO_FRAME) core.check?.handedOut(frame, vpn);
  const possible = leaf !== NO_LEAF && frame !== NO_FRAME && isPresent(pageTables.read(leaf));
  let former = 0;
  if (possible) {
    cpu.spend(costs.frameNs + costs.pteNs);
    if (cpu.point()) yield;
    const flags = USER | added | (pageTables.read(leaf) & WRITABLE);
    former = pageTables.replace(leaf, frame, flags);
    core.check?.narrowed(leaf, REPLACED, vpn, former);
    machine.livePages.note(core.id, vpn);
  } else if (frame !== NO_FRAME) {
    freeFrame(core, frame, vpn, false);
  }
  path.mark(PTE, cpu.now());
  yield* release(core, lock, ticket);
  if (!possible) return false;
  yield* flushNow(core, vpn, 1);
  freeFrame(core, pfnOf(former), vpn, false);
  cpu.spend(costs.frameNs);
  path.mark(FREE, cpu.now());
  return true;
}
