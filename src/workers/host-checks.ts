// What of this host can spoil a measurement and can be asked for: how fine its clock is, and how
// fast it works at the moment.

import { performance } from "node:perf_hooks";

const STEPS = 200;
const NS_PER_MS = 1_000_000;

/** The smallest step of the clock that threads read, in ns. */
export function clockStepNs(): number {
  let smallestMs = Number.POSITIVE_INFINITY;
  for (let step = 0; step < STEPS; step++) {
    const before = performance.now();
    let after = before;
    while (after === before) after = performance.now();
    smallestMs = Math.min(smallestMs, after - before);
  }
  return smallestMs * NS_PER_MS;
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
