// Where a timeline comes from: a run of one point that is recorded, or a kernel's trace.

import { availableParallelism } from "node:os";
import { UsageError } from "../engine/errors.ts";
import type { Policy } from "../engine/policy/policy.ts";
import type { Profile } from "../engine/profile/profile.ts";
import { describeHost, type Host } from "../results/host.ts";
import type { MeasuredPoint } from "../results/rows.ts";
import type { OperationRange, Timeline } from "../results/timeline/form.ts";
import { kernelTimeline } from "../results/timeline/kernel.ts";
import { runTimeline } from "../results/timeline/run.ts";
import { hostWarningsOf } from "../results/warnings.ts";
import { shapeOf } from "../workers/point.ts";
import { analyzeTrace, type FinishedShootdown } from "../workloads/traces/index.ts";
import { expand, type PlannedPoint } from "./experiments/expand.ts";
import type { EXECUTORS } from "./experiments/limits.ts";
import type { NamedWorkload } from "./experiments/workloads.ts";
import { Interrupt, InterruptedError } from "./interrupt.ts";
import { type Measurement, measure } from "./measure/measure.ts";
import type { Progress } from "./progress.ts";
import { traceName } from "./trace-times.ts";

/** Operations before the first that counts: caches are warm then, and on threads so is the code. */
const WARMUP_OPERATIONS = { virtual: 10, threads: 100 } as const;

/** What is run to be shown. */
export interface RunToShow {
  readonly executor: (typeof EXECUTORS)[number];
  readonly policy: Policy;
  readonly profile: Profile;
  readonly workload: NamedWorkload;
  readonly cores: number;
  readonly pages: number;
  readonly iommus: number;
  readonly devices: number;
  readonly seed: number;
  readonly jitter?: number;
  readonly dilate?: number;
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
 * The point to run, each of whose actors records from the first operation in the range on, as much
 * as `maxSlices`. Throws a UsageError if there can be no such point.
 */
export function planRun(
  run: RunToShow,
  { first, last }: OperationRange,
  maxSlices: number,
): PlannedPoint {
  const { executor, policy, profile, workload, cores, pages, iommus, devices, seed } = run;
  const experiment = {
    name: "timeline",
    question: "What happens in one operation, and when?",
    ...{ executors: [executor], policies: [policy], profiles: [profile], workloads: [workload] },
    ...{ cores: [cores], pages: [pages], iommus: [iommus], devices: [devices] },
    operations: last,
    warmup: WARMUP_OPERATIONS[executor],
    ...(run.dilate !== undefined && { dilation: run.dilate }),
  };
  const { points } = expand(experiment, {
    quick: false,
    seed,
    jitter: run.jitter,
    check: "off", // Whether it is correct is another question, whose answer takes time.
    hostCpus: availableParallelism(),
    overrides: {},
  });
  const [planned] = points;
  return { ...planned, point: { ...planned.point, timeline: { fromOperation: first, maxSlices } } };
}

/** Runs it. Throws what ended the run early. */
export async function showRun(
  planned: PlannedPoint,
  operations: OperationRange,
  progress: Progress,
): Promise<Shown> {
  const { points, floorNs, checks, noise } = await measured(planned, progress);
  const [{ point, result }] = points;
  const { executor, policy, profile, cores, iommus, devices, seed } = point;
  const host = describeHost();
  return {
    timeline: runTimeline(result.timelines, shapeOf(point), operations),
    about: {
      ...{ executor, profile: profile.name, workload: planned.workload, policy: policy.name },
      ...{ cores, iommus, devices, seed, operations: rangeText(operations) },
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

/** Reads the trace at a path. Throws a UsageError if it does not have the first in the range. */
export async function showKernel(
  trace: string,
  operations: OperationRange,
  strict: boolean,
): Promise<Shown> {
  const shootdowns: FinishedShootdown[] = [];
  const onShootdown = (shootdown: FinishedShootdown): void => {
    shootdowns.push(shootdown);
  };
  const { warnings } = await analyzeTrace(trace, { strict, onShootdown });
  if (operations.first > shootdowns.length) {
    throw new UsageError(
      `${trace} has ${shootdowns.length} shootdowns: there is none of number ${operations.first}`,
    );
  }
  return {
    timeline: kernelTimeline(shootdowns, operations),
    about: {
      ...{ executor: "kernel", workload: `trace:${traceName(trace)}` },
      operations: rangeText(operations),
    },
    ...{ warnings, host: describeHost(), seed: null, floorNs: undefined, points: [] },
  };
}

function rangeText({ first, last }: OperationRange): string {
  return first === last ? `${first}` : `${first}..${last}`;
}
