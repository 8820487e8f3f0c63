import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bucketFloor, bucketOf, Histogram } from "../../dist/src/engine/probe/histogram.js";

const LARGEST = 2 ** 52 - 1;
const LAST_BUCKET = bucketOf(LARGEST);
const RUNS = { numRuns: 200 };

/** Whole numbers of every magnitude. */
const value = fc
  .tuple(fc.nat(52), fc.integer({ min: 0, max: LARGEST }))
  .map(([bits, mantissa]) => Math.floor(mantissa / 2 ** (52 - bits)));

const samples = fc.array(value, { minLength: 1, maxLength: 200 });

function recorded(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const v of values) histogram.record(v);
  return histogram;
}

describe("buckets", () => {
  it("below 2048: one value each", () => {
    for (let v = 0; v < 2048; v++) {
      expect(bucketOf(v)).toBe(v);
      expect(bucketFloor(v)).toBe(v);
    }
  });

  it("every bucket: its floor is in it, what is below its floor is in the one before", () => {
    let floor = -1;
    for (let bucket = 0; bucket <= LAST_BUCKET; bucket++) {
      const next = bucketFloor(bucket);
      expect(next).toBeGreaterThan(floor);
      expect(bucketOf(next)).toBe(bucket);
      if (bucket > 0) expect(bucketOf(next - 1)).toBe(bucket - 1);
      floor = next;
    }
    expect(bucketFloor(LAST_BUCKET + 1)).toBe(LARGEST + 1);
  });

  it("any value: at most 1/1024 above the floor of its bucket", () => {
    fc.assert(
      fc.property(value, (v) => {
        const floor = bucketFloor(bucketOf(v));
        expect(floor).toBeLessThanOrEqual(v);
        expect(bucketFloor(bucketOf(v) + 1)).toBeGreaterThan(v);
        expect((v - floor) * 1024).toBeLessThanOrEqual(floor);
      }),
      RUNS,
    );
  });
});

describe("histogram", () => {
  it("nothing recorded: no quantile and no mean, rather than zero", () => {
    const histogram = new Histogram();
    expect(histogram.quantile(0.5)).toBeUndefined();
    expect(histogram.mean).toBeUndefined();
    expect([...histogram.entries()]).toEqual([]);
  });

  it("small values: every order statistic is exact", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2047), { minLength: 1, maxLength: 100 }), (values) => {
        const histogram = recorded(values);
        const sorted = values.toSorted((a, b) => a - b);
        for (let rank = 1; rank <= sorted.length; rank++) {
          expect(histogram.quantile((rank - 0.5) / sorted.length)).toBe(sorted[rank - 1]);
        }
      }),
      RUNS,
    );
  });

  it("values up to 2^52: a quantile is within 1/1024 of the true order statistic", () => {
    fc.assert(
      fc.property(samples, fc.integer({ min: 1, max: 1000 }), (values, perMille) => {
        const sorted = values.toSorted((a, b) => a - b);
        const rank = Math.ceil((perMille * sorted.length) / 1000);
        const truth = sorted[rank - 1];
        const quantile = recorded(values).quantile((rank - 0.5) / sorted.length)!;
        expect(Math.abs(quantile - truth) * 1024).toBeLessThanOrEqual(truth);
      }),
      RUNS,
    );
  });

  it("the usual fractions of round counts: not one rank too high", () => {
    const histogram = new Histogram();
    for (let v = 1; v <= 500; v++) histogram.record(v, 2);
    expect([0.5, 0.9, 0.99, 0.999, 1].map((f) => histogram.quantile(f))).toEqual([
      250, 450, 495, 500, 500,
    ]);
  });

  it("extremes, count and sum: exact, and quantiles stay between them", () => {
    fc.assert(
      fc.property(samples, fc.double({ min: 0, max: 1, noNaN: true }), (values, fraction) => {
        const histogram = recorded(values);
        expect(histogram.min).toBe(Math.min(...values));
        expect(histogram.max).toBe(Math.max(...values));
        expect(histogram.count).toBe(values.length);
        expect(histogram.sum).toBe(values.reduce((sum, v) => sum + v, 0));
        expect(histogram.quantile(1)).toBe(histogram.max);
        expect(histogram.quantile(fraction)).toBeGreaterThanOrEqual(histogram.min);
        expect(histogram.quantile(fraction)).toBeLessThanOrEqual(histogram.max);
      }),
      RUNS,
    );
  });

  it("a value recorded so many times at once: as if it had come that often", () => {
    const entry = fc.tuple(fc.nat(100_000), fc.integer({ min: 1, max: 20 }));
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 20 }), (entries) => {
        const atOnce = new Histogram();
        for (const [v, times] of entries) atOnce.record(v, times);
        const singly = entries.flatMap(([v, times]) => Array<number>(times).fill(v));
        expect(atOnce.toData()).toEqual(recorded(singly).toData());
      }),
      RUNS,
    );
  });

  it("merged from several workers: the same as recorded in one", () => {
    const some = fc.array(fc.nat(1_000_000), { maxLength: 50 });
    fc.assert(
      fc.property(fc.array(some, { maxLength: 5 }), (workers) => {
        const merged = new Histogram();
        for (const values of workers) merged.merge(structuredClone(recorded(values).toData()));
        expect(merged.toData()).toEqual(recorded(workers.flat()).toData());
      }),
      RUNS,
    );
  });

  it("emptied for the next point: like a new one", () => {
    const histogram = recorded([1, 1000, LARGEST]);
    histogram.reset();
    expect(histogram.toData()).toEqual(new Histogram().toData());
    histogram.record(7);
    expect(histogram.quantile(0.5)).toBe(7);
  });

  it("its entries: ascending, and as many as were recorded", () => {
    fc.assert(
      fc.property(samples, (values) => {
        const entries = [...recorded(values).entries()];
        expect(entries.reduce((sum, [, count]) => sum + count, 0)).toBe(values.length);
        expect(entries.every(([v], i) => i === 0 || v > entries[i - 1][0])).toBe(true);
      }),
      RUNS,
    );
  });
});
