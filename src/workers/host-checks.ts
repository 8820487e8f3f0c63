// What of this host can spoil a measurement and can be asked for: how fine its clock is, and how
// fast it works at the moment.

import { performance } from "node:perf_hooks";

const READS = 2000;
const NS_PER_MS = 1_000_000;

/**
 * The step of the clock that threads read, in ns, and at least 1. A read takes longer than the step
 * of a good clock; but how much longer differs from one to the next by whole steps.
 */
export function clockStepNs(): number {
  const reads = Float64Array.from({ length: READS }, () => performance.now());
  const tookNs = new Set([0]);
  for (let i = 1; i < READS; i++) tookNs.add(Math.round((reads[i] - reads[i - 1]) * NS_PER_MS));
  const sorted = [...tookNs].sort((a, b) => a - b);
  return Math.min(...sorted.slice(1).map((ns, i) => ns - sorted[i]));
}

const TRIES = 40;
/** Some 100 µs: most tries are over before anybody else gets the CPU. */
const ITERATIONS = 100_000;

/**
 * How long a fixed piece of arithmetic takes at best, in ns: only another frequency of the CPU
 * changes that.
 */
export function workNs(): number {
  let leastMs = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const before = performance.now();
    work();
    leastMs = Math.min(leastMs, performance.now() - before);
  }
  return leastMs * NS_PER_MS;
}

let sink = 0;

function work(): void {
  let value = sink;
  for (let i = 0; i < ITERATIONS; i++) value = (Math.imul(value, 0x6d2b79f5) + i) | 0;
  sink = value;
}
