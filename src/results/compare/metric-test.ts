// What is known of one metric of one point in both runs: its ratio, how far that may be off, and
// how likely as much is without any change.

import { ratioTest, spreadOf, type Test } from "./between-runs.ts";
import { mannWhitney } from "./mann-whitney.ts";
import {
  countMargin,
  type Margin,
  meanMargin,
  quantileMargin,
  ratioMargin,
  widest,
} from "./margin.ts";
import type { Metric } from "./metrics.ts";
import { LEAST_REPETITIONS, type Noise } from "./noise.ts";
import { twoSided, Z_95 } from "./normal.ts";
import { numberIn, type RunPoint } from "./run.ts";

/**
 * Samples of one run depend on each other (a queue fills, a lock is contended), so that many of
 * them count as one. With fewer, server workloads of other seeds are called different.
 */
export const SAMPLES_PER_DRAW = 4;

/** A geometric mean of equal numbers may be off by that. */
const ROUNDING = 1e-9;

/** One metric of one point in one run. */
export interface Measured {
  readonly point: RunPoint;
  /** One for each repetition; not empty. */
  readonly values: readonly number[];
  /** Their geometric mean; the arithmetic one where some are 0. */
  readonly value: number;
}

export interface MetricTest {
  /** Natural logarithm of new to base; infinite or NaN where one of them, or both, are 0. */
  readonly logRatio: number;
  /** Of the ratio, at 95 %; undefined where nothing says by how much it varies. */
  readonly margin: Margin | undefined;
  readonly p: number | undefined;
  /** Of the whole distribution, where the metric is its middle: see RankTest. */
  readonly superiority: number | undefined;
  /** Neither run differs from the other in any way. */
  readonly isIdentical: boolean;
}

/** Undefined where it was not measured. */
export function measuredOf({ column }: Metric, point: RunPoint): Measured | undefined {
  const cells = point.rows.map((row) => numberIn(row, column));
  const values = cells.filter((value) => value !== undefined);
  if (values.length === 0) return undefined;
  const sum = values.reduce((all, value) => all + value, 0);
  const logs = values.reduce((all, value) => all + Math.log(value), 0);
  const isPositive = values.every((value) => value > 0);
  const value = isPositive ? Math.exp(logs / values.length) : sum / values.length;
  // A single repetition's value is exactly what its file says.
  return { point, values, value: values.length === 1 ? values[0] : value };
}

/** `typical` is the variance between repetitions of other points, if any were repeated. */
export function testOf(
  metric: Metric,
  base: Measured,
  next: Measured,
  typical: number | undefined,
): MetricTest {
  const logRatio = logRatioOf(base.value, next.value);
  const isIdentical = areIdentical(metric, base, next);
  const between = betweenRuns(metric, base, next, logRatio, typical);
  const isRepeated = [base, next].every(({ values }) => values.length >= LEAST_REPETITIONS);
  // A queue is flushed now and then, but as often in every run: repetitions know their mean better.
  const isBetter = metric.spread.from === "mean" && isRepeated && between !== undefined;
  const within = isBetter ? undefined : withinRuns(metric, base, next, logRatio);
  const superiority = within?.superiority;
  return { logRatio, ...combined(within, between), superiority, isIdentical };
}

export function logRatioOf(base: number, next: number): number {
  const exact = Math.log(next / base);
  return Math.abs(exact) < ROUNDING ? 0 : exact;
}

/** Of what either test says, the more cautious; undefined where neither says anything. */
export function combined(
  within: WithinTest | undefined,
  between: Test | undefined,
): Pick<MetricTest, "margin" | "p"> {
  const tests = [within, between].filter((test) => test !== undefined);
  const margins = tests.map(({ margin }) => margin).filter((margin) => margin !== undefined);
  return {
    margin: margins.length === 0 ? undefined : margins.reduce(widest),
    p: tests.length === 0 ? undefined : Math.max(...tests.map(({ p }) => p)),
  };
}

/** How likely a change as large is if the noise alone may make one: p, of what is beyond it. */
export function beyondNoise({ logRatio, margin, p = 1 }: MetricTest, noise: Noise): number {
  if (margin === undefined) return p;
  const beyond = Math.max(0, Math.abs(logRatio) - noise.log);
  return Math.max(p, probabilityOf(Math.sign(logRatio) * beyond, margin));
}

