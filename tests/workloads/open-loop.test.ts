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

/** The same at fixed gaps. */
function ranEvenly(arrivalNs: number) {
  const workload = { operations: 400, arrivalNs, fixedArrivals: true as const };
  return runVirtually({ policy: STRICT, workload });
}

/** When the first few are due that come after `nowNs`. */
function dueAfter(arrivals: Arrivals, nowNs: number): number[] {
  arrivals.restart(nowNs);
  return Array.from({ length: 4 }, () => {
    arrivals.advance();
    return arrivals.dueNs;
  });
}

describe("arrivals", () => {
  it("are as far apart as was asked for, on average, and as often twice that as chance has it", () => {
    const arrivals = Arrivals.poisson(1000, new Random(1));
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

describe("arrivals at fixed gaps", () => {
  it("are as far apart as was asked for, whenever they begin", () => {
    expect(dueAfter(Arrivals.fixed(100, 0), 0)).toEqual([100, 200, 300, 400]);
    expect(dueAfter(Arrivals.fixed(100, 0), 250)).toEqual([300, 400, 500, 600]);
    expect(dueAfter(Arrivals.fixed(100, 30), 10)).toEqual([30, 130, 230, 330]);
  });

  it("take turns: an initiator's lie in the middle between those of another", () => {
    const all = [0, 50].flatMap((phase) => dueAfter(Arrivals.fixed(100, phase), 1000));
    expect(all.sort((a, b) => a - b)).toEqual([1050, 1100, 1150, 1200, 1250, 1300, 1350, 1400]);
  });

  it("never wait while there is time enough between them, at a rate at which random ones do", () => {
    const alone = ran();
    const gapNs = 2 * alone.latency.max;
    const [even, random] = [ranEvenly(gapNs), ran(gapNs)];
    expect(even.segments.waiting).toBe(0);
    expect(even.latency.quantile(0.5)).toBe(alone.latency.quantile(0.5));
    expect(random.segments.waiting).toBeGreaterThan(0.1 * alone.latency.mean!);
  });

  it("wait longer and longer where there is not", () => {
    const alone = ran();
    expect(ranEvenly(Math.floor(alone.latency.min / 2)).latency.max).toBeGreaterThan(
      100 * alone.latency.max,
    );
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
      const arrivals = Arrivals.poisson(500, new Random(3));
      return Array.from({ length: pages }, () => {
        arrivals.advance();
        return arrivals.dueNs;
      });
    };
    expect(due(5)).toEqual(due(9).slice(0, 5));
  });
});
