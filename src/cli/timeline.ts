// Where a timeline comes from: a run of one point that is recorded, or a kernel's trace. What is
// both is in timeline-replay.ts.

import { availableParallelism } from "node:os";
import { UsageError } from "../engine/errors.ts";
import type { TimelineWindow } from "../engine/layout/shape.ts";
import type { Policy } from "../engine/policy/policy.ts";
import type { Profile } from "../engine/profile/profile.ts";
import { describeHost, type Host } from "../results/host.ts";
import type { MeasuredPoint } from "../results/rows.ts";
import { sinceFirstOperation } from "../results/timeline/clock.ts";
import { isWindow, type Selection, type Timeline } from "../results/timeline/form.ts";
import { KERNEL, kernelTimeline } from "../results/timeline/kernel.ts";
import { runTimeline } from "../results/timeline/run.ts";
import { hostWarningsOf } from "../results/warnings.ts";
import { type PointResult, shapeOf } from "../workers/point.ts";
import { analyzeTrace, type FinishedShootdown } from "../workloads/traces/index.ts";
import { compilingOf, expand, type PlannedPoint } from "./experiments/expand.ts";
import { type EXECUTORS, MAX_OPERATION } from "./experiments/limits.ts";
import type { Experiment } from "./experiments/schema.ts";
import type { NamedWorkload } from "./experiments/workloads.ts";
import { Interrupt, InterruptedError } from "./interrupt.ts";
import { type Measurement, measure } from "./measure/measure.ts";
import type { Progress } from "./progress.ts";
import { refuseEmpty, refuseMissing, selectionText } from "./timeline-selection.ts";
import { traceWorkload } from "./trace-times.ts";

/** Operations before the first that counts, behind those that have code compiled: warm caches. */
const WARMUP_OPERATIONS = 10;

/** On what it is run. */
export interface MachineToShow {
  readonly executor: (typeof EXECUTORS)[number];
  readonly policy: Policy;
  readonly profile: Profile;
  readonly iommus: number;
  readonly devices: number;
  readonly seed: number;
  readonly jitter?: number;
  readonly dilate?: number;
}

/** What is run to be shown. */
export interface RunToShow extends MachineToShow {
  readonly workload: NamedWorkload;
  readonly cores: number;
  readonly pages: number;
}

/** A timeline, and how it came about. */
export interface Shown {
  readonly timeline: Timeline;
  /** For its file and for the manifest: what it is of. */
  readonly about: Readonly<Record<string, string | number>>;
  readonly warnings: readonly string[];
  readonly host: Host;
  readonly seed: number | null;
  readonly floorNs: number | undefined;
  /** The run; none for a kernel's trace. */
  readonly points: readonly MeasuredPoint[];
}

/**
 * The point to run, each of whose actors records from the first operation that is selected on, as
 * much as `maxSlices`. Throws a UsageError if there can be no such point.
 */
export function planRun(run: RunToShow, selection: Selection, maxSlices: number): PlannedPoint {
  const { executor, policy, profile, workload, cores, pages, iommus, devices } = run;
  const experiment = {
    name: "timeline",
    question: "What happens in one operation, and when?",
    ...{ executors: [executor], policies: [policy], profiles: [profile], workloads: [workload] },
    ...{ cores: [cores], pages: [pages], iommus: [iommus], devices: [devices] },
    operations: isWindow(selection) ? MAX_OPERATION : selection.last,
    warmup: WARMUP_OPERATIONS,
  };
  const planned = onlyPoint(experiment, run);
  const { point } = planned;
  const compiling = executor === "threads" ? compilingOf(point.dilation) : undefined;
  const plan = { ...point.workload, ...(compiling && { compiling }) };
  const timeline = { ...recordedWindow(selection), maxSlices };
  return { ...planned, point: { ...point, workload: plan, timeline } };
}

function recordedWindow(selection: Selection): Omit<TimelineWindow, "maxSlices"> {
  if (!isWindow(selection)) {
    return { fromOperation: selection.first, fromNs: 0, toNs: Number.POSITIVE_INFINITY };
  }
  if (selection.toNs < Number.POSITIVE_INFINITY) return { fromOperation: 1, ...selection };
  throw new UsageError("a run goes on for as long as it is wanted: say --to-us as well");
}