function areIdentical(metric: Metric, base: Measured, next: Measured): boolean {
  const isRepeated = String(base.values) === String(next.values);
  if (metric.spread.from === "events" || metric.spread.from === "repetitions") {
    return isRepeated || new Set([...base.values, ...next.values]).size === 1;
  }
  if (!isRepeated) return false;
  const [a, b] = [base.point.distribution, next.point.distribution];
  return String(a?.values) === String(b?.values) && String(a?.counts) === String(b?.counts);
}

/** What the samples of each run say. */
export interface WithinTest {
  readonly margin: Margin | undefined;
  readonly p: number;
  readonly superiority?: number;
}

/** Undefined where there are no samples. */
function withinRuns(
  { spread }: Metric,
  base: Measured,
  next: Measured,
  logRatio: number,
): WithinTest | undefined {
  if (spread.from === "repetitions") return undefined;
  if (spread.from === "events") return eventsTest(base, next, spread.per);
  const [a, b] = [base.point.distribution, next.point.distribution];
  if (a === undefined || b === undefined) return undefined;
  const marginOf = (of: typeof a): Margin =>
    spread.from === "mean"
      ? meanMargin(of, SAMPLES_PER_DRAW)
      : quantileMargin(of, spread.fraction, SAMPLES_PER_DRAW);
  const margin = ratioMargin(marginOf(b), marginOf(a));
  const isMedian = spread.from === "quantile" && spread.fraction === 0.5;
  if (isMedian) return { margin, ...mannWhitney(a, b, SAMPLES_PER_DRAW) };
  return { margin, p: probabilityOf(logRatio, margin) };
}

/** How likely a ratio that far from 1 is, from how far the interval's end on that side is off. */
export function probabilityOf(logRatio: number, { down, up }: Margin): number {
  if (!(Math.abs(logRatio) > 0)) return 1; // Or both are 0.
  const reach = logRatio > 0 ? down : up;
  return reach === Number.POSITIVE_INFINITY ? 1 : twoSided((Z_95 * Math.abs(logRatio)) / reach);
}

/**
 * Of how often something happened. Events come in clumps: who flushes, mostly does so on all cores
 * and IOMMUs.
 */
function eventsTest(base: Measured, next: Measured, per: "operation" | "run"): WithinTest {
  const [before, after] = [base, next].map((measured) => eventsIn(measured, per));
  const scale = after.chances / before.chances;
  const expected = before.events * scale;
  const { cores, iommus } = base.point.rows[0];
  const clump = Number(cores) + Number(iommus);
  const error = Math.sqrt(clump * (after.events + expected * scale));
  const p = error > 0 ? twoSided((after.events - expected) / error) : 1;
  if (before.events === 0 || after.events === 0) return { margin: undefined, p };
  const margin = ratioMargin(countMargin(after.events, clump), countMargin(before.events, clump));
  return { margin, p };
}

/** All that happened, and how often it could have: in operations, or in runs. */
function eventsIn(
  { point, values }: Measured,
  per: "operation" | "run",
): { events: number; chances: number } {
  const chances = point.rows.map((row) => (per === "run" ? 1 : (numberIn(row, "ops") ?? 0)));
  return {
    events: values.reduce((sum, value, i) => sum + value * chances[i], 0),
    chances: chances.reduce((sum, count) => sum + count, 0),
  };
}

/** From how repetitions differ; undefined where they are too few, or nothing was repeated. */
function betweenRuns(
  { spread }: Metric,
  base: Measured,
  next: Measured,
  logRatio: number,
  typical: number | undefined,
): Test | undefined {
  if (!Number.isFinite(logRatio)) return undefined;
  const repetitions = [base.values.length, next.values.length];
  if (spread.from === "repetitions" && Math.min(...repetitions) < LEAST_REPETITIONS) {
    return undefined;
  }
  const own = [spreadOf(base.values), spreadOf(next.values)];
  return ratioTest(logRatio, own, repetitions, typical);
}
