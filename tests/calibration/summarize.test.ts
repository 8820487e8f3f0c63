import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Cell } from "../../dist/src/calibration/cell.js";
import type { CellRounds } from "../../dist/src/calibration/measure.js";
import { calibrationRow } from "../../dist/src/calibration/rows.js";
import { cellTimes, medianOf, stolenPerSend } from "../../dist/src/calibration/summarize.js";
import { Random } from "../../dist/src/engine/random.js";
import { CALIBRATION_COLUMNS } from "../../dist/src/results/columns/calibration.js";
import type { Verdict } from "../../dist/src/workers/calibration/gate.js";

const ALONE: Cell = { state: "none", peers: 0, pages: 34, calls: 1 };
const SPINNING: Cell = { state: "spinning", peers: 1, pages: 34, calls: 1 };

const kept = (...times: number[]) =>
  times.map((ns) => ({ ns, verdict: "kept" as const, stolenNs: 0 }));
const dropped = (ns: number, verdict: Verdict) => ({ ns, verdict, stolenNs: 0 });
const rounds = (cell: Cell, ...all: CellRounds["rounds"]): CellRounds => ({ cell, rounds: all });
const random = () => new Random(1);

describe("what a cell takes", () => {
  it("dropped samples: counted, and in no time", () => {
    const alone = rounds(ALONE, kept(10, 12, 14));
    const cell = rounds(
      SPINNING,
      [...kept(30, 32, 34), dropped(9000, "peer")],
      [dropped(1, "initiator")],
    );
    const times = cellTimes(cell, alone, random())!;
    expect(times).toMatchObject({ samples: 3, dropped: 2, minNs: 30 });
    expect(times.p50).toEqual({ ns: 32, lowNs: 32, highNs: 32 });
    expect(times.excess!.ns).toBe(20);
  });

  it("what drifts from round to round: not in the excess", () => {
    const drifts = [0, 500, 10_000, 70, 3000];
    const alone = rounds(ALONE, ...drifts.map((drift) => kept(drift + 10, drift + 12, drift + 14)));
    const cell = rounds(
      SPINNING,
      ...drifts.map((drift) => kept(drift + 31, drift + 32, drift + 40)),
    );
    expect(cellTimes(cell, alone, random())!.excess).toEqual({ ns: 20, lowNs: 20, highNs: 20 });
  });

  it("rounds of which one half was dropped: no part of the excess", () => {
    const alone = rounds(ALONE, kept(10), [dropped(1, "initiator")], kept(10));
    const cell = rounds(SPINNING, kept(30), kept(999), [dropped(1, "peer")]);
    expect(cellTimes(cell, alone, random())!.excess!.ns).toBe(20);
  });

  it("nothing left, or no round with both: no times, no excess", () => {
    const nothing = rounds(SPINNING, [dropped(5, "peer")]);
    expect(cellTimes(nothing, rounds(ALONE, kept(1)), random())).toBeUndefined();
    const apart = cellTimes(rounds(SPINNING, [], kept(5)), rounds(ALONE, kept(1)), random())!;
    expect(apart.excess).toBeUndefined();
  });

  it("any samples: every number in its order, and the same from the same seed", () => {
    const batch = fc.array(fc.integer({ min: 1, max: 1e9 }), { maxLength: 8 });
    fc.assert(
      fc.property(fc.array(batch, { minLength: 1, maxLength: 12 }), (batches) => {
        const cell = rounds(SPINNING, ...batches.map((times) => kept(...times)));
        const times = cellTimes(cell, cell, random());
        expect(times === undefined).toBe(batches.flat().length === 0);
        if (times === undefined) return;
        const { minNs, p50, p90Ns, p99Ns } = times;
        expect([minNs, p50.ns, p90Ns, p99Ns]).toEqual(
          [minNs, p50.ns, p90Ns, p99Ns].toSorted((a, b) => a - b),
        );
        expect(p50.lowNs).toBeLessThanOrEqual(p50.highNs);
        expect(times.excess!.ns).toBe(0);
        expect(cellTimes(cell, cell, random())).toEqual(times);
      }),
    );
  });

  it("the interval of a median: narrower with more rounds", () => {
    const noise = new Random(3);
    const width = (count: number): number => {
      const batches = Array.from({ length: count }, () => kept(noise.below(1000)));
      const { p50 } = cellTimes(rounds(ALONE, ...batches), rounds(ALONE), random())!;
      return p50.highNs - p50.lowNs;
    };
    expect(width(1000)).toBeLessThan(width(20));
  });

  it("as a row: every column, whole nanoseconds, no excess where there is no peer", () => {
    const alone = rounds(ALONE, kept(10.4, 11));
    const row = calibrationRow(cellTimes(alone, alone, random())!);
    expect(Object.keys(row).sort()).toEqual(CALIBRATION_COLUMNS.map(({ name }) => name).sort());
    expect(row).toMatchObject({ cell: "none/34/one-call", ns_min: 10, excess_ns: undefined });
  });
});

describe("what a send takes from a CPU that is told", () => {
  it("parted among calls, their two sends and peers; dropped samples say nothing", () => {
    const cell = { state: "spinning", peers: 2, pages: 10, calls: 10 } as const;
    const sample = { ns: 1, verdict: "kept" as const, stolenNs: 400_000 };
    const away = { ns: 1, verdict: "peer" as const, stolenNs: 9e9 };
    const cells = [rounds(cell, [sample, sample, away], [sample], [away]), rounds(ALONE, kept(5))];
    expect(stolenPerSend(cells, random())).toEqual({ ns: 10_000, lowNs: 10_000, highNs: 10_000 });
  });

  it("nothing to say: undefined", () => {
    expect(stolenPerSend([rounds(ALONE, kept(5))], random())).toBeUndefined();
    expect(medianOf([], random())).toBeUndefined();
  });
});

describe("the step to a full flush", () => {
  it("is the difference within rounds, whatever drifts between these", () => {
    const below = rounds({ ...ALONE, pages: 33 }, kept(20), kept(120), kept(1020));
    const cell = rounds({ ...ALONE, pages: 34 }, kept(17), kept(117), kept(1017));
    expect(cellTimes(cell, cell, random(), below)!.step).toEqual({ ns: -3, lowNs: -3, highNs: -3 });
    expect(cellTimes(cell, cell, random())).not.toHaveProperty("step");
  });
});
