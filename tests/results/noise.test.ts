import { describe, expect, it } from "vitest";
import { Histogram } from "../../dist/src/engine/probe/histogram.js";
import { noiseOf } from "../../dist/src/results/noise.js";

function took(...values: number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

describe("noise", () => {
  it("of pairs: their ratios, and the largest difference in either direction", () => {
    const noise = noiseOf([
      { point: "a", first: took(100, 200), again: took(110, 200) },
      { point: "b", first: took(1000, 1000), again: took(800, 1500) },
    ]);
    expect(noise).toEqual({
      pairs: [
        { point: "a", p50_ratio: 1.1, p99_ratio: 1 },
        { point: "b", p50_ratio: 0.8, p99_ratio: 1.5 },
      ],
      p50_spread: 0.25,
      p99_spread: 0.5,
    });
  });

  it("is not said of operations that took no time", () => {
    expect(noiseOf([{ point: "a", first: took(0, 5), again: took(0, 5) }])).toBeUndefined();
    expect(noiseOf([])).toBeUndefined();
  });
});
