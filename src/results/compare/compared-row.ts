// What is said of one metric, or of one segment of the critical path, of one pair of points.

import { isOversubscribed, type Pair } from "./match.ts";
import type { MetricTest } from "./metric-test.ts";
import type { Metric } from "./metrics.ts";
import type { Noise } from "./noise.ts";
import type { RunRow } from "./run.ts";
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

/** Before it is known how many others there are. */
export interface Draft {
  readonly pair: Pair;
  readonly metric: Metric;
  readonly base: number;
  readonly next: number;
  readonly test: MetricTest;
  readonly noise: Noise;
}

/** `q` is the test's false discovery rate among all others. */
export function judgementOf(draft: Draft, q: number | undefined): Judgement {
  const { pair, metric, test, noise } = draft;
  if (isOversubscribed(pair) && metric.spread.from !== "events" && !test.isIdentical) {
    return { verdict: "inconclusive", reason: "oversubscribed" };
  }
  return judge(test, q, noise, metric.moreIs);
}

export function comparedRow(
  { pair, metric, base, next, test }: Draft,
  q: number | undefined,
  { verdict, reason }: Judgement,
  segment?: Contribution,
): ComparedRow {
  const { logRatio, margin, p, superiority } = test;
  const isNumber = Number.isFinite(logRatio);
  const isBounded = isNumber && margin !== undefined && Number.isFinite(margin.up);
  return {
    key: pair.base.rows[0],
    metric,
    base,
    next,
    difference: next - base,
    ratio: isNumber ? Math.exp(logRatio) : undefined,
    low: isNumber && margin ? Math.exp(logRatio - margin.down) : undefined,
    high: isBounded ? Math.exp(logRatio + margin.up) : undefined,
    p,
    q,
    superiority,
    verdict,
    reason,
    segment,
  };
}
