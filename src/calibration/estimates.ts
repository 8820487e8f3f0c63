// How sure a computed value is: it is computed again from medians that are drawn, each from within
// its own interval, and the middle 95 % of what comes out are its interval.

import { median, quantileSorted } from "simple-statistics";
import type { Random } from "../engine/random.ts";
import type { Estimate } from "./cell.ts";

export const DRAWS = 400;
const [LOW, HIGH] = [0.025, 0.975];
/** Half of a 95 % interval in standard deviations. */
const HALF_INTERVAL = 1.96;

/** A median as it might have come out: normally distributed, so that its interval holds 95 %. */
export function draw({ ns, lowNs, highNs }: Estimate, random: Random): number {
  let normal = -6; // Twelve fractions have a variance of 1, and a sum that is all but normal.
  for (let i = 0; i < 12; i++) normal += random.fraction();
  return ns + (normal * (highNs - lowNs)) / (2 * HALF_INTERVAL);
}

/** The interval of a value from what came out of the draws. */
export function estimate(ns: number, drawn: readonly number[]): Estimate {
  const sorted = drawn.filter(Number.isFinite).toSorted((a, b) => a - b);
  if (sorted.length === 0) return { ns, lowNs: ns, highNs: ns };
  return { ns, lowNs: quantileSorted(sorted, LOW), highNs: quantileSorted(sorted, HIGH) };
}

/** The median of samples, with its interval from samples that are drawn from them again. */
export function medianEstimate(samples: readonly number[], random: Random): Estimate {
  const drawn = Array.from({ length: DRAWS }, () => median(drawAgain(samples, random)));
  return estimate(median(samples), drawn);
}

/** As many as there are, any of them more than once. */
export function drawAgain<Sample>(samples: readonly Sample[], random: Random): Sample[] {
  return samples.map(() => samples[random.below(samples.length)]);
}
