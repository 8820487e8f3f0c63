import { describe, expect, it } from "vitest";
import { Histogram } from "../../dist/src/engine/probe/histogram.js";
import { Random } from "../../dist/src/engine/random.js";
import { medianInterval } from "../../dist/src/results/median.js";

const RESAMPLES = 4000;

/** The interval as the textbook has it: the median of many resamples, and its percentiles. */
function resampledInterval(samples: readonly number[], random: Random): [number, number] {
  const medians = Array.from({ length: RESAMPLES }, () => {
    const resample = samples.map(() => samples[random.below(samples.length)]);
    return resample.sort((a, b) => a - b)[Math.ceil(samples.length / 2) - 1];
  });
  medians.sort((a, b) => a - b);
  return [medians[Math.floor(0.025 * RESAMPLES)], medians[Math.floor(0.975 * RESAMPLES)]];
}

describe("the interval of a median", () => {
  it.each([25, 60, 200])("is that of %d resampled samples, to within a rank or two", (count) => {
    const random = new Random(7, count);
    // Distinct and below 512, where a histogram is exact: a value is its own rank.
    const samples = Array.from({ length: count }, (_, rank) => rank);
    const histogram = new Histogram();
    for (const sample of samples) histogram.record(sample);
    const [low, high] = resampledInterval(samples, random);
    const interval = medianInterval(histogram);
    expect(Math.abs(interval!.low - low)).toBeLessThanOrEqual(2);
    expect(Math.abs(interval!.high - high)).toBeLessThanOrEqual(2);
  });

  it("holds the median, whatever the samples", () => {
    const histogram = new Histogram();
    for (const sample of [1, 1, 1, 5, 9, 100, 10_000]) histogram.record(sample);
    const { low, high } = medianInterval(histogram)!;
    expect(low).toBeLessThanOrEqual(5);
    expect(high).toBeGreaterThanOrEqual(5);
  });

  it("is not said for a handful of samples", () => {
    const histogram = new Histogram();
    histogram.record(3, 5);
    expect(medianInterval(histogram)).toBeUndefined();
  });
});
