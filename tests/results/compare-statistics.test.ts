// The statistics of a comparison, against textbooks and naive forms of themselves.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ratioTest,
  spreadOf,
  typicalVariance,
} from "../../dist/src/results/compare/between-runs.js";
import { falseDiscoveryRates } from "../../dist/src/results/compare/false-discovery.js";
import { mannWhitney } from "../../dist/src/results/compare/mann-whitney.js";
import {
  countMargin,
  meanMargin,
  quantileMargin,
  ratioMargin,
} from "../../dist/src/results/compare/margin.js";
import { t95, twoSided, zOfT } from "../../dist/src/results/compare/normal.js";
import { distributionOf } from "../support/runs.js";

const few = fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 1, maxLength: 12 });

describe("Mann-Whitney from counts", () => {
  it("gives U, ties and p as the textbook's pairs and ranks do", () => {
    fc.assert(
      fc.property(few, few, (a, b) => {
        const { p, superiority } = mannWhitney(distributionOf(a), distributionOf(b), 1);
        const pairs = a.flatMap((x) => b.map((y) => (y > x ? 1 : y === x ? 0.5 : 0)));
        const u = pairs.reduce<number>((sum, won) => sum + won, 0);
        expect(superiority).toBeCloseTo(u / pairs.length, 12);
        expect(p).toBeCloseTo(textbookP(a, b, u), 9);
      }),
    );
  });

  it("swapped: the same p, and the other's superiority", () => {
    fc.assert(
      fc.property(few, few, (a, b) => {
        const [x, y] = [distributionOf(a), distributionOf(b)];
        const [there, back] = [mannWhitney(x, y, 4), mannWhitney(y, x, 4)];
        expect(there.superiority + back.superiority).toBeCloseTo(1, 12);
        expect(there.p).toBeCloseTo(back.p, 12);
      }),
    );
  });

  it("all samples equal: no difference", () => {
    const same = distributionOf([5, 5, 5]);
    expect(mannWhitney(same, same, 1)).toEqual({ p: 1, superiority: 0.5 });
  });

  it("several samples that count as one: less sure", () => {
    const [a, b] = [distributionOf([1, 2, 3, 4, 5, 6]), distributionOf([4, 5, 6, 7, 8, 9])];
    expect(mannWhitney(a, b, 4).p).toBeGreaterThan(mannWhitney(a, b, 1).p);
  });
});

/** With ranks, the correction for ties, and half a rank for continuity. */
function textbookP(a: readonly number[], b: readonly number[], u: number): number {
  const all = [...a, ...b];
  const n = all.length;
  const tied = new Map<number, number>();
  for (const value of all) tied.set(value, (tied.get(value) ?? 0) + 1);
  const ties = [...tied.values()].reduce((sum, t) => sum + t ** 3 - t, 0);
  const variance = ((a.length * b.length) / 12) * (n + 1 - ties / (n * (n - 1)));
  if (variance < 1e-12) return 1;
  const z = Math.max(0, Math.abs(u - (a.length * b.length) / 2) - 0.5) / Math.sqrt(variance);
  return twoSided(z);
}

describe("the normal and Student's distribution", () => {
  it.each([
    [0, 1],
    [1, 0.3173],
    [1.959964, 0.05],
    [4, 6.334e-5],
  ])("beyond %f standard deviations: %f", (z, p) => {
    expect(twoSided(z) / p).toBeCloseTo(1, 3);
    expect(twoSided(-z)).toBe(twoSided(z));
  });

  it.each([
    [4, 2.776],
    [6, 2.447],
    [8, 2.306],
    [30, 2.042],
  ])("%d degrees of freedom: %f standard errors hold 95 percent", (degrees, t) => {
    expect(Math.abs(t95(degrees) / t - 1)).toBeLessThan(0.006);
    expect(zOfT(t95(degrees), degrees)).toBeCloseTo(1.959964, 5);
  });
});

describe("false discovery rates", () => {
  it("are those of Benjamini and Hochberg's example", () => {
    const ps = [0.01, 0.04, 0.03, 0.005];
    expect(falseDiscoveryRates(ps).map((q) => Number(q.toFixed(4)))).toEqual([
      0.02, 0.04, 0.04, 0.02,
    ]);
  });

  it("are at least p, at most 1, and in the order of p", () => {
    const p = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(p), (ps) => {
        const qs = falseDiscoveryRates(ps);
        ps.forEach((one, i) => {
          expect(qs[i]).toBeGreaterThanOrEqual(one * (1 - 1e-12));
          expect(qs[i]).toBeLessThanOrEqual(1);
          ps.forEach((other, j) => {
            if (one < other) expect(qs[i]).toBeLessThanOrEqual(qs[j]);
          });
        });
      }),
    );
  });
});

describe("margins", () => {
  it("a quantile's hold it, are narrower with more samples, and 0 where all are equal", () => {
    const values = Array.from({ length: 400 }, (_, i) => 100 + i);
    const [wide, narrow] = [4, 1].map((per) => quantileMargin(distributionOf(values), 0.5, per));
    expect(narrow.down).toBeGreaterThan(0);
    expect(wide.down).toBeGreaterThan(narrow.down);
    expect(wide.up).toBeGreaterThan(narrow.up);
    const equal = distributionOf([7, 7, 7, 7]);
    expect(quantileMargin(equal, 0.99, 4)).toEqual({ down: 0, up: 0 });
    expect(meanMargin(equal, 4)).toEqual({ down: 0, up: 0 });
  });

  it("of a median near 0: nothing bounds the ratio from below", () => {
    expect(quantileMargin(distributionOf([0, 0, 5, 9, 9]), 0.5, 1).down).toBe(Infinity);
  });

  it("a ratio's are those of its parts, the denominator's the other way round", () => {
    const margin = ratioMargin({ down: 3, up: 5 }, { down: 12, up: 4 });
    expect(margin).toEqual({ down: 5, up: 13 });
  });

  it("a count's shrink as it grows, and grow with the clumps that it comes in", () => {
    expect(countMargin(400, 1).up).toBeCloseTo(countMargin(100, 1).up / 2, 9);
    expect(countMargin(400, 4).up).toBeCloseTo(countMargin(100, 1).up, 9);
  });
});

describe("the spread between repetitions", () => {
  it("is that of logarithms, and unknown for one repetition or where there is a 0", () => {
    const spread = spreadOf([100, 110, 121]);
    expect(spread!.degrees).toBe(2);
    expect(Math.sqrt(spread!.variance)).toBeCloseTo(Math.log(1.1), 9);
    expect([spreadOf([5]), spreadOf([0, 5])]).toEqual([undefined, undefined]);
  });

  it("of a lucky point is not believed: it borrows from the others", () => {
    const lucky = spreadOf([100, 100, 100])!;
    const usual = spreadOf([100, 110, 121])!;
    const typical = typicalVariance([lucky, usual, usual])!;
    const test = ratioTest(Math.log(1.05), [lucky, lucky], [3, 3], typical)!;
    expect(test.margin.down).toBeGreaterThan(Math.log(1.05));
    expect(test.p).toBeGreaterThan(0.05);
  });

  it("where no point was repeated: unknown", () => {
    expect(ratioTest(0.1, [undefined, undefined], [1, 1], typicalVariance([]))).toBeUndefined();
  });

  it("where nothing ever spreads: any difference is one, and none is none", () => {
    const still = spreadOf([7, 7])!;
    expect(ratioTest(0.01, [still, still], [2, 2], 0)).toMatchObject({ p: 0 });
    expect(ratioTest(0, [still, still], [2, 2], 0)).toMatchObject({ p: 1 });
  });
});
