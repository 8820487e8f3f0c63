// The host's clock as all threads of this process share it.

import { performance } from "node:perf_hooks";

const CALIBRATION_ROUNDS = 1000;
export const NS_PER_MS = 1_000_000;

let offsetNs: number | undefined;

/** A clock that all threads share, in ns (CLOCK_MONOTONIC). */
export function monotonicClock(): () => number {
  const toNs = toHostNs();
  return () => toNs(performance.now());
}

/**
 * From ms of this thread's `performance` to ns of the clock that all share. `performance.now`
 * counts from a start of its own in each thread but is half as dear as `process.hrtime.bigint`;
 * the difference of the two is fixed, and narrowed down here from both sides.
 */
export function toHostNs(): (performanceMs: number) => number {
  if (offsetNs === undefined) {
    let lowest = Number.NEGATIVE_INFINITY;
    let highest = Number.POSITIVE_INFINITY;
    for (let round = 0; round < CALIBRATION_ROUNDS; round++) {
      const before = Number(process.hrtime.bigint());
      const here = performance.now() * NS_PER_MS;
      const after = Number(process.hrtime.bigint());
      lowest = Math.max(lowest, before - here);
      highest = Math.min(highest, after - here);
    }
    offsetNs = (lowest + highest) / 2;
  }
  const offset = offsetNs;
  return (performanceMs) => performanceMs * NS_PER_MS + offset;
}
