// A point on the gang: one worker thread an actor, wall clock.

import { actorsOf, type MachineShape } from "../engine/layout/shape.ts";
import { isFree } from "../engine/profile/profile.ts";
import type { WorkloadPlan } from "../workloads/workload.ts";
import type { ActorTask } from "./actor.ts";
import type { Gang } from "./gang.ts";
import {
  auditOf,
  machineOf,
  type Point,
  type PointResult,
  playOf,
  type RunRecord,
} from "./point.ts";
import { resultOf } from "./sums.ts";

/** Host time that each oversubscribing actor leaves between two wake-ups of its own. */
const BACKGROUND_PERIOD_HOST_NS = 500_000;

/** Runs a point to its end, once. Errors are those of `recordOnThreads`. */
export async function runOnThreads(
  gang: Gang,
  point: Point,
  signal?: AbortSignal,
): Promise<PointResult> {
  return resultOf(point, [await recordOnThreads(gang, point, signal)]);
}

/**
 * What comes out of one run of a point. Errors are the gang's, and UsageError if the machine cannot
 * be that large.
 */
export async function recordOnThreads(
  gang: Gang,
  point: Point,
  signal?: AbortSignal,
): Promise<RunRecord> {
  const machine = machineOf(point);
  const { memory, shape } = machine;
  const { initiators } = point.workload;
  const actors = actorsOf(shape);
  const oversubscribed = actors > point.hostCpus;
  // Dilated, initiators spin where that leaves a CPU to the others: what they send is then sent
  // in time.
  const spinning = point.dilation > 1 && initiators < point.hostCpus;
  const workload = oversubscribed ? paced(point, actors) : point.workload;
  const free = isFree(point.profile) && workload.maskedNs === 0;
  const play = { ...playOf(point), workload };
  const tasks = Array.from({ length: actors }, (_, actor): ActorTask => {
    const parks = oversubscribed && !(spinning && actor < initiators);
    const { dilation, logsSteps } = point;
    const clock = clockOf(actor, initiators, shape, free);
    return { actor, memory, shape, play, logsSteps, dilation, parks, ...clock };
  });
  const began = process.hrtime.bigint();
  const reports = await gang.run(machine, tasks, initiators, signal);
  const wallS = Number(process.hrtime.bigint() - began) / 1e9;
  return { reports, wallS, atRest: auditOf(machine) };
}

/**
 * What the host's clock is to an actor: where everything is `free`, initiators follow it and who
 * only answers them never reads it; elsewhere who only answers makes up for what it was late.
 */
export function clockOf(
  actor: number,
  initiators: number,
  { cores, iommus }: Pick<MachineShape, "cores" | "iommus">,
  free: boolean,
): Pick<ActorTask, "untimed" | "followsClock" | "catchesUp"> {
  const initiates = actor < initiators;
  const answers = !initiates && actor < cores + iommus;
  return { untimed: free && answers, followsClock: free && initiates, catchesUp: !free && answers };
}

/**
 * The workload with its background thinned out: where threads share CPUs, each access of a program
 * and each DMA costs a wake-up, and these must leave the CPUs to the shootdowns.
 */
function paced(point: Point, actors: number): WorkloadPlan {
  const { workload, dilation } = point;
  const periodNs = Math.ceil((actors * BACKGROUND_PERIOD_HOST_NS) / dilation);
  return {
    ...workload,
    accessGapNs: Math.max(workload.accessGapNs, periodNs),
    dmaPeriodNs: Math.max(workload.dmaPeriodNs, periodNs),
  };
}
