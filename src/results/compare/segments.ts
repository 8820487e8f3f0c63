// How each segment of the critical path has changed, and whether that is more than noise. It is
// judged as a part of the whole operation: what its change alone makes of the mean latency. So a
// segment of a thousandth that doubles counts as one of a half that grows by 1/500; one that one of
// the runs has not is a number like any other; and what a host is known to add is in one measure.
//
// Segments are a family of tests of their own: they follow from the same operations as the
// latencies, whose verdicts they must not weaken.

import { ratioTest, type Spread, spreadOf, typicalVariance } from "./between-runs.ts";
import type { ComparedRow } from "./compare.ts";
import { falseDiscoveryRates } from "./false-discovery.ts";
import { type Margin, ratioMargin, standardMargin, widest } from "./margin.ts";
import { executorOf, isOversubscribed, type Pair } from "./match.ts";
import { beyondNoise, type MetricTest, probabilityOf, SAMPLES_PER_DRAW } from "./metric-test.ts";
import type { Metric } from "./metrics.ts";
import { LEAST_REPETITIONS, type Noise, noiseOf } from "./noise.ts";
import { numberIn, type Run, type RunPoint, type SegmentTimes } from "./run.ts";
import { type Judgement, judge } from "./verdict.ts";

/** A segment of one pair, before it is known by how much others vary. */
interface Draft {
  readonly pair: Pair;
  readonly name: string;
  readonly base: Part;
  readonly next: Part;
}

/** A segment in one run. */
interface Part {
  /** On average over the repetitions; those that do not have it count 0. */
  readonly meanNs: number;
  /** The mean latency of the first run with this segment as it was here, as a multiple of that. */
  readonly whole: number;
  /** The same of each repetition. */
  readonly wholes: readonly number[];
  /** Of `whole`, from how operations differ; undefined where the run does not say. */
  readonly margin: Margin | undefined;
}

const ABSENT: SegmentTimes = { meanNs: 0, medianNs: 0, means: [], variance: 0 };

/** By point, then as they come; without those of points that have no latency. */
export function compareSegments(pairs: readonly Pair[], runs: readonly Run[]): ComparedRow[] {
  const drafts = pairs.flatMap(draftsOf);
  const typical = typicalVariances(drafts);
  const tested = drafts.map((draft) => {
    const test = testOf(draft, typical.get(familyOf(draft)));
    const { pair, name } = draft;
    return { draft, test, noise: noiseOf(metricOf(name), [pair.base, pair.next], runs) };
  });
  const known = tested.filter(({ test }) => test.p !== undefined && !test.isIdentical);
  const rates = falseDiscoveryRates(known.map(({ test, noise }) => beyondNoise(test, noise)));
  const rateOf = new Map(known.map((one, i) => [one, rates[i]]));
  return tested.map((one) => rowOf(one.draft, one.test, one.noise, rateOf.get(one)));
}

function draftsOf(pair: Pair): Draft[] {
  const latencyNs = meanLatencyNs(pair.base);
  if (latencyNs === undefined || latencyNs === 0) return [];
  const names = new Set([...pair.base.segments.keys(), ...pair.next.segments.keys()]);
  return [...names].map((name) => {
    const before = pair.base.segments.get(name)?.meanNs ?? 0;
    const wholeOf = (ns: number): number => (latencyNs + ns - before) / latencyNs;
    const part = (point: RunPoint): Part => partOf(point, name, latencyNs, wholeOf);
    return { pair, name, base: part(pair.base), next: part(pair.next) };
  });
}

function partOf(
  point: RunPoint,
  name: string,
  latencyNs: number,
  wholeOf: (ns: number) => number,
): Part {
  const { meanNs, means, variance } = point.segments.get(name) ?? ABSENT;
  const operations = point.rows.reduce((sum, row) => sum + (numberIn(row, "ops") ?? 0), 0);
  const whole = wholeOf(meanNs);
  const errorNs = variance && Math.sqrt((SAMPLES_PER_DRAW * variance) / operations);
  return {
    meanNs,
    whole,
    wholes: point.rows.map((_, repetition) => wholeOf(means[repetition] ?? 0)),
    margin: errorNs === undefined ? undefined : standardMargin(whole, errorNs / latencyNs),
  };
}

