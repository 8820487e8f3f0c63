import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Histogram } from "../../dist/src/engine/probe/histogram.js";
import { Random } from "../../dist/src/engine/random.js";
import { intervalOf, samplesFor } from "../../dist/src/results/intervals.js";
import { outliersOf } from "../../dist/src/results/outliers.js";

const RESAMPLES = 2000;

function recorded(samples: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const sample of samples) histogram.record(sample);
  return histogram;
}

/**
 * The interval as the textbook has it: the percentile of many resamples of 0 … count − 1, and the
 * percentiles of these.
 */
function resampledInterval(count: number, fraction: number, random: Random): [number, number] {
  const percentiles = Array.from({ length: RESAMPLES }, () => {
    const resample = Float64Array.from({ length: count }, () => random.below(count));
    return resample.sort()[Math.ceil(fraction * count) - 1];
  });
  percentiles.sort((a, b) => a - b);
  return [percentiles[Math.floor(0.025 * RESAMPLES)], percentiles[Math.floor(0.975 * RESAMPLES)]];
}

describe("the interval of a percentile", () => {
  it.each([
    [25, 0.5],
    [60, 0.5],
    [200, 0.5],
    [400, 0.99],
    [1000, 0.99],
    [2000, 0.99],
  ])("is that of %d resampled samples at %d, to within a rank or two", (count, fraction) => {
    // Distinct and below 2048, where a histogram is exact: a value is its own rank.
    const histogram = recorded(Array.from({ length: count }, (_, rank) => rank));
    const [low, high] = resampledInterval(count, fraction, new Random(7, count));
    const interval = intervalOf(histogram, fraction)!;
    expect(Math.abs(interval.low - low)).toBeLessThanOrEqual(2);
    expect(Math.abs(interval.high - high)).toBeLessThanOrEqual(2);
  });

  it("holds the percentile, whatever the samples", () => {
    const samples = fc.array(fc.nat(1_000_000), { minLength: 368, maxLength: 600 });
    fc.assert(
      fc.property(samples, fc.constantFrom(0.5, 0.9, 0.99), (values, fraction) => {
        const histogram = recorded(values);
        const { low, high } = intervalOf(histogram, fraction)!;
        expect(low).toBeLessThanOrEqual(histogram.quantile(fraction)!);
        expect(high).toBeGreaterThanOrEqual(histogram.quantile(fraction)!);
      }),
    );
  });

  it("is not said for a handful of samples, nor for a tail that they do not reach", () => {
    expect([0.5, 0.9, 0.99].map(samplesFor)).toEqual([6, 36, 368]);
    const histogram = new Histogram();
    histogram.record(3, 5);
    expect(intervalOf(histogram, 0.5)).toBeUndefined();
    histogram.record(3);
    expect(intervalOf(histogram, 0.5)).toEqual({ low: 3, high: 3 });
    expect(intervalOf(histogram, 0.99)).toBeUndefined();
  });
});

describe("outliers", () => {
  it("are what lies beyond three interquartile ranges, and are counted only", () => {
    const histogram = recorded([10, 20, 30, 40, 130, 131, 1000]);
    histogram.record(25, 100);
    expect(outliersOf(histogram)).toBe(5); // Quartiles are both 25.
    const wide = recorded(Array.from({ length: 100 }, (_, i) => i));
    expect(outliersOf(wide)).toBe(0);
    wide.record(224); // 74 + 3 · (74 − 24) is 224, as a fence that does not shut out.
    expect(outliersOf(wide)).toBe(0);
    wide.record(300);
    expect(outliersOf(wide)).toBe(1);
    expect(wide.count).toBe(102);
  });

  it("are none where nothing was measured", () => {
    expect(outliersOf(new Histogram())).toBe(0);
  });
});
