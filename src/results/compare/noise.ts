// How large a change must be to count: what a host adds, and what it was measured to vary by.

import { median } from "simple-statistics";
import type { Metric } from "./metrics.ts";
import { numberIn, type Run, type RunPoint, type RunRow } from "./run.ts";

/** Below these nobody cares, and a run in virtual time is as good as exact. */
const LEAST_LATENCY_CHANGE = { virtual: 0.001, threads: 0.01 } as const;
const LEAST_EVENTS_CHANGE = 0.01;
/** What is only known by repetitions is often coarse: a maximum, or a handful of accesses. */
const LEAST_OTHER_CHANGE = 0.05;

/**
 * What a median may vary by to which the host has added nothing in any run, however restless it is
 * elsewhere.
 */
const UNTOUCHED_CHANGE = 0.05;

/**
 * A logarithm: where the same point has taken 1.65 times as long, another one may have taken any
 * time. With a load of 14 on 2 CPUs it was a thousand times as long.
 */
const UNBOUNDED = 0.5;

/** From so many on, repetitions show by how much a point varies. */
export const LEAST_REPETITIONS = 3;

/** What decides it: what nobody cares for, what repeated points vary by, or a host that is late. */
export type NoiseSource = "least" | "noise" | "late";

export interface Noise {
  /** As a logarithm: ratios from exp(−this) to exp(this) are no change. */
  readonly log: number;
  readonly source: NoiseSource;
}

/**
 * The largest of what is known to move this metric of a point while nothing was changed. In virtual
 * time this computer has no part, and how far seeds matter is in the interval.
 */
export function noiseOf(metric: Metric, points: readonly RunPoint[], runs: readonly Run[]): Noise {
  const isThreaded = points[0].rows[0].executor === "threads";
  const least: Noise = { log: Math.log1p(leastChange(metric, isThreaded)), source: "least" };
  const isTimed = points.some(({ rows }) => hasTimer(rows[0]));
  if (!isThreaded || (isOfOperations(metric) && !isTimed)) return least;
  if (isMedian(metric) && points.every(isUntouched)) {
    return { log: Math.log1p(UNTOUCHED_CHANGE), source: "noise" };
  }
  const known = runs.flatMap((run, i): Noise[] => [
    { log: measuredNoise(metric, run, points[i]), source: "noise" },
    { log: isFree(points[i], run) ? 0 : hostsPart(metric, points[i]), source: "late" },
  ]);
  return known.reduce((most, noise) => (noise.log > most.log ? noise : most), least);
}

function leastChange({ spread }: Metric, isThreaded: boolean): number {
  if (spread.from === "events") return LEAST_EVENTS_CHANGE;
  if (spread.from === "repetitions") return LEAST_OTHER_CHANGE;
  return isThreaded ? LEAST_LATENCY_CHANGE.threads : LEAST_LATENCY_CHANGE.virtual;
}

/**
 * What the same points differed by when the run measured them twice: anything, if it did not. The
 * largest of six differences is exceeded by one in seven, and other points may be more restless,
 * so it counts twice. Where repetitions show how restless this point is, the median will do.
 */
function measuredNoise(metric: Metric, { manifest }: Run, { rows }: RunPoint): number {
  const isRepeated = rows.length >= LEAST_REPETITIONS;
  const { threads } = manifest.noise;
  if (threads === undefined) return isRepeated ? 0 : Number.POSITIVE_INFINITY;
  const differences = threads.pairs.map(({ p50_ratio, p99_ratio }) => {
    return Math.abs(Math.log(isMedian(metric) ? p50_ratio : p99_ratio));
  });
  if (isRepeated) return median(differences);
  const largest = Math.max(...differences);
  return largest < UNBOUNDED ? 2 * largest : Number.POSITIVE_INFINITY;
}

/**
 * How many times as long an operation took because this computer was late, as a logarithm, on
 * average over the repetitions: at the same percentile, or in the mean.
 */
function hostsPart(metric: Metric, { rows, segments }: RunPoint): number {
  const share =
    metric.spread.from === "quantile"
      ? meanOf(rows.map((row) => latePart(row, isMedian(metric) ? "p50" : "p99")))
      : ratio(
          segments.get("late")?.meanNs,
          meanOf(rows.map((row) => numberIn(row, "latency_ns_mean") ?? 0)),
        );
  return share < 1 ? -Math.log1p(-share) : Number.POSITIVE_INFINITY;
}

function latePart(row: RunRow, percentile: "p50" | "p99"): number {
  return ratio(numberIn(row, `late_ns_${percentile}`), numberIn(row, `latency_ns_${percentile}`));
}

/** Whether the policy flushes when some time has passed: how often, is then up to the host, too. */
function hasTimer({ when_cores, when_iommu }: RunRow): boolean {
  return /queue|tick/.test(`${when_cores} ${when_iommu}`);
}

/** How often an operation does something, the host has no part in, but for timers. */
function isOfOperations({ spread }: Metric): boolean {
  return spread.from === "events" && spread.per === "operation";
}

function isMedian({ spread }: Metric): boolean {
  return spread.from === "quantile" && spread.fraction === 0.5;
}

/** Whether the host has added nothing to half of the operations. */
function isUntouched({ rows }: RunPoint): boolean {
  return rows.every((row) => numberIn(row, "late_ns_p50") === 0);
}

/** With a profile that costs nothing, what the host adds is what is measured. */
function isFree({ rows }: RunPoint, { manifest }: Run): boolean {
  const profile = manifest.profiles.find(({ name }) => name === rows[0].profile);
  return profile !== undefined && Object.values(profile.costs).every(({ ns }) => ns === 0);
}

function ratio(part = 0, whole = 0): number {
  return whole > 0 ? part / whole : 0;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