function meanLatencyNs({ rows }: RunPoint): number | undefined {
  const means = rows.flatMap((row) => numberIn(row, "latency_ns_mean") ?? []);
  if (means.length === 0) return undefined;
  return means.reduce((sum, mean) => sum + mean, 0) / means.length;
}

/** Each segment is restless in its own way, and so is each executor. */
function familyOf({ pair, name }: Draft): string {
  return `${executorOf(pair)} ${name}`;
}

function typicalVariances(drafts: readonly Draft[]): Map<string, number | undefined> {
  const spreads = new Map<string, Spread[]>();
  for (const draft of drafts) {
    const own = spreads.get(familyOf(draft)) ?? [];
    own.push(...spreadsOf(draft).filter((spread) => spread !== undefined));
    spreads.set(familyOf(draft), own);
  }
  return new Map([...spreads].map(([family, own]) => [family, typicalVariance(own)]));
}

function spreadsOf({ base, next }: Draft): (Spread | undefined)[] {
  return [spreadOf(base.wholes), spreadOf(next.wholes)];
}

/** As of the mean latency: from three repetitions on these, otherwise the operations of a run. */
function testOf(draft: Draft, typical: number | undefined): MetricTest {
  const { base, next } = draft;
  const logRatio = Math.log(next.whole / base.whole);
  const repetitions = [base.wholes.length, next.wholes.length];
  const between = ratioTest(logRatio, spreadsOf(draft), repetitions, typical);
  const isRepeated = Math.min(...repetitions) >= LEAST_REPETITIONS;
  const within = isRepeated && between !== undefined ? undefined : withinRuns(draft, logRatio);
  const tests = [within, between].filter((test) => test !== undefined);
  return {
    logRatio,
    margin: tests.length === 0 ? undefined : tests.map(({ margin }) => margin).reduce(widest),
    p: tests.length === 0 ? undefined : Math.max(...tests.map(({ p }) => p)),
    superiority: undefined,
    isIdentical: areIdentical(draft),
  };
}

function withinRuns(
  { base, next }: Draft,
  logRatio: number,
): { margin: Margin; p: number } | undefined {
  if (base.margin === undefined || next.margin === undefined) return undefined;
  const margin = ratioMargin(next.margin, base.margin);
  return { margin, p: probabilityOf(logRatio, margin) };
}

function areIdentical({ base, next }: Draft): boolean {
  return (
    String(base.wholes) === String(next.wholes) &&
    JSON.stringify(base.margin) === JSON.stringify(next.margin)
  );
}

function rowOf(draft: Draft, test: MetricTest, noise: Noise, q: number | undefined): ComparedRow {
  const { pair, name, base, next } = draft;
  const { logRatio, margin, p, superiority } = test;
  const { verdict, reason } = judgementOf(draft, test, noise, q);
  return {
    key: pair.base.rows[0],
    metric: metricOf(name),
    base: base.meanNs,
    next: next.meanNs,
    difference: next.meanNs - base.meanNs,
    ratio: Math.exp(logRatio),
    low: margin && Math.exp(logRatio - margin.down),
    high: margin && Number.isFinite(margin.up) ? Math.exp(logRatio + margin.up) : undefined,
    p,
    q,
    superiority,
    verdict,
    reason,
    segment: undefined,
  };
}

function judgementOf(
  { pair }: Draft,
  test: MetricTest,
  noise: Noise,
  q: number | undefined,
): Judgement {
  if (isOversubscribed(pair) && !test.isIdentical) {
    return { verdict: "inconclusive", reason: "oversubscribed" };
  }
  if (test.margin === undefined && !test.isIdentical) {
    return { verdict: "inconclusive", reason: "repetitions" };
  }
  return judge(test, q, noise, "worse");
}

/** Noise treats it as the mean latency, which it is a part of. */
function metricOf(segment: string): Metric {
  return {
    name: `path:${segment}`,
    column: "latency_ns_mean",
    unit: "ns",
    moreIs: "worse",
    spread: { from: "mean" },
  };
}
