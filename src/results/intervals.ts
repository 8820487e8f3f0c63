// How sure a percentile is.

import { probit } from "simple-statistics";
import type { Histogram } from "../engine/probe/histogram.ts";

const CONFIDENCE = 0.95;

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * The 95 % percentile-bootstrap interval of the percentile at `fraction` (0 to 1), without
 * resampling: that of a resample is at most the k-th smallest sample exactly when at least so many
 * of its n draws are, which is a binomial matter; so the interval's ends are order statistics, and
 * no seed has a part in it. Their ranks come from the normal approximation with continuity
 * correction (Wilson's interval around `fraction`). Undefined where there are fewer samples than
 * `samplesFor(fraction)`.
 */
export function intervalOf(histogram: Histogram, fraction: number): Interval | undefined {
  const { count } = histogram;
  if (count < samplesFor(fraction)) return undefined;
  const z = probit((1 + CONFIDENCE) / 2);
  // (rank − n·f)² = z²·n·f·(1 − f), solved for f.
  const rank = fraction * count - 0.5; // The correction.
  const a = count + z * z;
  const b = 2 * rank + z * z;
  const spread = Math.sqrt(Math.max(0, b * b - (4 * a * rank * rank) / count));
  const low = histogram.quantile((b - spread) / (2 * a))!;
  const high = histogram.quantile((b + spread) / (2 * a))!;
  return { low, high };
}

/**
 * The fewest samples of which one is at least as large as the true percentile (from the median up)
 * often enough: with fewer nothing bounds it. 6 for the median, 368 for the 99th percentile.
 */
export function samplesFor(fraction: number): number {
  return Math.ceil(Math.log((1 - CONFIDENCE) / 2) / Math.log(fraction));
}

/** Whether the median's interval reaches no further than `precision` times it to either side. */
export function isPrecise(histogram: Histogram, precision: number): boolean {
  const interval = intervalOf(histogram, 0.5);
  if (interval === undefined) return false;
  return (interval.high - interval.low) / 2 <= precision * (histogram.quantile(0.5) ?? 0);
}
