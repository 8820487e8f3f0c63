// How each segment of the critical path has changed, and whether that is more than noise. It is
// judged as a part of the whole operation: what its change alone makes of the mean latency. So a
// segment of a thousandth that doubles counts as one of a half that grows by 1/500; one that one of
// the runs has not is a number like any other; and what a host is known to add is in one measure.
//
// Segments are a family of tests of their own: they follow from the same operations as the
// latencies, whose verdicts they must not weaken.

import { ratioTest, type Spread, spreadOf, typicalVariances } from "./between-runs.ts";
import { type ComparedRow, comparedRow, type Draft, judgementOf } from "./compared-row.ts";
import { withRates } from "./false-discovery.ts";
import { type Margin, ratioMargin, standardMargin } from "./margin.ts";
import { executorOf, type Pair } from "./match.ts";
import {
  combined,
  logRatioOf,
  type MetricTest,
  probabilityOf,
  SAMPLES_PER_DRAW,
  type WithinTest,
} from "./metric-test.ts";
import { segmentMetric } from "./metrics.ts";
import { LEAST_REPETITIONS, noiseOf } from "./noise.ts";
import { numberIn, type Run, type RunPoint, type SegmentTimes } from "./run.ts";

/** A segment of one pair. */
interface Measured {
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
  const measured = pairs.flatMap(measuredOf);
  const typical = typicalVariances(measured.map((one) => [familyOf(one), spreadsOf(one)]));
  const drafts = measured.map((one): Draft => {
    const { pair, base, next } = one;
    const metric = segmentMetric(one.name);
    const test = testOf(one, typical.get(familyOf(one)));
    const noise = noiseOf(metric, [pair.base, pair.next], runs);
    return { pair, metric, base: base.meanNs, next: next.meanNs, test, noise };
  });
  return withRates(drafts).map(([draft, q]) => comparedRow(draft, q, judgementOf(draft, q)));
}

function measuredOf(pair: Pair): Measured[] {
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
function familyOf({ pair, name }: Measured): string {
  return `${executorOf(pair)} ${name}`;
}

function spreadsOf({ base, next }: Measured): (Spread | undefined)[] {
  return [spreadOf(base.wholes), spreadOf(next.wholes)];
}

/** As of the mean latency: from three repetitions on these, otherwise the operations of a run. */
function testOf(measured: Measured, typical: number | undefined): MetricTest {
  const { base, next } = measured;
  const logRatio = logRatioOf(base.whole, next.whole);
  const repetitions = [base.wholes.length, next.wholes.length];
  const between = ratioTest(logRatio, spreadsOf(measured), repetitions, typical);
  const isRepeated = Math.min(...repetitions) >= LEAST_REPETITIONS;
  const within = isRepeated && between !== undefined ? undefined : withinRuns(measured, logRatio);
  return {
    logRatio,
    ...combined(within, between),
    superiority: undefined,
    isIdentical: areIdentical(measured),
  };
}

function withinRuns({ base, next }: Measured, logRatio: number): WithinTest | undefined {
  if (base.margin === undefined || next.margin === undefined) return undefined;
  const margin = ratioMargin(next.margin, base.margin);
  return { margin, p: probabilityOf(logRatio, margin) };
}

function areIdentical({ base, next }: Measured): boolean {
  return (
    String(base.wholes) === String(next.wholes) &&
    JSON.stringify(base.margin) === JSON.stringify(next.margin)
  );
}
