// What a recorded kernel's shootdowns took, predicted by a replay of the recorded operations in
// virtual time, beside what the trace says.

import { median } from "simple-statistics";
import { ACK_RETURN, DELIVERY, FREE, HANDLER, PTE, SEND } from "../engine/probe/segments.ts";
import type { Point, PointResult } from "../workers/point.ts";
import { CAUSE_METRICS } from "../workloads/cause-tally.ts";
import {
  type FinishedShootdown,
  type KernelSegment,
  OPERATION_CAUSES,
  type TraceOperationsData,
} from "../workloads/traces/index.ts";
import { TRACE } from "../workloads/workload.ts";
import type { FitRecord, FittedProfile } from "./fitted-profile.ts";
import { modelledPoint } from "./modelled-point.ts";
import { lineNs } from "./null-model.ts";
import type { Prediction } from "./predictions.ts";
import { isComplete, pagesOf } from "./trace-profile.ts";

/**
 * What makes up a segment of the trace's: modelled segments of operations that told somebody, and
 * what no cost stands for.
 */
const PARTS: readonly (readonly [KernelSegment, readonly number[], (fit: FitRecord) => number])[] =
  [
    ["prepare", [PTE], ({ beforeNs }) => beforeNs],
    ["send", [SEND], () => 0],
    ["delivery", [DELIVERY], () => 0],
    ["handler", [HANDLER], () => 0],
    ["return", [ACK_RETURN, FREE], ({ afterNs }) => afterNs],
  ];

/** The replay of a trace's operations as Linux does them, on the machine of the profile. */
export function replayPoint(
  operations: TraceOperationsData,
  { profile }: FittedProfile,
  seed: number,
): Point {
  const cores = operations.cpus.length;
  return modelledPoint(profile, cores, seed, {
    kind: TRACE,
    pages: 1,
    initiators: cores,
    operations: 1, // Each CPU does all that is recorded of it, once.
    warmup: 0,
    gapNs: 0,
    idleCores: 0,
    windows: 0,
    trace: operations,
  });
}

/**
 * The median of each segment, and the time together of the shootdowns that told somebody and of
 * which the trace has every segment. The replay may tell more often or less: of its time so much
 * counts as these would take on average. `shootdowns` are those of the replayed process; `fitted`:
 * the profile was fitted to this trace.
 */
export function tracePredictions(
  shootdowns: readonly FinishedShootdown[],
  result: PointResult,
  { fit }: FittedProfile,
  fitted: boolean,
): Prediction[] {
  const complete = shootdowns.filter(isComplete);
  const segments = PARTS.flatMap(([segment, parts, besideNs]) => {
    const durations = complete.flatMap(({ path }) => path.durationNs[segment] ?? []);
    if (durations.length === 0) return [];
    const modelled = parts.map((part) => result.telling[part].quantile(0.5) ?? 0);
    const predictedNs = modelled.reduce((sum, ns) => sum + ns, besideNs(fit));
    return [predictionOf(`segment/${segment}`, fitted, predictedNs, undefined, median(durations))];
  });
  const measuredNs = complete.reduce((sum, { path }) => sum + path.latencyNs, 0);
  const nullNs = complete.reduce((sum, shootdown) => {
    const { targets: sends } = shootdown;
    return sum + lineNs(fit.line, { pages: pagesOf(shootdown), sends });
  }, 0);
  const tellings = tellingsOf(result);
  const predictedNs = tellings > 0 ? (tellingNs(result, fit) * complete.length) / tellings : 0;
  return [...segments, predictionOf("total/telling", fitted, predictedNs, nullNs, measuredNs)];
}

/** How many operations of the replay sent IPIs, of all causes. */
export function tellingsOf({ causes }: PointResult): number {
  return OPERATION_CAUSES.reduce((sum, _, cause) => sum + tellingsBy(causes, cause), 0);
}

function tellingsBy(causes: Float64Array, cause: number): number {
  return causes[cause * CAUSE_METRICS.length + CAUSE_METRICS.indexOf("tellings")];
}

function predictionOf(
  name: string,
  fitted: boolean,
  predictedNs: number,
  nullNs: number | undefined,
  measuredNs: number,
): Prediction {
  const errorOf = (ns: number | undefined): number | undefined => {
    return ns === undefined || measuredNs <= 0 ? undefined : (ns - measuredNs) / measuredNs;
  };
  const errors = { error: errorOf(predictedNs), nullError: errorOf(nullNs) };
  return { name, cell: undefined, fitted, predictedNs, nullNs, measuredNs, ...errors };
}

/** All operations together that sent IPIs; of a page fault the trace does not show the return. */
function tellingNs({ causes, telling }: PointResult, { beforeNs, afterNs }: FitRecord): number {
  const modelledNs = telling.reduce((sum, segment) => sum + segment.sum, 0);
  return OPERATION_CAUSES.reduce((sum, cause, i) => {
    return sum + tellingsBy(causes, i) * (beforeNs + (cause === "page_fault" ? 0 : afterNs));
  }, modelledNs);
}
