// How sure a median is.

import { probit } from "simple-statistics";
import type { Histogram } from "../engine/probe/histogram.ts";

const CONFIDENCE = 0.95;
/** Fewer samples say nothing about how sure their median is. */
const MIN_SAMPLES = 6;

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * The 95 % percentile-bootstrap interval of the median, without resampling: a resample's median is
 * at most the k-th smallest sample exactly when at least half of its n draws are, which is a
 * binomial matter; so the interval's ends are order statistics. Their ranks come from the normal
 * approximation with continuity correction (Wilson's interval around one half). Undefined for fewer
 * than 6 samples.
 */
export function medianInterval(histogram: Histogram): Interval | undefined {
  const { count } = histogram;
  if (count < MIN_SAMPLES) return undefined;
  const z = probit((1 + CONFIDENCE) / 2);
  // (half − n·f)² = z²·n·f·(1 − f), solved for f where half = (n − 1) / 2: the correction is in it.
  const half = (count - 1) / 2;
  const a = count + z * z;
  const b = 2 * half + z * z;
  const spread = Math.sqrt(Math.max(0, b * b - (4 * a * half * half) / count));
  const low = histogram.quantile((b - spread) / (2 * a))!;
  const high = histogram.quantile((b + spread) / (2 * a))!;
  return { low, high };
}
