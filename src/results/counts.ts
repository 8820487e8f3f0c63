// How often a policy told other cores in a replay, beside how often the recorded kernel did: rows
// of counts.csv.

import { CAUSE_METRICS } from "../workloads/cause-tally.ts";
import {
  CAUSES,
  type Cause,
  type CauseCounts,
  type CountsByCause,
  FLUSH_METRICS,
  type FlushMetric,
  NO_COUNTS,
  OPERATION_CAUSES,
} from "../workloads/traces/index.ts";
import type { CountsRow } from "./columns/counts.ts";
import { type MeasuredPoint, rounded } from "./rows.ts";

/** The sum over all causes. */
export const ALL_CAUSES = "all";
type CountedCause = Cause | typeof ALL_CAUSES;

/** Rows of one run of a replay: for each cause that occurred on either side, and their sums. */
export function countsRows(measured: MeasuredPoint, kernel: CountsByCause): CountsRow[] {
  const replayed = replayedCounts(measured);
  const occurred = CAUSES.filter((cause) => kernel.has(cause) || replayed.has(cause));
  const causes: readonly CountedCause[] = [ALL_CAUSES, ...occurred];
  return causes.flatMap((cause) => {
    const ofKernel = countsOf(kernel, cause);
    const ofReplay = countsOf(replayed, cause);
    return FLUSH_METRICS.map((metric) => ({
      experiment: measured.experiment,
      point: measured.id,
      repetition: measured.repetition,
      executor: measured.point.executor,
      policy: measured.point.policy.name,
      cause,
      metric,
      kernel: ofKernel[metric],
      replayed: ofReplay[metric],
      error: errorOf(ofKernel[metric], ofReplay[metric]),
    }));
  });
}

/** By cause; `other` is what no operation did, such as the timer of a flush queue. */
function replayedCounts({ result }: MeasuredPoint): CountsByCause {
  const { causes, cores } = result;
  const counts = new Map<Cause, CauseCounts>();
  const left = [cores.requests, cores.ipis, cores.fullRequests];
  OPERATION_CAUSES.forEach((cause, i) => {
    const first = i * CAUSE_METRICS.length;
    const [requests, ipis, full] = causes.subarray(first, first + CAUSE_METRICS.length);
    left[0] -= requests;
    left[1] -= ipis;
    left[2] -= full;
    if (cause !== "switch" && requests > 0) counts.set(cause, countsFrom(requests, ipis, full));
  });
  const [requests, ipis, full] = left;
  if (requests > 0 || ipis > 0) counts.set("other", countsFrom(requests, ipis, full));
  return counts;
}

function countsFrom(requests: number, ipis: number, full: number): CauseCounts {
  return { requests, ipis, full_flushes: full, ranged_flushes: requests - full };
}

function countsOf(counts: CountsByCause, cause: CountedCause): CauseCounts {
  if (cause !== ALL_CAUSES) return counts.get(cause) ?? NO_COUNTS;
  return [...counts.values()].reduce((sum, part) => {
    const added = (metric: FlushMetric) => plus(sum[metric], part[metric]);
    return {
      requests: added("requests"),
      ipis: added("ipis"),
      full_flushes: added("full_flushes"),
      ranged_flushes: added("ranged_flushes"),
    };
  }, NO_COUNTS);
}

function plus(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b;
}

function errorOf(kernel: number | undefined, replayed: number | undefined): number | undefined {
  if (kernel === undefined || kernel === 0 || replayed === undefined) return undefined;
  return rounded((replayed - kernel) / kernel);
}
