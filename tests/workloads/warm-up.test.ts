import { describe, expect, it } from "vitest";
import { STRICT } from "../../dist/src/engine/policy/presets.js";
import { Random } from "../../dist/src/engine/random.js";
import { resultOf } from "../../dist/src/workers/sums.js";
import { VirtualPool } from "../../dist/src/workers/virtual-pool.js";
import { LEAST_WARMUP, truncationOf, WarmUp } from "../../dist/src/workloads/warm-up.js";
import { pointOf, workloadOf } from "../support/points.ts";

/** `count` values that scatter around `mean`. */
function around(mean: number, count: number, random: Random): number[] {
  return Array.from({ length: count }, () => Math.round(mean * (0.9 + 0.2 * random.fraction())));
}

function warmedUpBy(latencies: readonly number[]): boolean | undefined {
  const warmUp = new WarmUp();
  for (const ns of latencies) warmUp.add(ns);
  return warmUp.isSteady;
}

describe("truncation", () => {
  it("leaves out what came before a step, and nothing of what is steady", () => {
    const truncations = Array.from({ length: 50 }, (_, seed) => {
      const random = new Random(seed);
      return truncationOf([...around(3000, 20, random), ...around(1000, 60, random)]);
    });
    truncations.sort((a, b) => a - b);
    expect(truncations[0]).toBeGreaterThanOrEqual(20);
    expect(truncations[25]).toBeLessThan(30);
  });

  it("of two levels, each without scatter: exactly the first", () => {
    expect(truncationOf([...Array(20).fill(3000), ...Array(60).fill(1000)])).toBe(20);
  });

  it("of values that are all alike: nothing", () => {
    expect(truncationOf(Array<number>(30).fill(7))).toBe(0);
  });
});

describe("a warm-up", () => {
  it("is over at once where nothing changes, and not while everything does", () => {
    expect(warmedUpBy(Array<number>(LEAST_WARMUP).fill(500))).toBe(true);
    const falling = Array.from({ length: 100 }, (_, i) => 10_000 - 100 * i);
    expect(warmedUpBy(falling)).toBe(false);
  });

  it("is over once what has settled is the larger part", () => {
    const random = new Random(1);
    const first = around(3000, 60, random);
    expect(warmedUpBy([...first, ...around(1000, 30, random)])).toBe(false);
    expect(warmedUpBy([...first, ...around(1000, 100, random)])).toBe(true);
  });

  it("does not take one operation that the host interrupted for a change", () => {
    const latencies = around(1000, 100, new Random(2));
    latencies[70] = 30_000_000;
    expect(warmedUpBy(latencies)).toBe(true);
  });

  it("is not said of a handful of operations", () => {
    expect(warmedUpBy([5, 5, 5, 5])).toBe(undefined);
  });
});

describe("a run", () => {
  it("says how long its warm-up was, and measures as many operations as before", async () => {
    const pool = new VirtualPool(1);
    const warmupOf = async (part: object) => {
      const workload = workloadOf({ operations: 200, warmup: 20, ...part });
      const point = pointOf({ executor: "virtual", policy: STRICT, workload });
      const { warmup, latency } = resultOf(point, [await pool.record(point)]);
      expect(latency.count).toBe(200);
      return warmup;
    };
    expect(await warmupOf({})).toBe(20);
    const compiling = (operations: number, untilNs: number) => ({
      compiling: { operations, untilNs },
    });
    expect(await warmupOf(compiling(30, Number.POSITIVE_INFINITY))).toBe(50);
    expect(await warmupOf(compiling(30, 0))).toBe(20);
    const cutShort = await warmupOf(compiling(1_000_000, 10_000));
    expect(cutShort).toBeGreaterThan(20);
    expect(cutShort).toBeLessThan(200);
    const settled = await warmupOf({ settles: true });
    expect(settled).toBeGreaterThanOrEqual(20);
    expect(settled).toBeLessThanOrEqual(200);
    await pool.close();
  });

  it("says that its warm-up was never steady: more is due than can be done, so that all wait longer", async () => {
    const pool = new VirtualPool(1);
    const resultWith = async (part: object) => {
      const workload = workloadOf({ operations: 200, warmup: 60, settles: true, ...part });
      const point = pointOf({ executor: "virtual", policy: STRICT, workload });
      return resultOf(point, [await pool.record(point)]);
    };
    const crowded = await resultWith({ arrivalNs: 500 });
    expect([crowded.neverSteady, crowded.warmup]).toEqual([true, 200]);
    expect((await resultWith({})).neverSteady).toBe(false);
    expect((await resultWith({ arrivalNs: 500, settles: false })).neverSteady).toBe(false);
    await pool.close();
  });
});
