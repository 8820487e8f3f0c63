// What each kind of workload has its actors do, by kind: an operation of an initiator, and, where
// it is not what all others do, the program of the cores and the work of the devices.

import type { Protocol } from "../engine/executor/cpu.ts";
import type { Core } from "../engine/protocol/core.ts";
import { type DmaEngine, transfer } from "../engine/protocol/dma.ts";
import { type AccessStream, runProgram, userWork } from "../engine/protocol/user.ts";
import { awaitArrival } from "./arrival.ts";
import { writeAfterFork } from "./fork-cow.ts";
import { doze } from "./idle-heavy.ts";
import type { Measured } from "./measured.ts";
import { migrateWindow } from "./migrate.ts";
import { narrowWindow, widenWindow } from "./mprotect.ts";
import { unmapPages, unmapRange } from "./munmap.ts";
import { moveDescriptors, renewReceived, renewSent } from "./nic.ts";
import { unmapWithTables } from "./page-table-free.ts";
import { reclaimBatch, useReclaimed } from "./reclaim.ts";
import { replayCpu } from "./replay.ts";
import { stress } from "./stress.ts";
import { signal } from "./tlb-bench.ts";
import {
  FORK_COW,
  IDLE_HEAVY,
  MADVISE,
  MIGRATE,
  MPROTECT,
  MPROTECT_WIDEN,
  MUNMAP,
  MUNMAP_RANGE,
  NIC_RX,
  NIC_TX,
  PAGE_TABLE_FREE,
  RECLAIM,
  SERVER,
  STRESS,
  TLB_BENCH,
  TRACE,
  type WorkloadPlan,
} from "./workload.ts";

/** One operation of an initiator, with what it does before. */
type Operate = (
  core: Core,
  plan: WorkloadPlan,
  stream: AccessStream,
  index: number,
  measured: Measured,
) => Protocol<void>;

export interface Script {
  readonly operate: Operate;
  /** A core that is awake and has no operations to do (any more), until the run is over. */
  readonly work: (core: Core, plan: WorkloadPlan, stream: AccessStream) => Protocol<void>;
  /** A device, until the run is over. */
  readonly move: (engine: DmaEngine, plan: WorkloadPlan) => Protocol<void>;
}

function* work(core: Core, plan: WorkloadPlan, stream: AccessStream): Protocol<void> {
  yield* runProgram(core, stream, plan.maskedEveryNs, plan.maskedNs);
}

function* move(engine: DmaEngine): Protocol<void> {
  yield* transfer(engine);
}

function* signalNext(core: Core, plan: WorkloadPlan, stream: AccessStream): Protocol<void> {
  // As far apart as in the original, to the ns.
  if (core.arrivals === undefined) yield* userWork(core, stream, plan.gapNs);
  else yield* awaitArrival(core, stream, plan.gapNs);
  yield* signal(core, core.id + 1, plan.mode);
}

/** All that a CPU of the trace did, which is its only operation. */
function* replay(
  core: Core,
  plan: WorkloadPlan,
  _stream: AccessStream,
  _index: number,
  { causes }: Measured,
): Protocol<void> {
  if (plan.trace !== undefined) yield* replayCpu(core, plan.trace, plan.accessGapNs, causes);
}

function* stressCore(core: Core, plan: WorkloadPlan): Protocol<void> {
  if (plan.stress !== undefined) yield* stress(core, plan, plan.stress);
}

const SCRIPTS: Readonly<Record<number, Script>> = {
  [MUNMAP]: { operate: unmapPages, work, move },
  [MUNMAP_RANGE]: { operate: unmapRange, work, move },
  [MADVISE]: { operate: unmapRange, work, move },
  [SERVER]: { operate: unmapRange, work, move },
  [IDLE_HEAVY]: { operate: unmapPages, work: doze, move },
  [PAGE_TABLE_FREE]: { operate: unmapWithTables, work, move },
  [MPROTECT]: { operate: narrowWindow, work, move },
  [MPROTECT_WIDEN]: { operate: widenWindow, work, move },
  [FORK_COW]: { operate: writeAfterFork, work, move },
  [MIGRATE]: { operate: migrateWindow, work, move },
  [RECLAIM]: { operate: reclaimBatch, work: useReclaimed, move },
  [NIC_RX]: { operate: renewReceived, work, move: moveDescriptors },
  [NIC_TX]: { operate: renewSent, work, move: moveDescriptors },
  [TLB_BENCH]: { operate: signalNext, work, move },
  [TRACE]: { operate: replay, work, move },
  [STRESS]: { operate: stressCore, work, move },
};

export function scriptOf(kind: number): Script {
  return SCRIPTS[kind];
}
