// Which protocol each actor runs: initiators do operations and then go on as responders, so that
// others' shootdowns are still answered; the last initiator ends the run.

import type { Protocol } from "../engine/executor/cpu.ts";
import type { Core } from "../engine/protocol/core.ts";
import { drainQueues } from "../engine/protocol/flush-queue.ts";
import {
  type AccessStream,
  finishInterrupts,
  idle,
  runProgram,
  userWork,
} from "../engine/protocol/user.ts";
import type { CauseTally } from "./cause-tally.ts";
import { PROGRAM_PAGES, programVpn } from "./memory-map.ts";
import { unmapWindow } from "./munmap.ts";
import { replayCpu } from "./replay.ts";
import { signal } from "./tlb-bench.ts";
import { TLB_BENCH, TRACE, type WorkloadPlan } from "./workload.ts";

/** When an initiator's measured part began and ended, in modelled ns; both 0 for a responder. */
export interface Measured {
  beganNs: number;
  endedNs: number;
  /** Of a replay. */
  readonly causes: CauseTally;
}

export function* runCore(core: Core, plan: WorkloadPlan, measured: Measured): Protocol<void> {
  const { cores } = core.machine.shape;
  const awake = cores - plan.idleCores;
  const stream = {
    vpn: programVpn(core.space),
    pages: PROGRAM_PAGES,
    gapNs: plan.accessGapNs,
  };
  if (core.id < plan.initiators) yield* initiate(core, plan, stream, measured);
  if (core.id >= awake) yield* idle(core);
  else yield* runProgram(core, stream, plan.maskedEveryNs, plan.maskedNs);
  yield* finishInterrupts(core);
}

/**
 * The space that a core has loaded when a run begins: 0, the measured process's, or 1, another's.
 */
export function firstSpaceOf(core: number, cores: number, plan: WorkloadPlan): number {
  if (plan.kind === TRACE) return 1; // Its first switch loads the traced process.
  const awake = cores - plan.idleCores;
  return core >= awake - plan.otherCores && core < awake ? 1 : 0;
}

function* initiate(
  core: Core,
  plan: WorkloadPlan,
  stream: AccessStream,
  measured: Measured,
): Protocol<void> {
  const { cpu, machine } = core;
  const { control } = machine;
  for (let index = 0; index < plan.warmup; index++) yield* operate(core, plan, stream, index);
  // What nobody acknowledges is handled some time later; it belongs to the warm-up all the same.
  while (!machine.mailboxes.areEmpty) yield* userWork(core, stream, stream.gapNs);
  control.warm();
  while (!control.measuring) yield* userWork(core, stream, stream.gapNs);
  core.countFromHere();
  measured.beganNs = cpu.now();
  if (plan.kind === TRACE && plan.trace !== undefined)
    yield* replayCpu(core, plan.trace, plan.accessGapNs, measured.causes);
  for (let index = 0; index < plan.operations; index++) {
    yield* operate(core, plan, stream, plan.warmup + index);
  }
  measured.endedNs = cpu.now();
  yield* drainQueues(core);
  if (!control.initiatorDone()) return;
  for (let actor = 0; actor < machine.actorCount; actor++) cpu.ring(actor, cpu.now());
}

function* operate(
  core: Core,
  plan: WorkloadPlan,
  stream: AccessStream,
  index: number,
): Protocol<void> {
  if (plan.kind !== TLB_BENCH) {
    yield* unmapWindow(core, plan, stream, index);
    return;
  }
  yield* userWork(core, stream, plan.gapNs);
  yield* signal(core, core.id + 1, plan.mode);
}
