// What must hold of every policy, in virtual time, where a run is exact and repeats.

import { describe, expect, test } from "vitest";
import { planOf, QUEUE } from "../../dist/src/engine/policy/plan.js";
import { batch, DEFAULT_DEFERRED, deferred, STRICT } from "../../dist/src/engine/policy/presets.js";
import { MUNMAP_RANGE } from "../../dist/src/workloads/workload.js";
import { POLICIES } from "../support/policies.ts";
import { type Outcome, pathNs, runVirtually } from "../support/virtual-run.ts";

const AKAROS = POLICIES.find(({ name }) => name === "akaros")!;
const OVERLAPPED = POLICIES.find(({ name }) => name === "overlapped")!;

function p50(outcome: Outcome): number {
  return outcome.latency.quantile(0.5)!;
}

describe.each(POLICIES.map((policy) => [policy.name, policy] as const))("%s", (_, policy) => {
  test("one initiator: every frame that was held is freed, and none is lost", () => {
    const outcome = runVirtually({
      policy,
      cores: 4,
      iommus: 1,
      devices: 1,
      workload: { pages: 3 },
    });
    const { counters, machine, framesAtStart } = outcome;
    expect(counters.operations).toBe(50);
    expect(counters.framesHeld).toBe(150);
    expect(counters.framesFreed).toBeGreaterThanOrEqual(150); // The warm-up's may come after it.
    expect(machine.frames.countOwned()).toBe(framesAtStart);
    expect(machine.spaces.heldBy(0)).toBe(0);
  });

  test("one initiator: the segments on the critical path add up to the latency", () => {
    const outcome = runVirtually({
      policy,
      cores: 4,
      iommus: 2,
      devices: 1,
      workload: { pages: 2 },
    });
    expect(pathNs(outcome)).toBeCloseTo(outcome.latency.mean!, 6);
  });

  test.each([2, 32])("%i initiators at once end, and free what they took", (initiators) => {
    const outcome = runVirtually({
      policy,
      cores: initiators,
      iommus: 1,
      devices: 1,
      workload: { initiators, operations: 8, windows: 12 },
    });
    expect(outcome.counters.operations).toBe(8 * initiators);
    expect(outcome.machine.frames.countOwned()).toBe(outcome.framesAtStart);
    expect(pathNs(outcome)).toBeCloseTo(outcome.latency.mean!, 6);
  });

  test("the same seed gives the same run, to the last count", () => {
    const setup = { policy, cores: 3, iommus: 1, devices: 2, workload: { initiators: 2 } };
    const [first, second] = [runVirtually(setup), runVirtually(setup)];
    expect(first.counters).toEqual(second.counters);
    expect(first.latency.toData()).toEqual(second.latency.toData());
  });

  test("responders that are idle, masked or in another process do not stop it", () => {
    const workload = { idleCores: 2, otherCores: 1, maskedEveryNs: 5000, maskedNs: 3000 };
    const outcome = runVirtually({ policy, cores: 6, workload });
    expect(outcome.counters.operations).toBe(50);
    expect(outcome.machine.frames.countOwned()).toBe(outcome.framesAtStart);
  });

  test("every IPI that asks for an acknowledgement gets exactly one", () => {
    const { counters } = runVirtually({ policy, cores: 5, workload: { warmup: 0 } });
    const interrupts = policy.whenCores.kind !== "reuse" && policy.whom.broadcastFrom === 0;
    if (interrupts) expect(counters.ipis).toBeGreaterThan(0);
    expect(counters.acknowledgements).toBe(policy.ack === "none" ? 0 : counters.ipis);
  });
});

