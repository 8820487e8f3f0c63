import { describe, expect, it } from "vitest";
import { STRICT } from "../../dist/src/engine/policy/presets.js";
import { Arrivals } from "../../dist/src/engine/protocol/arrivals.js";
import { Random } from "../../dist/src/engine/random.js";
import {
  FORK_COW,
  MADVISE,
  MIGRATE,
  MPROTECT,
  MPROTECT_WIDEN,
  MUNMAP,
  TLB_BENCH,
} from "../../dist/src/workloads/workload.js";
import { pathNs, runVirtually } from "../support/virtual-run.ts";

/** `strict`, two cores, an operation of a page due every `arrivalNs` on average. */
function ran(arrivalNs?: number, kind = MUNMAP) {
  const workload = { kind, operations: 400, ...(arrivalNs !== undefined && { arrivalNs }) };
  return runVirtually({ policy: STRICT, workload });
}

describe("arrivals", () => {
  it("are as far apart as was asked for, on average, and as often twice that as chance has it", () => {
    const arrivals = new Arrivals(new Random(1), 1000);
    let before = 0;
    const gaps = Array.from({ length: 10_000 }, () => {
      arrivals.advance();
      const gap = arrivals.dueNs - before;
      before = arrivals.dueNs;
      return gap;
    });
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    expect(Math.abs(mean / 1000 - 1)).toBeLessThan(0.05);
    const long = gaps.filter((gap) => gap > 2000).length / gaps.length;
    expect(Math.abs(long - Math.exp(-2))).toBeLessThan(0.02);
  });
});

describe("operations that are due", () => {
  it("seldom: take what they take when nobody hurries them", () => {
    const [seldom, alone] = [ran(100_000), ran()];
    expect(seldom.latency.quantile(0.5)).toBe(alone.latency.quantile(0.5));
    expect(seldom.segments.waiting).toBeLessThan(50);
  });

  it("more often than they can be done: wait longer and longer, which counts", () => {
    const alone = ran();
    const crowded = ran(alone.latency.min / 2);
    expect(crowded.latency.max).toBeGreaterThan(100 * alone.latency.max);
    expect(crowded.segments.waiting).toBeGreaterThan(crowded.segments.handler);
    expect(alone.segments.waiting).toBe(0);
  });

  it("at random near what can be done: the tail waits, the median hardly", () => {
    const alone = ran();
    const loaded = ran(4 * alone.latency.max);
    expect(loaded.latency.quantile(0.99)).toBeGreaterThan(1.3 * alone.latency.quantile(0.99)!);
    expect(loaded.latency.quantile(0.5)).toBeLessThan(1.5 * alone.latency.quantile(0.5)!);
  });

  it.each([
    ["munmap", MUNMAP],
    ["madvise", MADVISE],
    ["mprotect", MPROTECT],
    ["mprotect:widen", MPROTECT_WIDEN],
    ["fork-cow", FORK_COW],
    ["migrate", MIGRATE],
    ["tlb-bench", TLB_BENCH],
  ])("%s: segments add up to the latency, waiting included", (_, kind) => {
    const outcome = ran(3000, kind);
    expect(outcome.latency.count).toBe(400);
    expect(pathNs(outcome)).toBeCloseTo(outcome.latency.mean!, 3);
  });

  it("are due at the same times whatever the policy makes of them", () => {
    const due = (pages: number) => {
      const arrivals = new Arrivals(new Random(3), 500);
      return Array.from({ length: pages }, () => {
        arrivals.advance();
        return arrivals.dueNs;
      });
    };
    expect(due(5)).toEqual(due(9).slice(0, 5));
  });
});
