// What an error is a part of, and the figures that say how good predictions are.

import { describe, expect, it } from "vitest";
import { type Cell, type CellTimes, cellName } from "../../dist/src/calibration/cell.js";
import type { FitRecord } from "../../dist/src/calibration/fitted-profile.js";
import { meritsOf } from "../../dist/src/calibration/merit.js";
import { predictions } from "../../dist/src/calibration/predictions.js";
import { known } from "./modelled.ts";

const FIT: FitRecord = {
  from: "cells",
  base: "test",
  where: "test",
  seed: 1,
  beforeNs: 0,
  afterNs: 0,
  line: { baseNs: 1000, perPageNs: 100, perSendNs: 8000 },
};

const none = (pages: number, calls = 1): Cell => ({ state: "none", peers: 0, pages, calls });
const asleep = (pages: number): Cell => ({ state: "asleep", peers: 1, pages, calls: 1 });
const spinning = (pages: number, calls = 1): Cell => {
  return { state: "spinning", peers: 1, pages, calls };
};

/** Measured: all of it and the excess; modelled: all of it. */
const CELLS: readonly (readonly [Cell, ns: number, excessNs: number, modelNs: number])[] = [
  [none(10), 5000, 0, 1000],
  [asleep(10), 5500, 500, 1000],
  [spinning(10), 25_000, 20_000, 25_000],
  [none(10, 10), 40_000, 0, 10_000],
  [spinning(10, 10), 200_000, 160_000, 210_000],
  [none(1), 2000, 0, 500],
  [spinning(1), 22_000, 20_000, 20_500],
];

function times(cell: Cell, ns: number, excessNs: number): CellTimes {
  const excess = cell.state === "none" ? undefined : known(excessNs);
  return { cell, samples: 9, dropped: 0, minNs: ns, p50: known(ns), p90Ns: ns, p99Ns: ns, excess };
}

const MEASURED = CELLS.map(([cell, ns, excessNs]) => times(cell, ns, excessNs));
const MODEL = new Map(CELLS.map(([cell, , , ns]) => [cellName(cell), ns]));

describe("an error", () => {
  const rows = predictions(MEASURED, MODEL, FIT);
  const row = (cell: Cell) => rows.find(({ name }) => name === cellName(cell))!;

  it("of a peer that spins: a part of what it adds", () => {
    expect(row(spinning(10))).toMatchObject({ predictedNs: 24_000, nullNs: 16_000, error: 0.2 });
    expect(row(spinning(10)).nullError).toBeCloseTo(-0.2, 9);
  });

  it("of a peer that sleeps: a part of what one that spins adds", () => {
    expect(row(asleep(10))).toMatchObject({ predictedNs: 0, nullNs: 16_000, error: -0.025 });
    const alone = MEASURED.filter(({ cell }) => cell.state !== "spinning");
    const [only] = predictions(alone, MODEL, FIT);
    expect(only.error).toBeUndefined();
  });

  it("counts as fitted only where the profile was fitted to cells", () => {
    const fitted = (from: FitRecord["from"]) =>
      predictions(MEASURED, MODEL, { ...FIT, from })
        .filter(({ fitted }) => fitted)
        .map(({ name }) => name);
    expect(fitted("cells")).toEqual(["spinning-1/1/one-call"]);
    expect(fitted("trace")).toEqual([]);
  });
});

describe("figures of merit", () => {
  it("are of what was held out, and count orderings on both sides", () => {
    const { executor, line, executorSpinning, orderings } = meritsOf(
      predictions(MEASURED, MODEL, FIT),
    )!;
    expect(executor).toMatchObject({ cells: 3, near: 1 });
    expect(executor.medianError).toBeCloseTo(0.2, 9);
    expect(executor.worstError).toBeCloseTo(0.25, 9);
    expect(line.worstError).toBeCloseTo(0.775, 9);
    expect(executorSpinning.cells).toBe(2);
    // Asleep below spinning, and one call below ten: the line has only the second.
    expect(orderings).toEqual({ count: 2, measured: 2, predicted: 2, line: 1 });
  });

  it("of nothing that was held out: there are none", () => {
    const fitted = MEASURED.filter(({ cell }) => cell.pages === 1);
    expect(meritsOf(predictions(fitted, MODEL, FIT))).toBeUndefined();
  });
});
