// Worker threads and virtual time run the same protocols: with one initiator every count is the
// same and every actor does the same steps in the same order; with several, what must hold holds in
// both. Times are not compared here (npm run conformance).

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parsePolicy } from "../../dist/src/engine/policy/parse.js";
import type { Policy } from "../../dist/src/engine/policy/policy.js";
import { BASIC_POLICIES } from "../../dist/src/engine/policy/presets.js";
import { PROFILES } from "../../dist/src/engine/profile/profiles.js";
import { Gang } from "../../dist/src/workers/gang.js";
import { runOnThreads } from "../../dist/src/workers/on-threads.js";
import type { Point, PointResult } from "../../dist/src/workers/point.js";
import { VirtualPool } from "../../dist/src/workers/virtual-pool.js";
import { WIDEN_UNFLUSHED } from "../../dist/src/workloads/mprotect.js";
import { TLB_BENCH_MODES } from "../../dist/src/workloads/tlb-bench.js";
import {
  FORK_COW,
  IDLE_HEAVY,
  MADVISE,
  MIGRATE,
  MPROTECT,
  MPROTECT_WIDEN,
  MUNMAP,
  MUNMAP_RANGE,
  NIC_RX,
  NIC_TX,
  PAGE_TABLE_FREE,
  PORT,
  RECLAIM,
  RESIZE,
  SERVER,
  TLB_BENCH,
  type WorkloadPlan,
} from "../../dist/src/workloads/workload.js";
import { pointOf, workloadOf } from "../support/points.ts";
import { POLICIES } from "../support/policies.ts";

const AKAROS = POLICIES.find(({ name }) => name === "akaros")!;

let gang: Gang;
let pool: VirtualPool;
beforeAll(() => {
  gang = new Gang(6);
  pool = new VirtualPool(2);
});
afterAll(async () => {
  await gang.close();
  await pool.close();
});

/** Threads, dilated so that a host which takes turns has the time to, and virtual time. */
async function both(part: Partial<Point>): Promise<{ threads: PointResult; virtual: PointResult }> {
  const point = pointOf({ ...part, logsSteps: true });
  const [virtual, threads] = [
    await pool.run({ ...point, executor: "virtual" }),
    await runOnThreads(gang, { ...point, dilation: 20 }),
  ];
  return { threads, virtual };
}

/** What must not depend on how long anything took. */
function countsOf({ cores, iommus }: PointResult): object {
  const { operations, shootdowns, ipis, broadcasts, acknowledgements } = cores;
  const { fullFlushes, pageFlushes, iotlbInvalidations, iommuWaits, mailboxFull } = cores;
  const { framesHeld, framesFreed, heldPagesMax } = cores;
  return {
    ...{ operations, shootdowns, ipis, broadcasts, acknowledgements },
    ...{ fullFlushes, pageFlushes, iotlbInvalidations, iommuWaits, mailboxFull },
    ...{ framesHeld, framesFreed, heldPagesMax },
    iommus: { ...iommus },
  };
}

const WORKLOADS: [string, Partial<WorkloadPlan>][] = [
  ["munmap", { kind: MUNMAP, pages: 3 }],
  ["munmap-range", { kind: MUNMAP_RANGE, pages: 3 }],
  ["munmap-range above the ceiling", { kind: MUNMAP_RANGE, pages: 40, windows: 30 }],
  ["madvise", { kind: MADVISE, pages: 3, windows: 1 }],
  ["page-table-free", { kind: PAGE_TABLE_FREE, pages: 3, windows: 30 }],
  ["mprotect", { kind: MPROTECT, pages: 3, windows: 1 }],
  ["mprotect:widen", { kind: MPROTECT_WIDEN, pages: 3, windows: 1 }],
  [
    "mprotect:widen-unflushed",
    { kind: MPROTECT_WIDEN, mode: WIDEN_UNFLUSHED, pages: 3, windows: 1 },
  ],
  ["resize", { kind: RESIZE, pages: 3, windows: 1 }],
  ["fork-cow", { kind: FORK_COW, pages: 3, windows: 1 }],
  ["migrate", { kind: MIGRATE, pages: 3, windows: 1 }],
];

