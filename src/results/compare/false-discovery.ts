// Benjamini and Hochberg's control of the false discovery rate: of many tests some come out by
// chance, so a test counts only if enough others do.

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
