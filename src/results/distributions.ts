// The whole distribution of each point and repetition: rows of distributions.csv, from which every
// percentile follows, and with which other runs can be compared.

import { bucketFloor, Histogram } from "../engine/probe/histogram.ts";
import type { DistributionRow } from "./columns/distributions.ts";
import type { MeasuredPoint } from "./rows.ts";

interface Distribution {
  readonly point: string;
  readonly repetition: number;
  readonly latency: Histogram;
}

/**
 * One row for each bucket that occurred. A point that several experiments of a run have in common
 * has one distribution: that of all its operations.
 */
export function distributionRows(points: readonly MeasuredPoint[]): DistributionRow[] {
  const distributions = new Map<string, Distribution>();
  for (const { id: point, repetition, result } of points) {
    const key = `${point} ${repetition}`;
    const distribution = distributions.get(key) ?? { point, repetition, latency: new Histogram() };
    distribution.latency.merge(result.latency.toData());
    distributions.set(key, distribution);
  }
  return [...distributions.values()].flatMap(({ point, repetition, latency }) => {
    return [...latency.buckets()].map(([bucket, count]) => {
      return { point, repetition, latency_ns: bucketFloor(bucket), count };
    });
  });
}
