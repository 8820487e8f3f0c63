// What each choice of a policy does, in virtual time, and that any combination of them gives back
// what it takes.

import { describe, expect, test } from "vitest";
import type { Policy, Reuse, When } from "../../dist/src/engine/policy/policy.js";
import { PRESETS, STRICT } from "../../dist/src/engine/policy/presets.js";
import { PROFILES } from "../../dist/src/engine/profile/profiles.js";
import { MUNMAP_RANGE, PAGE_TABLE_FREE } from "../../dist/src/workloads/workload.js";
import { type Outcome, runVirtually, type Setup } from "../support/virtual-run.js";

const MS = 1_000_000;
const ZEN3 = PROFILES.find(({ name }) => name === "zen3-2s")!;

const QUEUE: When = { kind: "queue", entries: 16, timeoutNs: MS };
const TICK: When = { kind: "tick", states: 64, periodNs: MS };
const REUSE: When = { kind: "reuse", sameOwner: false, readOnly: false };
const AT_ONCE: Reuse = { kind: "at-once" };
const AFTER_FLUSH: Reuse = { kind: "after-flush" };

function policyWith(choices: Partial<Policy>): Policy {
  return { ...STRICT, name: "a policy", ...choices };
}

function reuses(frames: Reuse, addresses: Reuse): Policy["reuse"] {
  return { frames, addresses, tables: AFTER_FLUSH };
}

/** Four windows of two pages a core, each used again and again. */
function run(choices: Partial<Policy>, setup: Partial<Setup> = {}): Outcome {
  const { workload, ...others } = setup;
  return runVirtually({
    policy: policyWith(choices),
    cores: 4,
    iommus: 1,
    ...others,
    workload: { pages: 2, windows: 4, operations: 40, warmup: 0, ...workload },
  });
}

function perOperation(outcome: Outcome, counter: "ipis" | "iommuWaits" | "fullFlushes"): number {
  return outcome.counters[counter] / outcome.counters.operations;
}

test.each(["linux-x86", "linux-reclaim", "eurosys20", "invlpgb"])(
  "%s: says that PCIDs are not shared out as Linux does",
  (name) => {
    const { assumed } = PRESETS.find((policy) => policy.name === name)!;
    expect(assumed).toMatch(/PCID for good.*TLB_NR_DYN_ASIDS/);
  },
);

describe("whatever is combined", () => {
  const whens: When[] = [{ kind: "each" }, { kind: "batch", pages: 2 }, QUEUE, TICK, REUSE];
  const iommuWhens = whens.filter(({ kind }) => kind !== "tick");
  const combinations = whens.flatMap((whenCores) =>
    iommuWhens.flatMap((whenIommu) =>
      [AT_ONCE, AFTER_FLUSH, { kind: "after-ticks", ticks: 2 } as const].flatMap((frames) =>
        [AT_ONCE, AFTER_FLUSH].map((addresses) => {
          const reuse = reuses(frames, addresses);
          const name = [whenCores, whenIommu, frames, addresses].map(({ kind }) => kind).join(", ");
          return [name, { whenCores, whenIommu, reuse }] as const;
        }),
      ),
    ),
  );
  test.each(combinations)("%s: what was held has been given back in the end", (_, choices) => {
    const outcome = run(choices, { devices: 1, workload: { initiators: 2 }, checks: true });
    const { frames, addresses } = choices.reuse;
    const isAfterFlush = frames.kind === "after-flush" && addresses.kind === "after-flush";
    if (isAfterFlush) expect(outcome.check.findings).toEqual([]);
    expect(outcome.counters.operations).toBe(80);
    expect(outcome.counters.framesFreed).toBe(outcome.counters.framesHeld);
    expect(outcome.machine.spaces.heldBy(0)).toBe(0);
    expect(outcome.machine.frames.countOwned()).toBe(outcome.framesAtStart);
  });
});

describe("tick", () => {
  test("nobody is interrupted, and cores drop pages at their ticks", () => {
    const outcome = run({ whenCores: TICK }, { workload: { windows: 300, gapNs: 100_000 } });
    expect(outcome.counters.ipis).toBeLessThanOrEqual(2 * 3); // When the run ends, all is flushed.
    expect(outcome.counters.pageFlushes).toBeGreaterThan(2 * 40 * 3);
  });

  test("a full ring is flushed by interrupts", () => {
    const outcome = run(
      { whenCores: { kind: "tick", states: 8, periodNs: MS } },
      { workload: { windows: 300, gapNs: 100 } },
    );
    expect(outcome.counters.ipis).toBeGreaterThan(0);
  });
});

