// Which protocol each actor runs: initiators do operations and then go on as responders, so that
// others' shootdowns are still answered; the last initiator ends the run.

import type { Protocol } from "../engine/executor/cpu.ts";
import type { Core } from "../engine/protocol/core.ts";
import { drainQueues } from "../engine/protocol/flush-queue.ts";
import { type AccessStream, finishInterrupts, idle, userWork } from "../engine/protocol/user.ts";
import type { Measured } from "./measured.ts";
import { PROGRAM_PAGES, programVpn } from "./memory-map.ts";
import { scriptOf } from "./registry.ts";
import { WarmUp } from "./warm-up.ts";
import { TRACE, type WorkloadPlan } from "./workload.ts";

export function* runCore(core: Core, plan: WorkloadPlan, measured: Measured): Protocol<void> {
  const { cores } = core.machine.shape;
  const awake = cores - plan.idleCores;
  const stream = {
    vpn: programVpn(core.space),
    pages: plan.programPages ?? PROGRAM_PAGES,
    gapNs: plan.accessGapNs,
    isPrivate: plan.privateAccesses === true,
  };
  if (core.id < plan.initiators) yield* initiate(core, plan, stream, measured);
  const { work } = scriptOf(plan.kind);
  if (core.id >= awake) yield* idle(core);
  else yield* work(core, plan, stream);
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
  const { operate } = scriptOf(plan.kind);
  core.arrivals?.restart(cpu.now());
  const { compiling } = plan;
  let done = 0;
  if (compiling !== undefined) {
    while (done < compiling.operations && cpu.now() < compiling.untilNs) {
      yield* operate(core, plan, stream, done++, measured);
    }
    core.arrivals?.restart(cpu.now());
  }
  const warmUp = plan.settles === true ? new WarmUp() : undefined;
  let uncounted = done + plan.warmup;
  while (done < uncounted) {
    yield* operate(core, plan, stream, done++, measured);
    if (warmUp === undefined) continue;
    warmUp.add(core.path.lastNs);
    if (done < uncounted || warmUp.isSteady) continue;
    uncounted += Math.max(0, Math.min(warmUp.operations, plan.operations - warmUp.operations));
  }
  measured.warmup = uncounted;
  measured.neverSteady = warmUp?.isSteady === false;
  // What nobody waits for is handled some time later; it belongs to the warm-up all the same.
  while (!machine.isQuiet) yield* userWork(core, stream, stream.gapNs);
  control.warm();
  while (!control.measuring) yield* userWork(core, stream, stream.gapNs);
  core.countFromHere();
  measured.beganNs = cpu.now();
  core.arrivals?.restart(measured.beganNs);
  for (let index = 0; index < plan.operations; index++) {
    if (core.timeline?.isOver(cpu.now()) === true) break;
    yield* operate(core, plan, stream, uncounted + index, measured);
  }
  measured.endedNs = cpu.now();
  yield* drainQueues(core);
  if (!control.initiatorDone()) return;
  for (let actor = 0; actor < machine.actorCount; actor++) cpu.ring(actor, cpu.now());
}
