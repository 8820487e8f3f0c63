// The Mann-Whitney test of two distributions with ties, from their counts.

import type { Distribution } from "./distribution.ts";
import { twoSided } from "./normal.ts";

export interface RankTest {
  /** How likely it is that two draws from one distribution differ at least as much. */
  readonly p: number;
  /**
   * Probability of superiority (Vargha and Delaney's A12): how often an operation of the second
   * takes longer than one of the first, equally long ones counting half. 0.5: neither is longer.
   * Cliff's delta is 2 · this − 1.
   */
  readonly superiority: number;
}

/**
 * Normal approximation with the correction for ties. So many samples count as one: those of a run
 * depend on each other.
 */
export function mannWhitney(
  first: Distribution,
  second: Distribution,
  samplesPerDraw: number,
): RankTest {
  const pairs = first.total * second.total;
  const all = first.total + second.total;
  let longer = 0;
  let ties = 0;
  let below = 0;
  let i = 0;
  let j = 0;
  while (i < first.values.length || j < second.values.length) {
    const value = Math.min(first.values[i] ?? Infinity, second.values[j] ?? Infinity);
    const ofFirst = first.values[i] === value ? first.counts[i++] : 0;
    const ofSecond = second.values[j] === value ? second.counts[j++] : 0;
    const tied = ofFirst + ofSecond;
    longer += ofSecond * (below + ofFirst / 2);
    ties += tied * (tied * tied - 1);
    below += ofFirst;
  }
  const superiority = longer / pairs;
  const variance = (all + 1 - ties / (all * (all - 1))) / (12 * pairs);
  if (!(variance > 0)) return { p: 1, superiority }; // All are equal.
  const distance = Math.max(0, Math.abs(superiority - 0.5) - 0.5 / pairs); // Whole ranks only.
  return { p: twoSided(distance / Math.sqrt(samplesPerDraw * variance)), superiority };
}
