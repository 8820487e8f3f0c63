// What is said of the segments of two critical paths whose difference is known.

import { describe, expect, it } from "vitest";
import { compareRuns } from "../../dist/src/results/compare/compare.js";
import type { ComparedRow } from "../../dist/src/results/compare/compared-row.js";
import { parseGate, regressionsOf } from "../../dist/src/results/compare/gate.js";
import { comparisonObject, comparisonRow } from "../../dist/src/results/compare/rows.js";
import type { Run } from "../../dist/src/results/compare/run.js";
import { describeRow } from "../../dist/src/results/compare/view.js";
import { type PointParts, runOf } from "../support/runs.js";

const NONE = { otherHost: false, otherProfile: false, otherSchema: false };
/** 200 operations of 5 µs. */
const SAMPLES = Array<number>(200).fill(5000);

function run(segments: NonNullable<PointParts["segments"]>, more: Partial<PointParts> = {}): Run {
  return runOf([{ id: "a", samples: [SAMPLES], segments, ...more }]);
}

/** Rows of the segments, by name. */
function compared(base: Run, next: Run): Record<string, ComparedRow> {
  const { segments } = compareRuns(base, next, NONE);
  return Object.fromEntries(segments.map((row) => [row.metric.name.replace("path:", ""), row]));
}

describe("a segment of the critical path", () => {
  it("that takes 50 of 5000 ns more: worse by a hundredth of the whole; and better the other way", () => {
    const [base, next] = [run({ send: 100, pte: 100 }), run({ send: 150, pte: 100 })];
    expect(compared(base, next)).toMatchObject({
      send: { verdict: "worse", base: 100, next: 150, difference: 50, ratio: 1.01 },
      pte: { verdict: "same", ratio: 1 },
    });
    expect(compared(next, base).send.verdict).toBe("better");
  });

  it("that only one of the runs has: a change like any other", () => {
    const [base, next] = [run({ pte: 100 }), run({ pte: 100, send: 500 })];
    expect(compared(base, next).send).toMatchObject({ verdict: "worse", base: 0, ratio: 1.1 });
    expect(compared(next, base).send).toMatchObject({ verdict: "better", next: 0, ratio: 0.9 });
  });

  it("of a thousandth of the operation that doubles: the same", () => {
    const few = { segmentVariance: 4 };
    const { lock } = compared(run({ lock: 4 }, few), run({ lock: 8 }, few));
    expect(lock.verdict).toBe("same");
  });

  it("that varies from operation to operation by far more: inconclusive, for want of samples", () => {
    const wild = { segmentVariance: 4e6 };
    const { send } = compared(run({ send: 1000 }, wild), run({ send: 1200 }, wild));
    expect([send.verdict, send.reason]).toEqual(["inconclusive", "samples"]);
  });

  it("of files that do not say how it varies: only repetitions could tell, and three do", () => {
    const silent = { segmentVariance: undefined };
    const { send } = compared(run({ send: 100 }, silent), run({ send: 150 }, silent));
    expect([send.verdict, send.reason]).toEqual(["inconclusive", "repetitions"]);
    const thrice = { ...silent, samples: [SAMPLES, SAMPLES, SAMPLES] };
    const [base, next] = [
      [100, 101, 99],
      [150, 151, 149],
    ].map((ns) => run({ send: ns }, thrice));
    expect(compared(base, next).send.verdict).toBe("worse");
  });

  it("of repetitions that differ as much by themselves: not called different", () => {
    const thrice = { samples: [SAMPLES, SAMPLES, SAMPLES] };
    const [base, next] = [
      [900, 100, 500],
      [800, 1000, 200],
    ].map((ns) => {
      return run({ send: ns }, thrice);
    });
    expect(compared(base, next).send.verdict).toBe("inconclusive");
  });

  it("with more actors than CPUs: nothing can be said", () => {
    const crowded = { cells: { oversubscribed: "true" } };
    const { send } = compared(run({ send: 100 }, crowded), run({ send: 900 }, crowded));
    expect([send.verdict, send.reason]).toEqual(["inconclusive", "oversubscribed"]);
  });

  it("is no regression by itself, and stands apart from the metrics", () => {
    const comparison = compareRuns(run({ send: 100 }), run({ send: 900 }), NONE);
    expect(regressionsOf(comparison, undefined)).toEqual([]);
    const object = comparisonObject(comparison, []) as Record<string, object[]>;
    expect(object.segments).toMatchObject([
      { metric: "path:send", base: 100, new: 900, difference: 800, verdict: "worse" },
    ]);
    expect(comparisonRow(comparison.segments[0])).toMatchObject({
      point: "a",
      metric: "path:send",
    });
  });

  it("is a regression where a gate names it, by what it alone makes of the mean latency", () => {
    const comparison = compareRuns(run({ send: 100 }), run({ send: 350 }), NONE);
    const names = (gate: string) => {
      return regressionsOf(comparison, parseGate(gate)).map(({ metric }) => metric.name);
    };
    expect(names("path:send:4.9%")).toEqual(["path:send"]);
    expect(names("path:send:5.1%")).toEqual([]);
    expect(names("path:pte:1%,p50:1%")).toEqual([]);
    expect(describeRow(comparison.segments[0])).toMatch(
      /: path:send 0\.100 → 0\.350 µs \(1\.050 of the mean latency\)$/,
    );
  });

  it("that there is not: refused with those that there are", () => {
    expect(() => parseGate("path:sent:5%")).toThrow(
      /no metric or segment "path:sent": did you mean "path:send"\? There are p50, .*path:late/,
    );
  });
});