describe("what a flush costs", () => {
  test("without a device attached the flush of the IOMMUs costs nothing", () => {
    const alone = runVirtually({ policy: STRICT });
    expect(alone.counters.iotlbInvalidations).toBe(0);
    expect(alone.segments.flush).toBe(0);
    expect(alone.segments.submit).toBe(0);
  });

  test("akaros: one IOMMU adds 800 ns in all, two add 1600", () => {
    const base = p50(runVirtually({ policy: AKAROS }));
    expect(p50(runVirtually({ policy: AKAROS, iommus: 1 })) - base).toBe(800);
    expect(p50(runVirtually({ policy: AKAROS, iommus: 2 })) - base).toBe(1600);
  });

  test("overlapped: a second IOMMU adds only its submission, not its flush", () => {
    const one = p50(runVirtually({ policy: OVERLAPPED, iommus: 1 }));
    const two = p50(runVirtually({ policy: OVERLAPPED, iommus: 2 }));
    expect(two - one).toBeLessThanOrEqual(100);
    expect(two - one).toBeGreaterThan(0);
  });

  test("batch: 32 pages of one operation cost one shootdown, strict pays 32", () => {
    const workload = { pages: 32, warmup: 0, operations: 10 };
    const strict = runVirtually({ policy: STRICT, iommus: 1, workload });
    const batched = runVirtually({ policy: batch(32, "both"), iommus: 1, workload });
    expect(strict.counters.ipis).toBe(320);
    expect(strict.counters.iommuWaits).toBe(320);
    expect(batched.counters.ipis).toBe(10);
    expect(batched.counters.iommuWaits).toBe(10);
  });

  test("batch on one half: the other half is still flushed at each unmap", () => {
    const workload = { pages: 32, warmup: 0, operations: 10 };
    const cores = runVirtually({ policy: batch(32, "cores"), iommus: 1, workload });
    expect([cores.counters.ipis, cores.counters.iommuWaits]).toEqual([10, 320]);
    const iommus = runVirtually({ policy: batch(32, "iommus"), iommus: 1, workload });
    expect([iommus.counters.ipis, iommus.counters.iommuWaits]).toEqual([320, 10]);
  });

  test("a range of 33 pages is flushed page by page, one of 34 in full", () => {
    const workload = { kind: MUNMAP_RANGE, warmup: 0, operations: 10, windows: 8 };
    const ranged = runVirtually({ policy: STRICT, workload: { ...workload, pages: 33 } });
    const full = runVirtually({ policy: STRICT, workload: { ...workload, pages: 34 } });
    expect(ranged.counters.fullFlushes).toBe(0);
    expect(full.counters.fullFlushes).toBe(20); // The initiator's and the responder's.
    expect(p50(full)).toBeLessThan(p50(ranged));
  });

  test("a core with interrupts off delays the shootdown, and the path says so", () => {
    const workload = { maskedEveryNs: 4000, maskedNs: 20_000, operations: 200 };
    const outcome = runVirtually({ policy: STRICT, workload });
    expect(outcome.segments.masked).toBeGreaterThan(0);
    expect(pathNs(outcome)).toBeCloseTo(outcome.latency.mean!, 6);
  });

  test("two initiators that hit each other answer while they wait, and the path says so", () => {
    const workload = { initiators: 2, operations: 500, gapNs: 0 };
    const outcome = runVirtually({ policy: STRICT, workload });
    expect(outcome.segments.serving + outcome.segments.masked).toBeGreaterThan(0);
  });

  test.each([
    [3, "each that runs the program", {}],
    [3, "an idle one as well, whose TLB may still hold the page", { idleCores: 1 }],
    [2, "none that runs another process", { otherCores: 1 }],
    [1, "an idle one where all others run another process", { idleCores: 1, otherCores: 2 }],
    [0, "nobody where nobody else has the space loaded", { otherCores: 3 }],
  ])("with four cores %i IPIs an operation: %s is told", (ipisPerOp, _, states) => {
    const { counters } = runVirtually({
      policy: STRICT,
      cores: 4,
      workload: { ...states, warmup: 0 },
    });
    expect(counters.ipis / counters.operations).toBe(ipisPerOp);
    expect(counters.acknowledgements).toBe(counters.ipis);
  });
});

test("responders run programs: with one more core there are more accesses and more misses", () => {
  const alone = runVirtually({ policy: STRICT, cores: 1 }).counters;
  const two = runVirtually({ policy: STRICT, cores: 2 }).counters;
  expect(two.tlbHits + two.tlbMisses).toBeGreaterThan(alone.tlbHits + alone.tlbMisses + 50);
  expect(two.tlbMisses).toBeGreaterThan(alone.tlbMisses);
});