/**
 * Policies whose counts depend on when things happen: how often a core ticks meanwhile, whether it
 * accesses a page before that is unmapped, or whether it has flushed one change, acknowledged early,
 * when the next one is made. Of these, what must hold holds.
 */
function followsTime({ whenCores, whom, ack, extent }: Policy): boolean {
  const comparesEarly = extent.generations && ack !== "late";
  return whenCores.kind === "tick" || whom.among === "accessed" || comparesEarly;
}

/** All of them for the loops that are nothing but unmaps. */
function policiesFor({ kind }: Partial<WorkloadPlan>): readonly Policy[] {
  if (kind !== MUNMAP && kind !== MUNMAP_RANGE) return BASIC_POLICIES;
  return POLICIES.filter((policy) => !followsTime(policy));
}

const CASES: [string, Policy, Partial<WorkloadPlan>][] = [
  ...WORKLOADS.flatMap(([name, plan]) =>
    policiesFor(plan).map((policy): [string, Policy, Partial<WorkloadPlan>] => {
      return [`${policy.name}, ${name}`, policy, plan];
    }),
  ),
  ...["strict+register", "strict+register+global", "batch(8)+register+no-leaf-hint"].map(
    (text): [string, Policy, Partial<WorkloadPlan>] => {
      return [`${text}, munmap`, parsePolicy(text), { kind: MUNMAP, pages: 3 }];
    },
  ),
  ...TLB_BENCH_MODES.map((name, mode): [string, Policy, Partial<WorkloadPlan>] => {
    return [`tlb-bench:${name}`, AKAROS, { kind: TLB_BENCH, mode }];
  }),
];

describe("one initiator: the same counts, and each actor's steps in the same order", () => {
  test.each(CASES)("%s", async (_, policy, plan) => {
    const workload = workloadOf({ ...plan, operations: 25 });
    for (const [cores, iommus] of [
      [3, 0],
      [2, 2],
    ]) {
      const { threads, virtual } = await both({ policy, workload, cores, iommus });
      expect(countsOf(threads)).toEqual(countsOf(virtual));
      expect(virtual.steps[0]?.count).toBeGreaterThan(0);
      expect(threads.steps).toEqual(virtual.steps);
    }
  });

  const machines = PROFILES.filter(({ name }) => name !== "host");
  test.each(machines.map((profile) => [profile.name, profile] as const))(
    "on %s",
    async (_, profile) => {
      const { threads, virtual } = await both({ profile, cores: 4, iommus: 1 });
      expect(countsOf(threads)).toEqual(countsOf(virtual));
      expect(threads.steps).toEqual(virtual.steps);
    },
  );
});

describe("one initiator, and counts that follow time: what must hold, in both", () => {
  test.each(POLICIES.filter(followsTime).map((policy) => [policy.name, policy] as const))(
    "%s",
    async (_, policy) => {
      const workload = workloadOf({ pages: 3, operations: 25, warmup: 0 });
      const { threads, virtual } = await both({ policy, workload, cores: 3, iommus: 1 });
      for (const { cores, iommus } of [threads, virtual]) {
        expect(cores.operations).toBe(25);
        expect([cores.framesHeld, cores.framesFreed]).toEqual([75, 75]);
        expect(cores.acknowledgements).toBe(cores.ipis);
        expect(iommus.waits).toBe(cores.iommuWaits);
      }
    },
  );
});

