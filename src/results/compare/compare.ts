// Two runs, point by point and metric by metric.

import { type Spread, spreadOf, typicalVariance } from "./between-runs.ts";
import { falseDiscoveryRates } from "./false-discovery.ts";
import {
  executorOf,
  isOversubscribed,
  type Matching,
  matchPoints,
  type Pair,
  type Unmatched,
} from "./match.ts";
import { beyondNoise, type Measured, type MetricTest, measuredOf, testOf } from "./metric-test.ts";
import { METRICS, type Metric } from "./metrics.ts";
import { type Noise, noiseOf } from "./noise.ts";
import {
  type Allowances,
  refuseOtherHost,
  refuseOtherProfiles,
  refuseOtherSchema,
} from "./refusals.ts";
import type { Run, RunRow } from "./run.ts";
import { compareSegments } from "./segments.ts";
import { type Judgement, judge, type Reason, type Verdict } from "./verdict.ts";

export interface ComparedRow {
  /** The point as the first run has it. */
  readonly key: RunRow;
  readonly metric: Metric;
  readonly base: number;
  readonly next: number;
  readonly difference: number;
  /** New to base; undefined where one of them is 0. */
  readonly ratio: number | undefined;
  /** Its 95 % interval. */
  readonly low: number | undefined;
  readonly high: number | undefined;
  readonly p: number | undefined;
  /** The false discovery rate at which this is a change. */
  readonly q: number | undefined;
  readonly superiority: number | undefined;
  readonly verdict: Verdict;
  readonly reason: Reason | undefined;
  /** Of a time that changed: the segment of the critical path that did most of it, and its ns. */
  readonly segment: Contribution | undefined;
}

export interface Contribution {
  readonly name: string;
  readonly ns: number;
}

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

/** One metric of one pair, before it is known how many others there are. */
interface Draft {
  readonly pair: Pair;
  readonly metric: Metric;
  readonly base: Measured;
  readonly next: Measured;
  readonly test: MetricTest;
  readonly noise: Noise;
}

const SAFETY = ["safe", "exposed", "unsafe"];

/** @throws UsageError if they cannot be compared. */
export function compareRuns(base: Run, next: Run, allowances: Allowances): Comparison {
  refuseOtherSchema([base, next], allowances);
  refuseOtherProfiles(base, next, allowances);
  const { pairs, unmatched }: Matching = matchPoints(base, next, allowances.otherProfile);
  if (pairs.some((pair) => executorOf(pair) === "threads")) {
    refuseOtherHost(base, next, allowances);
  }
  const drafts = draftsOf(pairs, [base, next]);
  // Where nothing differs there is nothing to discover, falsely or not.
  const known = drafts.filter(({ test }) => test.p !== undefined && !test.isIdentical);
  const rates = falseDiscoveryRates(known.map(({ test, noise }) => beyondNoise(test, noise)));
  const rateOf = new Map(known.map((draft, i) => [draft, rates[i]]));
  return {
    base,
    next,
    pairs,
    rows: drafts.map((draft) => rowOf(draft, rateOf.get(draft))),
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
  const spreads = new Map<string, Spread[]>();
  for (const [i, { base, next }] of measured.entries()) {
    const executor = executorOf(pairs[i]);
    const own = [base, next].flatMap((one) => spreadOf(one?.values ?? []) ?? []);
    const known = spreads.get(executor);
    if (known === undefined) spreads.set(executor, own);
    else known.push(...own);
  }
  const typical = new Map([...spreads].map(([executor, of]) => [executor, typicalVariance(of)]));
  return measured.map(({ base, next }, i): Draft | undefined => {
    if (base === undefined || next === undefined) return undefined;
    const test = testOf(metric, base, next, typical.get(executorOf(pairs[i])));
    const noise = noiseOf(metric, [base.point, next.point], runs);
    return { pair: pairs[i], metric, base, next, test, noise };
  });
}

function rowOf(draft: Draft, q: number | undefined): ComparedRow {
  const { pair, metric, base, next, test } = draft;
  const { logRatio, margin, p, superiority } = test;
  const { verdict, reason } = judgement(draft, q);
  const isNumber = Number.isFinite(logRatio);
  const isChange = verdict === "worse" || verdict === "better";
  return {
    key: pair.base.rows[0],
    metric,
    base: base.value,
    next: next.value,
    difference: next.value - base.value,
    ratio: isNumber ? Math.exp(logRatio) : undefined,
    low: isNumber && margin ? Math.exp(logRatio - margin.down) : undefined,
    high:
      isNumber && margin && Number.isFinite(margin.up) ? Math.exp(logRatio + margin.up) : undefined,
    p,
    q,
    superiority,
    verdict,
    reason,
    segment: isChange && metric.column.startsWith("latency_ns") ? largestPart(draft) : undefined,
  };
}

function judgement(draft: Draft, q: number | undefined): Judgement {
  const { pair, metric, test, noise } = draft;
  if (isOversubscribed(pair) && metric.spread.from !== "events" && !test.isIdentical) {
    return { verdict: "inconclusive", reason: "oversubscribed" };
  }
  return judge(test, q, noise, metric.moreIs);
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
  return SAFETY.findLast((safety) => rows.some((row) => row.verdict === safety));
}
