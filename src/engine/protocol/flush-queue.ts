// Deferred flushing: unmapped ranges wait in a per-core ring, and their frames and addresses with
// them: for one flush of everything (Linux drivers/iommu/dma-iommu.c: queue_iova,
// iova_domain_flush, fq_ring_free), for all cores to have swept the ring (LATR, ASPLOS'18), for an
// asynchronous flush to complete, or for some ticks to pass.
//
// An entry carries the number of flushes of everything that had been started when it was queued,
// and may go when more than that have finished: one that was queued while a flush ran waits for the
// next.
//
// Lock order: a ring's lock is held across the flush that a full ring forces; its waiters
// answer IPIs.

import type { Protocol } from "../executor/cpu.ts";
import { BATCH, EACH, QUEUE, TICK } from "../policy/plan.ts";
import { FREE, LOCK } from "../probe/segments.ts";
import { BACKGROUND } from "../probe/timeline.ts";
import { completeSubmitted, noteCompleted } from "./async.ts";
import type { Core } from "./core.ts";
import { flushesAtReuse, freeRange, ringAddressWaiters } from "./free.ts";
import { acquire, release } from "./lock.ts";
import { RangeList } from "./ranges.ts";
import { SKIP, shootdown } from "./shootdown.ts";
import { EVERYTHING } from "./targets.ts";

const NO_RANGES = new RangeList();

/**
 * Queues a range of those that the operation has gathered; flushes at once if the ring is full;
 * arms the timer.
 */
export function* enqueue(core: Core, range: number): Protocol<void> {
  const { cpu, machine, plan, path, home, gathered, queued } = core;
  const { flushQueues, spaces } = machine;
  const lock = machine.lockOfFlushQueue(core.id);
  const ticket = yield* acquire(core, lock);
  path.mark(LOCK, cpu.now());
  if (plan.waitEvery > 1) yield* noteCompleted(core);
  reap(core, core.id);
  // Again, if the oldest entry was queued while another core's flush ran: that one does not cover
  // it.
  while (flushQueues.isFull(core.id, plan.queueEntries)) {
    yield* flushEverything(core);
    reap(core, core.id);
  }
  path.mark(FREE, cpu.now());
  if (cpu.point()) yield;
  queued.vpn = gathered.vpnOf(range);
  queued.pages = gathered.pagesOf(range);
  queued.unmappedNs = gathered.unmappedNs(range);
  queued.frames = gathered.framesOf(range);
  queued.tables = gathered.tablesOf(range);
  queued.stamp = spaces.deferredFlushesStarted(home);
  queued.flush = core.asyncStarted;
  flushQueues.enqueue(core.id, queued);
  ringAddressWaiters(core, home);
  if (plan.timeoutNs !== Number.POSITIVE_INFINITY && spaces.armTimer(home, core.id)) {
    machine.timers.setFlush(core.id, cpu.now() + plan.timeoutNs);
  }
  yield* release(core, lock, ticket);
}

/**
 * Flushes and frees all that waits in any ring: on the timer, when an address or a frame in there
 * is needed, and when a run ends. Belongs to no operation: it is background, and its path is not
 * recorded.
 */
export function* drainQueues(core: Core): Protocol<void> {
  const { cpu, machine, plan, path, counters } = core;
  if (plan.queueEntries === 0) return;
  const beganNs = cpu.now();
  if (machine.timers.flushNs(core.id) !== Number.POSITIVE_INFINITY) {
    // Before the flush: what is queued while it runs arms a timer again.
    machine.timers.setFlush(core.id, Number.POSITIVE_INFINITY);
    if (cpu.point()) yield;
    machine.spaces.disarmTimer(core.home);
  }
  const recording = path.enabled;
  path.enabled = false;
  if (plan.waitEvery > 1) yield* completeSubmitted(core);
  yield* flushEverything(core);
  for (let other = 0; other < machine.shape.cores; other++) {
    if (!machine.flushQueues.isEmpty(other)) yield* reapLocked(core, other);
  }
  path.enabled = recording;
  core.timeline?.did(BACKGROUND, beganNs, cpu.now());
  counters.backgroundNs += cpu.now() - beganNs;
}

/** One flush of the whole space, on the halves that the policy defers in any way. */
export function* flushEverything(core: Core): Protocol<void> {
  const { cpu, machine, plan, home } = core;
  if (cpu.point()) yield;
  machine.spaces.startDeferredFlush(home);
  const iommuDefers = isDeferred(plan.iommuWhen) || plan.waitEvery > 1;
  const coresFrom = isDeferred(plan.coresWhen) ? EVERYTHING : SKIP;
  const iommuFrom = iommuDefers ? EVERYTHING : SKIP;
  // With neither half deferred the entries only wait for ticks: a full ring ends that.
  if (coresFrom !== SKIP || iommuFrom !== SKIP) {
    yield* shootdown(core, home, NO_RANGES, coresFrom, iommuFrom);
  }
  if (cpu.point()) yield;
  machine.spaces.finishDeferredFlush(home);
}

/** Whether a half is not flushed before the operation ends. */
export function isDeferred(when: number): boolean {
  return when !== EACH && when !== BATCH;
}

/** Frees what of a ring is done with by now. */
export function* reapLocked(core: Core, owner: number): Protocol<void> {
  const lock = core.machine.lockOfFlushQueue(owner);
  const ticket = yield* acquire(core, lock);
  reap(core, owner);
  yield* release(core, lock, ticket);
}

/** Frees what may go, oldest first. The caller holds the ring's lock. */
function reap(core: Core, owner: number): void {
  const { machine, plan, home, queued } = core;
  const { flushQueues } = machine;
  if (plan.coresWhen === TICK && owner === core.id) core.grace.advance(machine, owner, home);
  while (!flushQueues.isEmpty(owner)) {
    const index = flushQueues.headOf(owner);
    flushQueues.read(owner, index, queued);
    if (!mayGo(core, owner, index)) return;
    freeRange(core, home, queued, flushesAtReuse(plan));
    flushQueues.dropOldest(owner);
  }
}

/** Whether the entry in `queued`, number `index` of its ring, waits for nothing any more. */
function mayGo(core: Core, owner: number, index: number): boolean {
  const { cpu, machine, plan, home, queued } = core;
  if (machine.spaces.hasFlushedSince(home, queued.stamp)) return true;
  if (plan.holdNs > 0) return cpu.now() >= queued.unmappedNs + plan.holdNs;
  return coresAreDone(core, owner, index) && iommusAreDone(core, owner);
}

function coresAreDone(core: Core, owner: number, index: number): boolean {
  const { plan, grace, id } = core;
  if (plan.coresWhen === QUEUE) return false;
  if (plan.coresWhen !== TICK) return true;
  return owner === id && ((grace.sweptBelow - index) | 0) > 0;
}

function iommusAreDone(core: Core, owner: number): boolean {
  const { machine, plan, queued } = core;
  if (plan.iommuWhen === QUEUE) return false;
  if (plan.waitEvery === 1) return true;
  return ((machine.flushQueues.completedOf(owner) - queued.flush) | 0) >= 0;
}
