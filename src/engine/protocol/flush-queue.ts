// Deferred flushing: unmapped ranges wait in a per-core ring for one flush of everything, and
// their frames and addresses with them (Linux drivers/iommu/dma-iommu.c: queue_iova,
// iova_domain_flush, fq_ring_free).
//
// An entry carries the number of flushes that had been started when it was queued, and may go when
// more than that have finished: one that was queued while a flush ran waits for the next.
//
// Lock order: a ring's lock is held across the flush that a full ring forces; its waiters
// answer IPIs.

import type { Protocol } from "../executor/cpu.ts";
import { QUEUE } from "../policy/plan.ts";
import { FREE, LOCK } from "../probe/segments.ts";
import type { Core } from "./core.ts";
import { freeRange } from "./free.ts";
import { acquire, release } from "./lock.ts";
import { RangeList } from "./ranges.ts";
import { EVERYTHING, SKIP, shootdown } from "./shootdown.ts";

const NO_RANGES = new RangeList();

/** Queues a range that is unmapped; flushes at once if the ring is full; arms the timer. */
export function* enqueue(
  core: Core,
  vpn: number,
  pages: number,
  unmappedNs: number,
): Protocol<void> {
  const { cpu, machine, plan, path, home } = core;
  const { flushQueues, spaces } = machine;
  const lock = machine.lockOfFlushQueue(core.id);
  const ticket = yield* acquire(core, lock);
  path.mark(LOCK, cpu.now());
  reap(core, core.id);
  // Again, if the oldest entry was queued while another core's flush ran: that one does not cover
  // it.
  while (flushQueues.isFull(core.id)) {
    yield* flushEverything(core);
    reap(core, core.id);
  }
  path.mark(FREE, cpu.now());
  if (cpu.point()) yield;
  flushQueues.enqueue(core.id, vpn, pages, spaces.deferredFlushesStarted(home), unmappedNs);
  if (spaces.armTimer(home, core.id)) core.timerNs = cpu.now() + plan.timeoutNs;
  yield* release(core, lock, ticket);
}

/**
 * Flushes and frees all that waits in any ring: on the timer, when an address in there is needed,
 * and when a run ends. Belongs to no operation: it is background, and its path is not recorded.
 */
export function* drainQueues(core: Core): Protocol<void> {
  const { cpu, machine, plan, path, counters } = core;
  if (plan.coresWhen !== QUEUE && plan.iommuWhen !== QUEUE) return;
  const beganNs = cpu.now();
  if (core.timerNs !== Number.POSITIVE_INFINITY) {
    // Before the flush: what is queued while it runs arms a timer again.
    core.timerNs = Number.POSITIVE_INFINITY;
    if (cpu.point()) yield;
    machine.spaces.disarmTimer(core.home);
  }
  const recording = path.enabled;
  path.enabled = false;
  yield* flushEverything(core);
  for (let other = 0; other < machine.shape.cores; other++) {
    if (!machine.flushQueues.isEmpty(other)) yield* reapLocked(core, other);
  }
  path.enabled = recording;
  counters.backgroundNs += cpu.now() - beganNs;
}

/** One flush of the whole space, on the halves that the policy defers. */
function* flushEverything(core: Core): Protocol<void> {
  const { cpu, machine, plan, home } = core;
  if (cpu.point()) yield;
  machine.spaces.startDeferredFlush(home);
  const coresFrom = plan.coresWhen === QUEUE ? EVERYTHING : SKIP;
  const iommuFrom = plan.iommuWhen === QUEUE ? EVERYTHING : SKIP;
  yield* shootdown(core, home, NO_RANGES, coresFrom, iommuFrom);
  if (cpu.point()) yield;
  machine.spaces.finishDeferredFlush(home);
}

function* reapLocked(core: Core, owner: number): Protocol<void> {
  const lock = core.machine.lockOfFlushQueue(owner);
  const ticket = yield* acquire(core, lock);
  reap(core, owner);
  yield* release(core, lock, ticket);
}

/** Frees what a finished flush covers, oldest first. The caller holds the ring's lock. */
function reap(core: Core, owner: number): void {
  const { machine, home } = core;
  const { flushQueues, spaces } = machine;
  const finished = spaces.deferredFlushesFinished(home);
  while (flushQueues.canReap(owner, finished)) {
    freeRange(
      core,
      home,
      flushQueues.oldestVpn(owner),
      flushQueues.oldestPages(owner),
      flushQueues.oldestUnmappedNs(owner),
    );
    flushQueues.dropOldest(owner);
  }
}
