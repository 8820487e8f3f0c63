// What of an operation's way through the kernel only one core of the machine is in at a time, under
// a lock that has nothing to do with the page table. In Linux that is the LRU lock or a zone's,
// which is held for a moment and waited for with interrupts masked (mm/swap.c, mm/page_alloc.c:
// irqsave), or mmap_lock, which munmap held until its flush was done (before 4.20) and for which
// one waits with interrupts on.
//
// Neither the wait for the lock nor the time under it is part of an operation's latency, which is
// that of the shootdown: throughput has both.

import type { Protocol } from "../engine/executor/cpu.ts";
import type { Core } from "../engine/protocol/core.ts";
import { acquire, release } from "../engine/protocol/lock.ts";
import type { SerialPlan, WorkloadPlan } from "./workload.ts";

/** The lock is not held, or not any more. */
const NOT_HELD = -1;

/** An operation is about to begin. Returns what `leaveSerial` has to be told. */
export function* enterSerial(core: Core, plan: WorkloadPlan): Protocol<number> {
  if (plan.serial === undefined) return NOT_HELD;
  return yield* enter(core, plan.serial);
}

function* enter(core: Core, { ns, untilFlushed }: SerialPlan): Protocol<number> {
  const { serialLock } = core.machine;
  const ticket = yield* acquire(core, serialLock, !untilFlushed);
  core.cpu.spend(ns);
  if (untilFlushed) return ticket;
  yield* release(core, serialLock, ticket);
  return NOT_HELD;
}

/** The operation has ended. */
export function* leaveSerial(core: Core, ticket: number): Protocol<void> {
  if (ticket !== NOT_HELD) yield* release(core, core.machine.serialLock, ticket);
}