describe("deferred", () => {
  test("an unmap returns without telling anyone until the queue is full", () => {
    const workload = { warmup: 0, operations: 200 };
    const { counters, latency } = runVirtually({ policy: DEFAULT_DEFERRED, iommus: 1, workload });
    expect(counters.ipis).toBe(1); // The flush at the end.
    expect(counters.heldPagesMax).toBe(200);
    expect(latency.quantile(0.5)).toBeLessThan(100);
  });

  test("a full queue is flushed by whoever finds it full", () => {
    const workload = { warmup: 0, operations: 64 };
    const { counters } = runVirtually({ policy: deferred(16, 1e9, "both"), workload });
    expect(counters.heldPagesMax).toBeLessThanOrEqual(16);
    expect(counters.ipis).toBeGreaterThanOrEqual(64 / 16);
  });

  test("the timer flushes in the background what waits for longer than it allows", () => {
    const workload = { warmup: 0, operations: 100, gapNs: 5000 };
    const policy = deferred(256, 20_000, "both");
    const { counters } = runVirtually({ policy, iommus: 1, workload });
    expect(counters.backgroundNs).toBeGreaterThan(0);
    expect(counters.heldPagesMax).toBeLessThan(20);
  });

  test("an address that still waits for its flush forces the flush before it is mapped again", () => {
    const workload = { warmup: 0, operations: 40, windows: 4 };
    const outcome = runVirtually({ policy: DEFAULT_DEFERRED, workload });
    expect(outcome.counters.heldPagesMax).toBe(4);
    expect(outcome.machine.frames.countOwned()).toBe(outcome.framesAtStart);
  });

  test("on the IOMMUs only: cores are told at each unmap", () => {
    const workload = { warmup: 0 };
    const policy = deferred(256, 1e7, "iommus");
    expect(planOf(policy).iommuWhen).toBe(QUEUE);
    const { counters } = runVirtually({ policy, iommus: 1, workload });
    expect([counters.ipis, counters.iommuWaits]).toEqual([50, 1]);
  });
});

const SEEDS = Array.from({ length: 20 }, (_, seed) => seed);

test("overlapped: more submitters than the invalidation queue has room for answer each other", () => {
  const workload = { initiators: 140, operations: 2, warmup: 0, windows: 4, gapNs: 0 };
  const { counters } = runVirtually({ policy: OVERLAPPED, cores: 140, iommus: 1, workload });
  expect(counters.operations).toBe(280);
});

test.each(SEEDS)("deferred, seed %i: a ring of two loses nothing while others flush", (seed) => {
  const workload = { initiators: 4, operations: 30, windows: 8, gapNs: 200 };
  const policy = deferred(2, 1e7, "both");
  const outcome = runVirtually({ policy, cores: 4, seed, workload });
  expect(outcome.machine.spaces.heldBy(0)).toBe(0);
  expect(outcome.machine.frames.countOwned()).toBe(outcome.framesAtStart);
});

test.each(SEEDS)("deferred, seed %i: no timer fires when nobody is left to answer", (seed) => {
  const workload = { initiators: 2, operations: 20, gapNs: 700 };
  const policy = deferred(256, 20_000, "both");
  const outcome = runVirtually({ policy, cores: 2, iommus: 1, seed, workload });
  expect(outcome.counters.operations).toBe(40);
});

test("akaros: a mailbox that nobody empties fills up, and its sender waits", () => {
  const workload = { maskedEveryNs: 500, maskedNs: 3e6, gapNs: 0, operations: 400, windows: 4 };
  const outcome = runVirtually({ policy: AKAROS, workload });
  expect(outcome.counters.mailboxFull).toBeGreaterThan(0);
  expect(outcome.segments["queue-full"]).toBeGreaterThan(0);
  expect(pathNs(outcome)).toBeCloseTo(outcome.latency.mean!, 6);
});
