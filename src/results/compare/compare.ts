// Two runs, point by point and metric by metric.

import { VERDICTS } from "../../engine/check/sums.ts";
import { spreadOf, typicalVariances } from "./between-runs.ts";
import {
  type ComparedRow,
  type Contribution,
  comparedRow,
  type Draft,
  judgementOf,
} from "./compared-row.ts";
import { withRates } from "./false-discovery.ts";
import { executorOf, type Matching, matchPoints, type Pair, type Unmatched } from "./match.ts";
import { measuredOf, testOf } from "./metric-test.ts";
import { METRICS, type Metric } from "./metrics.ts";
import { noiseOf } from "./noise.ts";
import {
  type Allowances,
  refuseOtherHost,
  refuseOtherProfiles,
  refuseOtherSchema,
} from "./refusals.ts";
import type { Run, RunRow } from "./run.ts";
import { compareSegments } from "./segments.ts";

/** A point of which the checker now says something else. */
export interface SafetyChange {
  readonly key: RunRow;
  readonly base: string;
  readonly next: string;
}

export interface Comparison {
  readonly base: Run;
  readonly next: Run;
  readonly pairs: readonly Pair[];
  /** By point, then by metric. */
  readonly rows: readonly ComparedRow[];
  /** Of the critical path: by point, too. */
  readonly segments: readonly ComparedRow[];
  readonly unmatched: readonly Unmatched[];
  readonly safety: readonly SafetyChange[];
}

/** @throws UsageError if they cannot be compared. */
export function compareRuns(base: Run, next: Run, allowances: Allowances): Comparison {
  refuseOtherSchema([base, next], allowances);
  refuseOtherProfiles(base, next, allowances);
  const { pairs, unmatched }: Matching = matchPoints(base, next, allowances.otherProfile);
  if (pairs.some((pair) => executorOf(pair) === "threads")) {
    refuseOtherHost(base, next, allowances);
  }
  return {
    base,
    next,
    pairs,
    rows: withRates(draftsOf(pairs, [base, next])).map(([draft, q]) => rowOf(draft, q)),
    segments: compareSegments(pairs, [base, next]),
    unmatched,
    safety: pairs.flatMap(safetyChange),
  };
}

/** Whether the second is unsafe where the first was not. */
export function isUnsafeNow({ next }: SafetyChange): boolean {
  return next === "unsafe";
}

/** By point, then by metric. */
function draftsOf(pairs: readonly Pair[], runs: readonly Run[]): Draft[] {
  const byMetric = METRICS.map((metric) => draftsOfMetric(metric, pairs, runs));
  return pairs.flatMap((_, i) => byMetric.flatMap((drafts) => drafts[i] ?? []));
}

/** For each pair; undefined where one of the two has not measured it. */
function draftsOfMetric(
  metric: Metric,
  pairs: readonly Pair[],
  runs: readonly Run[],
): (Draft | undefined)[] {
  const measured = pairs.map(({ base, next }) => {
    return { base: measuredOf(metric, base), next: measuredOf(metric, next) };
  });
  // Executors are restless each in its own way.
  const typical = typicalVariances(
    measured.map(({ base, next }, i) => {
      return [executorOf(pairs[i]), [base, next].map((one) => spreadOf(one?.values ?? []))];
    }),
  );
  return measured.map(({ base, next }, i): Draft | undefined => {
    if (base === undefined || next === undefined) return undefined;
    const test = testOf(metric, base, next, typical.get(executorOf(pairs[i])));
    const noise = noiseOf(metric, [base.point, next.point], runs);
    return { pair: pairs[i], metric, base: base.value, next: next.value, test, noise };
  });
}

function rowOf(draft: Draft, q: number | undefined): ComparedRow {
  const judgement = judgementOf(draft, q);
  const isChange = judgement.verdict === "worse" || judgement.verdict === "better";
  const isTime = draft.metric.column.startsWith("latency_ns");
  return comparedRow(draft, q, judgement, isChange && isTime ? largestPart(draft) : undefined);
}

/** The segment that moved furthest in the direction in which the whole has. */
function largestPart({ pair, metric, test }: Draft): Contribution | undefined {
  const times = metric.name === "p50" ? "medianNs" : "meanNs";
  const names = new Set([...pair.base.segments.keys(), ...pair.next.segments.keys()]);
  let largest: Contribution | undefined;
  for (const name of names) {
    const [before, after] = [pair.base, pair.next].map(({ segments }) => segments.get(name));
    const ns = (after?.[times] ?? 0) - (before?.[times] ?? 0);
    const isAlong = ns > 0 === test.logRatio > 0 && ns !== 0;
    if (isAlong && Math.abs(ns) > Math.abs(largest?.ns ?? 0)) largest = { name, ns };
  }
  return largest;
}

function safetyChange({ base, next }: Pair): SafetyChange[] {
  const [before, after] = [base, next].map(({ rows }) => worstOf(rows));
  if (before === undefined || after === undefined || before === after) return [];
  return [{ key: base.rows[0], base: before, next: after }];
}

function worstOf(rows: readonly RunRow[]): string | undefined {
  return VERDICTS.findLast((safety) => rows.some((row) => row.verdict === safety));
}