describe("reuse", () => {
  test("nothing is flushed before a frame or an address is used again", () => {
    const outcome = run({ whenCores: REUSE, whenIommu: REUSE }, { workload: { operations: 4 } });
    // One for both frames of an operation, when the next one takes them out of the magazine.
    expect(outcome.counters.shootdowns).toBe(3);
    const strict = run({}, { workload: { operations: 4 } });
    expect(strict.counters.shootdowns).toBe(8);
  });

  test("a frame that goes back to its owner is not flushed, an address is", () => {
    const once = { workload: { operations: 4, windows: 300 } };
    const every = { whenCores: REUSE, whenIommu: REUSE };
    const others: When = { kind: "reuse", sameOwner: true, readOnly: false };
    expect(run(every, once).counters.shootdowns).toBeGreaterThan(0);
    expect(run({ whenCores: others, whenIommu: others }, once).counters.shootdowns).toBe(0);
    const again = run({ whenCores: others, whenIommu: others });
    expect(again.counters.shootdowns).toBeGreaterThan(0);
  });

  test("read-only: pages that are writable are flushed after each unmap", () => {
    const readOnly: When = { kind: "reuse", sameOwner: false, readOnly: true };
    const outcome = run({ whenCores: readOnly, whenIommu: readOnly });
    expect(outcome.counters.shootdowns).toBe(80);
  });
});

describe("frames at once", () => {
  test("deferred: they need no flush when they are used again, it comes when it is due", () => {
    const deferred = { whenCores: QUEUE, whenIommu: QUEUE };
    const setup = { workload: { windows: 300 } };
    const atOnce = run({ ...deferred, reuse: reuses(AT_ONCE, AFTER_FLUSH) }, setup);
    expect(run(deferred, setup).counters.shootdowns).toBeGreaterThan(0);
    expect(atOnce.counters.shootdowns).toBe(run(deferred, setup).counters.shootdowns);
  });
});

describe("whom", () => {
  const FEW_ACCESSES = { accessGapNs: 10 * MS };

  test("accessed: cores that have not accessed the pages are not told", () => {
    const setup = { workload: FEW_ACCESSES };
    expect(perOperation(run({}, setup), "ipis")).toBe(2 * 3);
    const whom = { among: "accessed", skipIdle: false, broadcastFrom: 0 } as const;
    expect(perOperation(run({ whom }, setup), "ipis")).toBeLessThan(1);
  });

  test("skipIdle: idle cores are not interrupted, others are", () => {
    const setup = { workload: { idleCores: 2 } };
    expect(perOperation(run({}, setup), "ipis")).toBe(2 * 3);
    const whom = { among: "loaded", skipIdle: true, broadcastFrom: 0 } as const;
    expect(perOperation(run({ whom }, setup), "ipis")).toBe(2);
  });

  test.each([
    [3, 0, 2],
    [4, 6, 0],
  ])("broadcast(%i) with three targets: %i IPIs, %i broadcasts", (from, ipis, broadcasts) => {
    const whom = { among: "loaded", skipIdle: false, broadcastFrom: from } as const;
    const outcome = run({ whom }, { profile: ZEN3 });
    expect(perOperation(outcome, "ipis")).toBe(ipis);
    expect(outcome.counters.broadcasts / outcome.counters.operations).toBe(broadcasts);
  });
});

describe("generations", () => {
  const extent = { fullAbovePages: 33, generations: true };

  test("one initiator: each core flushes the range, nothing else", () => {
    const outcome = run({ extent });
    expect(outcome.counters.fullFlushes).toBe(0);
    expect(outcome.counters.pageFlushes).toBe(2 * 4 * 40);
  });

  test("several initiators: who is behind flushes everything, and skips what that has covered", () => {
    const setup = { workload: { initiators: 4, gapNs: 0, operations: 100 } };
    const counters = run({ extent }, setup).counters;
    const flushes = counters.fullFlushes + counters.pageFlushes;
    expect(counters.fullFlushes).toBeGreaterThan(0);
    expect(flushes).toBeLessThan(run({}, setup).counters.pageFlushes);
  });
});

describe("a page-table page that waits for its flush", () => {
  const queue = { kind: "queue", entries: 256, timeoutNs: 10_000_000 } as const;
  const shootdowns = (windows: number) => {
    const workload = { kind: PAGE_TABLE_FREE, operations: 40, windows };
    return run({ whenCores: queue, whenIommu: queue }, { workload }).counters.shootdowns;
  };

  test("holds the addresses of its region: who maps there again forces the flush", () => {
    expect(shootdowns(1)).toBeGreaterThanOrEqual(39);
    expect(shootdowns(60)).toBeLessThan(5);
  });
});

describe("wait-every", () => {
  test("one wait for so many flushes; what was unmapped is held until it has completed", () => {
    const iommu = { ...STRICT.iommu, waitEvery: 10 };
    const workload = { kind: MUNMAP_RANGE, operations: 100, windows: 300 };
    const outcome = run({ iommu }, { workload });
    const strict = run({}, { workload });
    expect(strict.counters.iommuWaits).toBe(100);
    // One more when the run ends, and what it took to empty the queue then.
    expect(outcome.counters.iommuWaits).toBeLessThanOrEqual(12);
    expect(outcome.counters.iotlbInvalidations).toBeGreaterThanOrEqual(100);
    expect(outcome.counters.heldPagesMax).toBeGreaterThanOrEqual(20);
    expect(outcome.latency.sum).toBeLessThan(strict.latency.sum);
  });
});
