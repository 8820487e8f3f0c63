// Replays of traces in virtual time, in this thread, under the policy of Linux on x86 unless another is asked for.

import { withoutGaps } from "../../dist/src/cli/trace-times.js";
import { PRESETS } from "../../dist/src/engine/policy/presets.js";
import { countsRows } from "../../dist/src/results/counts.js";
import type { Point } from "../../dist/src/workers/point.js";
import type { TraceOperationsData, TraceWorkload } from "../../dist/src/workloads/traces/index.js";
import { kernelCounts } from "../../dist/src/workloads/traces/index.js";
import { TRACE } from "../../dist/src/workloads/workload.js";
import { pointOf, run, workloadOf } from "./points.ts";

export const LINUX = PRESETS.find(({ name }) => name === "linux-x86")!;

export interface Count {
  readonly kernel: number | undefined;
  readonly replayed: number;
}

/** By cause and metric, `all` for the sum over causes: `counts.all.ipis.replayed`. */
export type Counts = Record<string, Record<string, Count>>;

/** The point that replays a trace. */
export function replayPoint(trace: TraceOperationsData, part: Partial<Point> = {}): Point {
  const cores = trace.cpus.length;
  const workload = workloadOf({
    kind: TRACE,
    initiators: cores,
    operations: 1,
    warmup: 0,
    windows: 0,
    trace,
  });
  return pointOf({ executor: "virtual", policy: LINUX, cores, workload, ...part });
}

/** Replays the whole trace under `policy`, with idle stretches cut to `maxGapNs`. */
export function replay(read: TraceWorkload, policy = LINUX, maxGapNs = 100_000): Counts {
  const point = replayPoint(withoutGaps(read.operations.data, maxGapNs), { policy });
  const result = run(point);
  const measured = { experiment: "", id: "", workload: "", pages: undefined, point };
  const kernel = kernelCounts(read.kernelRequests ?? [], Number.POSITIVE_INFINITY);
  const counts: Counts = {};
  for (const row of countsRows({ ...measured, repetition: 1, result }, kernel)) {
    const ofCause = counts[`${row.cause}`] ?? {};
    counts[`${row.cause}`] = ofCause;
    ofCause[`${row.metric}`] = {
      kernel: row.kernel as number | undefined,
      replayed: Number(row.replayed),
    };
  }
  return counts;
}
