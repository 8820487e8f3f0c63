import { describe, expect, it } from "vitest";
import type { Run } from "../../dist/src/cli/measure/order.js";
import { Budget, MAX_ROUNDS, nextRound } from "../../dist/src/cli/measure/precision.js";
import { Histogram } from "../../dist/src/engine/probe/histogram.js";
import { isPrecise } from "../../dist/src/results/intervals.js";

/** `count` samples, evenly from `from` to `to`. */
function spread(count: number, from: number, to: number): Histogram {
  const histogram = new Histogram();
  for (let i = 0; i < count; i++) histogram.record(Math.round(from + (i * (to - from)) / count));
  return histogram;
}

function runOf(place: number, round = 0): Run {
  return { place, round } as unknown as Run;
}

describe("whether a median is known precisely enough", () => {
  it("follows from the spread: alike, at once; far apart, after many more", () => {
    expect(isPrecise(spread(10, 1000, 1010), 0.02)).toBe(true);
    expect(isPrecise(spread(100, 500, 1500), 0.02)).toBe(false);
    expect(isPrecise(spread(10_000, 500, 1500), 0.02)).toBe(true);
  });

  it("never of a handful of samples, however alike", () => {
    expect(isPrecise(spread(5, 1000, 1000), 0.5)).toBe(false);
    expect(isPrecise(spread(6, 1000, 1000), 0.001)).toBe(true);
  });
});

describe("the next round", () => {
  const sampling = { precision: 0.02, maxSeconds: 1 };
  const latencies = [spread(10, 1000, 1010), spread(100, 500, 1500)];

  it("has those points only that need it", () => {
    const next = nextRound([runOf(0), runOf(1)], ({ place }) => latencies[place], sampling);
    expect(next).toEqual([runOf(1, 1)]);
  });

  it("is not begun for ever", () => {
    const last = runOf(1, MAX_ROUNDS - 1);
    expect(nextRound([last], () => latencies[1], sampling)).toEqual([]);
  });
});

describe("a budget", () => {
  it("of no time is over at once, one of years is not", () => {
    expect(new Budget(0, 2).nextPart()()).toBe(true);
    expect(new Budget(1e9, 2).nextPart()()).toBe(false);
  });
});