/** The one point of an experiment. */
export function onlyPoint(
  experiment: Experiment,
  { seed, jitter, dilate }: Pick<MachineToShow, "seed" | "jitter" | "dilate">,
): PlannedPoint {
  const { points } = expand(experiment, {
    quick: false,
    seed,
    jitter,
    check: "off", // Whether it is correct is another question, whose answer takes time.
    hostCpus: availableParallelism(),
    overrides: dilate === undefined ? {} : { dilation: dilate },
  });
  return points[0];
}

/** Runs it. Throws what ended the run early, and a UsageError if there is nothing to be shown. */
export function showRun(
  planned: PlannedPoint,
  selection: Selection,
  progress: Progress,
): Promise<Shown> {
  return showPoint(planned, progress, ({ point, result }) => {
    const recorded = sinceFirstOperation(result.timelines);
    const timeline = runTimeline(point.executor, recorded, shapeOf(point), selection);
    refuseEmptyRun(timeline, selection, point.workload.initiators, result);
    return { timeline, about: selectionText(selection) };
  });
}

/** A run goes on until the end of what is selected, or until its initiators may do no more. */
function refuseEmptyRun(
  timeline: Timeline,
  selection: Selection,
  initiators: number,
  { cores }: PointResult,
): void {
  if (cores.operations >= initiators * MAX_OPERATION) {
    const most = `which ends after ${MAX_OPERATION} operations of each initiator`;
    refuseEmpty(timeline, selection, `the run, ${most},`);
    return;
  }
  const { allBegan } = timeline;
  const goesOn = allBegan && { ...allBegan, toNs: Number.POSITIVE_INFINITY };
  refuseEmpty({ ...timeline, allBegan: goesOn }, selection, "the run");
}

/** Runs a point, and shows what `timelineOf` makes of it. */
export async function showPoint(
  planned: PlannedPoint,
  progress: Progress,
  timelineOf: (measured: MeasuredPoint) => Pick<Shown, "timeline" | "about">,
): Promise<Shown> {
  const { points, floorNs, checks, noise } = await measured(planned, progress);
  const [{ point }] = points;
  const { executor, policy, profile, cores, iommus, devices, seed } = point;
  const host = describeHost();
  const { timeline, about } = timelineOf(points[0]);
  return {
    timeline,
    about: {
      ...{ executor, profile: profile.name, workload: planned.workload, policy: policy.name },
      ...{ cores, iommus, devices, seed, ...about },
    },
    warnings: hostWarningsOf(host, checks, noise, points),
    ...{ host, seed, floorNs, points },
  };
}

async function measured(planned: PlannedPoint, progress: Progress): Promise<Measurement> {
  const interrupt = new Interrupt();
  try {
    const measurement = await measure(
      {
        points: [planned],
        seed: planned.point.seed,
        sampling: undefined,
        logsSamples: false,
        measuresNoise: false,
      },
      progress,
      interrupt.signal,
    );
    if (interrupt.signal.aborted) throw new InterruptedError("interrupted: nothing is written");
    if (measurement.failure !== undefined) throw measurement.failure;
    return measurement;
  } finally {
    interrupt.dispose();
  }
}

/** Reads the trace at a path. Throws a UsageError if it has nothing of what is selected. */
export async function showKernel(
  trace: string,
  selection: Selection,
  { strict, pid }: { readonly strict: boolean; readonly pid: number | undefined },
): Promise<Shown> {
  const shootdowns: FinishedShootdown[] = [];
  const onShootdown = (shootdown: FinishedShootdown): void => {
    if (pid === undefined || shootdown.pid === pid) shootdowns.push(shootdown);
  };
  const { warnings } = await analyzeTrace(trace, { strict, onShootdown });
  const timeline = kernelTimeline(shootdowns, selection);
  if (!isWindow(selection)) refuseMissing(shootdowns.length, selection, trace);
  refuseEmpty(timeline, selection, trace);
  return {
    timeline,
    about: { executor: KERNEL, workload: traceWorkload(trace), ...selectionText(selection) },
    ...{ warnings, host: describeHost(), seed: null, floorNs: undefined, points: [] },
  };
}
