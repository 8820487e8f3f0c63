// What a workload says of the rest of the kernel and of its programs: sections that only one core is
// in, locks of leaf tables, lines of messages and targets, working sets, accesses to nobody else's
// pages.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parsePolicy } from "../../dist/src/engine/policy/parse.js";
import { LOCK, SERVING } from "../../dist/src/engine/probe/segments.js";
import { costsOf } from "../../dist/src/engine/profile/profile.js";
import type { PointResult } from "../../dist/src/workers/point.js";
import { VirtualPool } from "../../dist/src/workers/virtual-pool.js";
import {
  MADVISE,
  MUNMAP,
  MUNMAP_RANGE,
  SERVER,
  type WorkloadPlan,
} from "../../dist/src/workloads/workload.js";
import { pointOf, workloadOf } from "../support/points.ts";
import { AKAROS_2020 } from "../support/virtual-run.ts";

const CORES = 4;
/** Longer than any shootdown here. */
const SECTION_NS = 50_000;

let pool: VirtualPool;
beforeAll(() => {
  pool = new VirtualPool(1);
});
afterAll(() => pool.close());

/** All cores initiate, one operation after the other; the checker watches. */
function run(part: Partial<WorkloadPlan>, policy = "strict"): Promise<PointResult> {
  const workload = workloadOf({ initiators: CORES, pages: 1, gapNs: 1, windows: 300, ...part });
  const point = { cores: CORES, checks: true, workload, policy: parsePolicy(policy) };
  return pool.run(pointOf({ executor: "virtual", ...point }));
}

/** Modelled ns that each operation of all initiators adds. */
function nsPerOperation({ elapsedNs, latency }: PointResult): number {
  return elapsedNs / latency.count;
}

describe.each([
  ["munmap", MUNMAP],
  ["munmap-range", MUNMAP_RANGE],
  ["madvise", MADVISE],
  ["server", SERVER],
])("%s, a section that only one core is in", (_, kind) => {
  const ns = SECTION_NS;

  it("before the flush: operations take no less than their sections together", async () => {
    const result = await run({ kind, serial: { ns, untilFlushed: false } });
    expect(nsPerOperation(result)).toBeGreaterThanOrEqual(ns * 0.95); // Some began in the warm-up.
    // Cores that are in theirs, or in the queue for it, answer when they are done.
    expect(result.latency.mean).toBeGreaterThan(1.5 * ns);
    expect(result.latency.mean).toBeLessThan(3 * ns);
    expect(result.check?.findings).toEqual([]);
  });

  it("until the flush is done: no two shootdowns at a time", async () => {
    const [apart, together] = await Promise.all([
      run({ kind, serial: { ns: 0, untilFlushed: true } }),
      run({ kind }),
    ]);
    expect(nsPerOperation(apart)).toBeGreaterThanOrEqual(apart.latency.min);
    expect(nsPerOperation(apart)).toBeGreaterThan(nsPerOperation(together));
    expect(apart.check?.findings).toEqual([]);
  });
});

describe("locks of leaf tables", () => {
  it("initiators with tables of their own: wait for nobody", async () => {
    const lockNs = async (part: Partial<WorkloadPlan>): Promise<number> => {
      const { segments, check } = await run({ kind: MUNMAP_RANGE, pages: 20, ...part });
      expect(check?.findings).toEqual([]);
      return segments[LOCK].onPath.mean ?? 0;
    };
    expect(await lockNs({})).toBeGreaterThan(0);
    expect(await lockNs({ tableLocks: true })).toBe(0);
  });
});

describe("lines of a message", () => {
  it("a handler that fetches three more: answers three transfers later", async () => {
    const alone = { kind: MUNMAP, initiators: 1 };
    const [one, four] = await Promise.all([run(alone), run({ ...alone, messageLines: 3 })]);
    expect(four.latency.min - one.latency.min).toBe(3 * costsOf(AKAROS_2020).cacheLineNs);
    expect(four.cores.ipis).toBe(one.cores.ipis);
  });
});

describe("lines of targets", () => {
  it("an initiator that fetches two from each core: tells them that much later", async () => {
    const alone = { kind: MUNMAP, initiators: 1 };
    const [none, two] = await Promise.all([run(alone), run({ ...alone, targetLines: 2 })]);
    const { cacheLineNs } = costsOf(AKAROS_2020);
    expect(two.latency.min - none.latency.min).toBe(2 * (CORES - 1) * cacheLineNs);
    expect(two.cores.ipis).toBe(none.cores.ipis);
  });

  it("initiators that fetch many: answer each other meanwhile", async () => {
    const serving = async (part: Partial<WorkloadPlan>): Promise<number> => {
      const { cores, segments, check } = await run({ kind: MUNMAP, ...part });
      expect(check?.findings).toEqual([]);
      expect(cores.acknowledgements).toBe(cores.ipis);
      return segments[SERVING].onPath.mean ?? 0;
    };
    expect(await serving({ targetLines: 64 })).toBeGreaterThan(await serving({}));
  });
});

describe("programs", () => {
  it("with accesses of their own only: nobody else is told who tracks accesses", async () => {
    const ipis = async (part: Partial<WorkloadPlan>): Promise<number> =>
      (await run({ kind: SERVER, gapNs: 5000, ...part }, "abis")).cores.ipis;
    expect(await ipis({})).toBeGreaterThan(0);
    expect(await ipis({ privateAccesses: true })).toBe(0);
  });

  it("with more pages: more to fetch again after a full flush", async () => {
    const misses = async (programPages: number): Promise<number> => {
      const program = { privateAccesses: true as const, programPages, accessGapNs: 20 };
      const { cores } = await run({ kind: MADVISE, gapNs: 20_000, ...program }, "strict+full");
      return cores.tlbMisses;
    };
    expect(await misses(16)).toBeLessThan(await misses(128));
    expect(await misses(128)).toBeLessThan(await misses(1024));
  });
});