// The other cores fall asleep as often as time lets them. What the initiator counts and does is
// exact.
describe("idle-heavy: the same counts, and the initiator's steps in the same order", () => {
  test.each(BASIC_POLICIES.map((policy) => [policy.name, policy] as const))(
    "%s",
    async (_, policy) => {
      const workload = workloadOf({ kind: IDLE_HEAVY, pages: 3, operations: 25 });
      const { threads, virtual } = await both({ policy, workload, cores: 3, iommus: 1 });
      expect(countsOf(threads)).toEqual(countsOf(virtual));
      expect(threads.steps[0]).toEqual(virtual.steps[0]);
    },
  );
});

// The cores that fault pages in are interrupted before, behind or between two faults: they do the
// same steps in an order that time decides. What the reclaimer counts and does is exact.
describe("reclaim: the same counts, as many steps, and those of the reclaimer in the same order", () => {
  test.each(BASIC_POLICIES.map((policy) => [policy.name, policy] as const))(
    "%s",
    async (_, policy) => {
      const workload = workloadOf({ kind: RECLAIM, pages: 8, windows: 40, operations: 25 });
      const { threads, virtual } = await both({ policy, workload, cores: 3, iommus: 1 });
      expect(countsOf(threads)).toEqual(countsOf(virtual));
      expect(threads.steps[0]).toEqual(virtual.steps[0]);
      expect(threads.steps.map((steps) => steps?.count)).toEqual(
        virtual.steps.map((steps) => steps?.count),
      );
    },
  );
});

// How far the device got with a page when its descriptor's neighbours are flushed decides whether
// it misses and what the IOMMU drains, and on threads that share CPUs its pace is another.
const RINGS: Record<number, string> = { [NIC_RX]: "rx", [NIC_TX]: "tx", [PORT]: "port" };

describe("a device with a ring: what must hold, in both", () => {
  test.each(
    [NIC_RX, NIC_TX, PORT].flatMap((kind) =>
      BASIC_POLICIES.map((policy) => [RINGS[kind], policy.name, kind, policy] as const),
    ),
  )("%s, %s", async (_direction, _name, kind, policy) => {
    const workload = workloadOf({ kind, pages: 16, windows: 40, operations: 12, warmup: 2 });
    const machine = { cores: 2, iommus: 1, devices: 1 };
    const { threads, virtual } = await both({ policy, workload, ...machine });
    for (const { cores, devices } of [threads, virtual]) {
      expect(cores.operations).toBe(12);
      expect(cores.framesHeld).toBe(12 * 16);
      expect(devices.dmas).toBeGreaterThanOrEqual((12 + 2) * 16);
      expect(devices.faults).toBe(0);
    }
  });
});

describe("several initiators: what must hold, in both", () => {
  test.each(POLICIES.map((policy) => [policy.name, policy] as const))("%s", async (_, policy) => {
    const workload = workloadOf({ initiators: 3, windows: 260, gapNs: 300 });
    const { threads, virtual } = await both({ policy, workload, cores: 4, iommus: 1 });
    for (const { cores, iommus } of [threads, virtual]) {
      expect(cores.operations).toBe(3 * 30);
      expect(cores.framesHeld).toBe(3 * 30 * 2);
      expect(cores.acknowledgements).toBeLessThanOrEqual(cores.ipis);
      const isAwaited = policy.whenCores.kind === "each" || policy.whenCores.kind === "batch";
      if (policy.ack !== "none" && isAwaited) {
        expect(cores.acknowledgements).toBe(cores.ipis);
      }
      expect(iommus.waits).toBe(policy.iommu.interface === "queue" ? cores.iommuWaits : 0);
    }
  });

  test("server: every core maps and unmaps", async () => {
    const workload = workloadOf({ kind: SERVER, initiators: 4, windows: 20, pages: 3 });
    const { threads, virtual } = await both({ workload, cores: 4, iommus: 1 });
    for (const { cores } of [threads, virtual]) {
      expect(cores.operations).toBe(4 * 30);
      expect(cores.framesHeld).toBe(4 * 30 * 3);
      expect(cores.acknowledgements).toBe(cores.ipis);
    }
  });
});
