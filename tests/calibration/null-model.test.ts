// The straight line that predictions are compared with, and the figures that say how good they are.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitAffine } from "../../dist/src/calibration/affine.js";
import { leastSquares } from "../../dist/src/calibration/least-squares.js";
import { rankCorrelation } from "../../dist/src/calibration/merit.js";
import { fitLine, lineExcessNs, lineNs } from "../../dist/src/calibration/null-model.js";
import { Random } from "../../dist/src/engine/random.js";

const PLACES = [
  [1, 0],
  [10, 0],
  [100, 0],
  [1, 2],
  [34, 2],
] as const;

describe("the null model", () => {
  it("finds a plane again that points lie on", () => {
    const ns = fc.integer({ min: 1, max: 100_000 });
    fc.assert(
      fc.property(ns, ns, ns, (baseNs, perPageNs, perSendNs) => {
        const plane = { baseNs, perPageNs, perSendNs };
        const points = PLACES.map(([pages, sends]) => {
          return { pages, sends, ns: lineNs(plane, { pages, sends }) };
        });
        const line = fitLine(points);
        for (const { pages, sends, ns } of points) {
          expect(lineNs(line, { pages, sends }) / ns).toBeCloseTo(1, 6);
        }
        expect(line.perSendNs).toBeCloseTo(perSendNs, 0);
      }),
    );
  });

  it("of points that are all alike: only a base", () => {
    const points = [20, 22, 24].map((ns) => ({ pages: 16, sends: 1, ns }));
    const line = fitLine(points);
    expect([line.perPageNs, line.perSendNs]).toEqual([0, 0]);
    expect(line.baseNs).toBeGreaterThan(20);
    expect(line.baseNs).toBeLessThan(24);
  });

  it("charges each peer for two sends a call, whether it sleeps or not", () => {
    const line = { baseNs: 1, perPageNs: 1, perSendNs: 10 };
    for (const state of ["asleep", "spinning"] as const) {
      expect(lineExcessNs(line, { state, peers: 3, pages: 8, calls: 8 })).toBe(480);
    }
  });
});

describe("least squares", () => {
  it("leaves open what the equations leave open", () => {
    const equations = [1, 2, 3].map((x) => ({ columns: [x, 2 * x], value: x, scale: 1 }));
    expect(leastSquares(equations)).toBeUndefined();
    expect(leastSquares(equations.slice(0, 1))).toBeUndefined();
    expect(leastSquares([])).toBeUndefined();
  });
});

describe("what a page adds", () => {
  const samples = (slope: number) =>
    Array.from({ length: 40 }, (_, i) => ({
      pages: i % 20,
      ns: 1000 + slope * (i % 20) + (i % 3),
    }));

  it("is found though every tenth sample is far off", () => {
    const some = samples(50).map((sample, i) =>
      i % 10 === 0 ? { ...sample, ns: 90_000 } : sample,
    );
    const { perPage, constant } = fitAffine(some, 7, new Random(1));
    expect(perPage!.ns).toBeGreaterThan(45);
    expect(perPage!.ns).toBeLessThan(55);
    expect(Math.abs(constant.ns - 1000)).toBeLessThan(50);
  });

  it("stays open where it is nothing, or where pages do not vary", () => {
    expect(fitAffine(samples(-50), 7, new Random(1)).perPage).toBeUndefined();
    const same = samples(0).map((sample) => ({ ...sample, pages: 10 }));
    const { perPage, constant } = fitAffine(same, 7, new Random(1));
    expect(perPage).toBeUndefined();
    expect(constant.ns).toBe(1001 - 70);
  });
});

describe("rank correlation", () => {
  it("is 1 for any order that agrees, and −1 for its reverse", () => {
    const numbers = fc.uniqueArray(fc.integer(), { minLength: 3 });
    fc.assert(
      fc.property(numbers, (a) => {
        const b = a.map((x) => Math.atan(x / 1e9));
        expect(rankCorrelation(a, b)).toBeCloseTo(1, 9);
        expect(
          rankCorrelation(
            a,
            b.map((x) => -x),
          ),
        ).toBeCloseTo(-1, 9);
      }),
    );
  });

  it("of equals: they share their rank; of what is all alike there is none", () => {
    expect(rankCorrelation([1, 1, 2, 2], [1, 2, 3, 4])).toBeCloseTo(Math.sqrt(0.8), 9);
    expect(rankCorrelation([1, 1, 1], [1, 2, 3])).toBeUndefined();
  });
});
