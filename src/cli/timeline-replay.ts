// A kernel's trace, and its replay under a policy, as two timelines beside each other on one clock.
//
// Up to what is shown the replay cuts idle time as any other does; from there on it keeps it. So
// one difference turns its clock into the trace's.

import { UsageError } from "../engine/errors.ts";
import { beside, isWindow, type Selection, type TimeWindow } from "../results/timeline/form.ts";
import { beganOf, KERNEL, kernelTimeline, numbered } from "../results/timeline/kernel.ts";
import { type Replayed, replayTimeline } from "../results/timeline/replay.ts";
import { shapeOf } from "../workers/point.ts";
import {
  type FinishedShootdown,
  readWorkload,
  type TraceOperationsData,
  type TraceWorkload,
} from "../workloads/traces/index.ts";
import type { PlannedPoint } from "./experiments/expand.ts";
import type { Experiment } from "./experiments/schema.ts";
import type { Progress } from "./progress.ts";
import { replayExperiment, SLOW_MAX_GAP_NS } from "./replay.ts";
import { type MachineToShow, onlyPoint, type Shown, showPoint } from "./timeline.ts";
import { emptyWindow, refuseEmpty, refuseMissing, selectionText } from "./timeline-selection.ts";
import { operationsUntil, traceName, withoutGaps, withRest } from "./trace-times.ts";

/**
 * Threads are behind after a cold start; so long before what is shown they have nothing to do, as
 * far as the recorded program had not, and catch up.
 */
const REST_HOST_NS = 1_000_000_000;

/** On what a trace is replayed, and what of it. */
export interface ReplayToShow extends Omit<MachineToShow, "devices"> {
  /** Undefined: as many as a replay has. */
  readonly devices: number | undefined;
  readonly trace: string;
  readonly pid: number | undefined;
  readonly strict: boolean;
  /** Whether the kernel's own shootdowns stand beside it. */
  readonly besideKernel: boolean;
}

/**
 * Replays the process of a trace up to the end of what is selected. Throws a UsageError if nothing
 * of it is in there.
 */
export async function showReplay(
  replay: ReplayToShow,
  selection: Selection,
  maxSlices: number,
  progress: Progress,
): Promise<Shown> {
  const { trace, pid, strict, besideKernel } = replay;
  const read = await readWorkload(trace, { strict, ...(pid !== undefined && { pid }) });
  const { shootdowns = [] } = read;
  if (read.shootdowns === undefined && (besideKernel || !isWindow(selection))) {
    throw new UsageError(
      `${trace} does not show the kernel's own shootdowns (tlb:tlb_flush): use --no-kernel, and ` +
        "--from-us and --to-us for a part of it",
    );
  }
  const window = windowOf(selection, shootdowns, trace);
  const { planned, behindNs, operations } = plan(replay, read, window, maxSlices);
  const shown = await showPoint(planned, progress, ({ point, result }) => {
    const { executor: source, policy } = point;
    const { originNs } = read;
    const replayed: Replayed = { source, trace: operations, originNs, behindNs, shootdowns };
    const ours = replayTimeline(result.timelines, shapeOf(point), replayed, window);
    const kernels = kernelTimeline(shootdowns, window);
    const both = [[KERNEL, kernels] as const, [`replay: ${policy.name}, ${source}`, ours] as const];
    const timeline = besideKernel ? beside(both) : ours;
    refuseEmpty(timeline, window, whatOf(read.pid, trace));
    return {
      timeline,
      about: { pid: read.pid, cpus: read.cpus.join(","), ...selectionText(selection) },
    };
  });
  return { ...shown, warnings: [...read.warnings, ...shown.warnings] };
}

/** A replay is of one process; its kernel's shootdowns are those of all. */
function whatOf(pid: number, trace: string): string {
  return `process ${pid} in ${trace} (another: --pid)`;
}

/** The time of the trace's clock that is selected. */
function windowOf(
  selection: Selection,
  shootdowns: readonly FinishedShootdown[],
  trace: string,
): TimeWindow {
  if (isWindow(selection)) return selection;
  refuseMissing(shootdowns.length, selection, trace);
  const { first, last } = selection;
  return beganOf(numbered(shootdowns).slice(first - 1, last));
}

/** What is replayed, and by how much its clock will be behind the trace's. */
interface ReplayPlan {
  readonly planned: PlannedPoint;
  readonly operations: TraceOperationsData;
  readonly behindNs: number;
}

function plan(
  replay: ReplayToShow,
  { operations: { data }, originNs, pid }: TraceWorkload,
  window: TimeWindow,
  maxSlices: number,
): ReplayPlan {
  const fromNs = window.fromNs - originNs;
  const operations = operationsUntil(data, window.toNs - originNs);
  const lastPlace = operations.byTime.at(-1);
  if (lastPlace === undefined || operations.atNs[lastPlace] < fromNs) {
    const [first, last] = [data.byTime[0], data.byTime[data.byTime.length - 1]];
    const all = { fromNs: originNs + data.atNs[first], toNs: originNs + data.atNs[last] };
    throw emptyWindow(window, all, whatOf(pid, replay.trace));
  }
  const short = withoutGaps(operations, SLOW_MAX_GAP_NS, fromNs);
  const planned = onlyPoint(experimentOf(replay, short), replay);
  const { executor, dilation, workload } = planned.point;
  const restNs = executor === "threads" ? REST_HOST_NS / dilation : 0;
  const trace = withRest(short, fromNs, restNs);
  const behindNs = originNs + trace.skippedNs[lastPlace];
  const timeline = {
    ...{ fromOperation: 0, fromNs: window.fromNs - behindNs, toNs: Number.POSITIVE_INFINITY },
    maxSlices,
  };
  const point = { ...planned.point, workload: { ...workload, trace }, timeline };
  return { planned: { ...planned, point }, operations, behindNs };
}

function experimentOf(replay: ReplayToShow, trace: TraceOperationsData): Experiment {
  const { executor, policy, profile, iommus, devices } = replay;
  const machine = { iommus: [iommus], ...(devices !== undefined && { devices: [devices] }) };
  return {
    ...replayExperiment(traceName(replay.trace), trace, () => trace, machine),
    ...{ executors: [executor], policies: [policy], profiles: [profile] },
  };
}
