// Benjamini and Hochberg's control of the false discovery rate: of many tests some come out by
// chance, so a test counts only if enough others do.

import { beyondNoise, type MetricTest } from "./metric-test.ts";
import type { Noise } from "./noise.ts";

/**
 * Each with its q among the others. Where nothing differs there is nothing to discover, falsely or
 * not: these have none.
 */
export function withRates<Draft extends { readonly test: MetricTest; readonly noise: Noise }>(
  drafts: readonly Draft[],
): (readonly [Draft, number | undefined])[] {
  const known = drafts.filter(({ test }) => test.p !== undefined && !test.isIdentical);
  const rates = falseDiscoveryRates(known.map(({ test, noise }) => beyondNoise(test, noise)));
  const rateOf = new Map(known.map((draft, i) => [draft, rates[i]]));
  return drafts.map((draft) => [draft, rateOf.get(draft)]);
}

/**
 * For each test the least rate of false discoveries at which it is one (its q), in the order of the
 * tests.
 */
export function falseDiscoveryRates(ps: readonly number[]): number[] {
  const order = ps.map((_, i) => i).sort((a, b) => ps[b] - ps[a]);
  const rates = new Array<number>(ps.length);
  let least = 1;
  order.forEach((test, fromWorst) => {
    least = Math.min(least, (ps[test] * ps.length) / (ps.length - fromWorst));
    rates[test] = least;
  });
  return rates;
}
