// Operations that took far longer than others. They are counted and shown, and never left out: what
// is far out here may be what somebody else waits for.

import { bucketFloor, type Histogram } from "../engine/probe/histogram.ts";

const RANGES = 3;

/**
 * Samples beyond Tukey's outer fence: above the upper quartile by more than three interquartile
 * ranges.
 */
export function outliersOf(histogram: Histogram): number {
  const [lower = 0, upper = 0] = [0.25, 0.75].map((fraction) => histogram.quantile(fraction));
  const fence = upper + RANGES * (upper - lower);
  let outliers = 0;
  for (const [bucket, count] of histogram.buckets()) {
    if (bucketFloor(bucket) > fence) outliers += count;
  }
  return outliers;
}
