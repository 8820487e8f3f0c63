// What each workload does to pages and frames, in virtual time, where a run is exact.

import { describe, expect, test } from "vitest";
import { VirtualExecutor } from "../../dist/src/engine/executor/virtual.js";
import { DIRTY, isPresent, pfnOf, WRITABLE } from "../../dist/src/engine/layout/pte.js";
import { NO_FRAME } from "../../dist/src/engine/machine/frames.js";
import { createMachine, type Machine } from "../../dist/src/engine/machine/machine.js";
import { planOf } from "../../dist/src/engine/policy/plan.js";
import { LINUX_X86 } from "../../dist/src/engine/policy/presets/linux.js";
import { ARM_BROADCAST } from "../../dist/src/engine/policy/presets/systems.js";
import {
  BASIC_POLICIES,
  batch,
  DEFAULT_DEFERRED,
  STRICT,
} from "../../dist/src/engine/policy/presets.js";
import { numbersOf } from "../../dist/src/engine/profile/profile.js";
import { PROFILES } from "../../dist/src/engine/profile/profiles.js";
import { Core } from "../../dist/src/engine/protocol/core.js";
import { map, replacePage } from "../../dist/src/engine/protocol/memory.js";
import { runProgram, userWork } from "../../dist/src/engine/protocol/user.js";
import { Random } from "../../dist/src/engine/random.js";
import { CauseTally } from "../../dist/src/workloads/cause-tally.js";
import {
  mapPrograms,
  PROGRAM_PAGES,
  programVpn,
  windowVpn,
} from "../../dist/src/workloads/memory-map.js";
import { WIDEN_FLUSHED, WIDEN_UNFLUSHED } from "../../dist/src/workloads/mprotect.js";
import { DESCRIPTOR_PAGES, RING_SLOTS } from "../../dist/src/workloads/nic.js";
import { PORT_MODES } from "../../dist/src/workloads/port.js";
import { RECLAIM_PAGES } from "../../dist/src/workloads/reclaim.js";
import { scriptOf } from "../../dist/src/workloads/registry.js";
import {
  FORK_COW,
  IDLE_HEAVY,
  MADVISE,
  MIGRATE,
  MPROTECT,
  MPROTECT_WIDEN,
  MUNMAP,
  NIC_RX,
  NIC_TX,
  PAGE_TABLE_FREE,
  PORT,
  RECLAIM,
  RESIZE,
  SERVER,
} from "../../dist/src/workloads/workload.js";
import { workloadOf } from "../support/points.ts";
import {
  AKAROS_2020,
  type Outcome,
  pathNs,
  runVirtually,
  type Setup,
  smallShape,
} from "../support/virtual-run.ts";

/** Four flows of a port that two cores drive. */
const FLOWS = { pages: 16, windows: 40, initiators: 2, port: { flows: 4, burstPages: 1 } };

/** By name: its setup, and how many pages stay mapped when a run of it is over. */
const WORKLOADS: [name: string, setup: Partial<Setup>, left: number][] = [
  ["madvise", { workload: { kind: MADVISE, pages: 3, windows: 1 } }, 0],
  ["mprotect", { workload: { kind: MPROTECT, pages: 3, windows: 1 } }, 3],
  ["mprotect:widen", { workload: { kind: MPROTECT_WIDEN, pages: 3, windows: 1 } }, 3],
  [
    "mprotect:widen-unflushed",
    { workload: { kind: MPROTECT_WIDEN, mode: WIDEN_UNFLUSHED, pages: 3, windows: 1 } },
    3,
  ],
  ["resize", { workload: { kind: RESIZE, pages: 3, windows: 1 } }, 0],
  ["fork-cow", { workload: { kind: FORK_COW, pages: 3, windows: 1 } }, 3],
  ["migrate", { workload: { kind: MIGRATE, pages: 3, windows: 1 } }, 3],
  ["server", { workload: { kind: SERVER, pages: 3, windows: 20, initiators: 4 } }, 0],
  ["page-table-free", { workload: { kind: PAGE_TABLE_FREE, pages: 600, windows: 4 } }, 0],
  ["idle-heavy", { workload: { kind: IDLE_HEAVY, pages: 3 } }, 0],
  ["reclaim", { workload: { kind: RECLAIM, pages: RECLAIM_PAGES, windows: 12 } }, 12 * 32],
  [
    "reclaim by two cores",
    { workload: { kind: RECLAIM, pages: 4, windows: 5, initiators: 2 } },
    2 * 5 * 4,
  ],
  [
    "nic-rx",
    { devices: 1, workload: { kind: NIC_RX, pages: DESCRIPTOR_PAGES, windows: 20 } },
    (RING_SLOTS - 1) * DESCRIPTOR_PAGES,
  ],
  [
    "nic-tx on two devices",
    { devices: 2, workload: { kind: NIC_TX, pages: 16, windows: 40, initiators: 2 } },
    2 * (RING_SLOTS - 1) * 16,
  ],
  [
    "port:mapped",
    { devices: 1, workload: { ...FLOWS, kind: PORT, mode: PORT_MODES.indexOf("mapped") } },
    4 * RING_SLOTS * 16,
  ],
  [
    "port:ring",
    { devices: 1, workload: { ...FLOWS, kind: PORT, mode: PORT_MODES.indexOf("ring") } },
    4 * RING_SLOTS * 16,
  ],
];

describe.each(WORKLOADS)("%s", (_, setup, left) => {
  test.each(BASIC_POLICIES.map((policy) => [policy.name, policy] as const))(
    "%s: ends, with every frame where it belongs and a path that adds up to the latency",
    (_name, policy) => {
      const outcome = runVirtually({ cores: 4, iommus: 1, ...setup, policy });
      const { counters, machine, framesAtStart } = outcome;
      expect(counters.operations).toBe(50 * (setup.workload?.initiators ?? 1));
      expect(machine.spaces.heldBy(0)).toBe(0);
      expect(machine.frames.countOwned() - framesAtStart).toBe(left);
      expectNoFrameTwice(machine);
      expect(pathNs(outcome)).toBeCloseTo(outcome.latency.mean!, 6);
    },
  );
});

/** What is left of the frames can be handed out, each once. */
function expectNoFrameTwice({ frames, shape }: Machine): void {
  const handedOut: number[] = [];
  for (let core = 0; core < shape.cores; core++) {
    for (let frame = frames.allocate(core, 1); frame !== NO_FRAME; ) {
      handedOut.push(frame);
      frame = frames.allocate(core, 1);
    }
  }
  expect(new Set(handedOut).size).toBe(handedOut.length);
}

function entryOf(machine: Machine, page: number): number {
  const { pageTables, spaces } = machine;
  return pageTables.read(pageTables.leafOf(spaces.rootOf(0), page));
}

/** The entries of a window of core 0, the only window of its. */
function entriesOf(machine: Machine, pages: number): number[] {
  const vpn = windowVpn(0, 1, pages, 0);
  return Array.from({ length: pages }, (_, page) => entryOf(machine, vpn + page));
}

const STREAM = { vpn: programVpn(0), pages: PROGRAM_PAGES, gapNs: 500 };

/** Core 0 does `steps` while core 1 works as in workload `kind`; returns the machine. */
function script(
  kind: number,
  pages: number,
  steps: (core: Core, operate: (index: number) => Generator) => Generator,
): Machine {
  const machine = createMachine(smallShape(2, 0, 0), true);
  mapPrograms(machine);
  machine.spaces.load(0, 0);
  machine.spaces.load(0, 1);
  machine.control.expectInitiators(1);
  machine.control.warm();
  const executor = new VirtualExecutor(machine);
  const plan = workloadOf({ kind, pages, windows: 1 });
  const cores = [0, 1].map((id) => {
    const cpu = executor.cpus[id];
    return new Core(id, cpu, machine, numbersOf(AKAROS_2020), planOf(STRICT), new Random(1, id));
  });
  const { operate, work } = scriptOf(kind);
  const ended = { beganNs: 0, endedNs: 0, warmup: 0, neverSteady: false };
  const measured = { ...ended, causes: new CauseTally() };
  function* first(core: Core): Generator<undefined, void, undefined> {
    yield* steps(core, (index) => operate(core, plan, STREAM, index, measured)) as ReturnType<
      typeof first
    >;
    machine.control.initiatorDone();
    for (const cpu of executor.cpus) core.cpu.ring(cpu.id, core.cpu.now());
  }
  executor.complete([first(cores[0]), work(cores[1], plan, STREAM)]);
  return machine;
}

/** Core 0 lets time pass. */
function pass(core: Core, ns: number): Generator {
  return userWork(core, STREAM, ns);
}

test("reclaim: a reclaimed page faults back in with another frame", () => {
  const seen: number[][] = [];
  script(RECLAIM, 4, function* (core, operate) {
    for (let index = 0; index < 5; index++) {
      yield* pass(core, 200_000);
      seen.push(entriesOf(core.machine, 4).map(pfnOf));
      yield* operate(index);
      expect(entriesOf(core.machine, 4)).toEqual([0, 0, 0, 0]);
    }
  });
  for (let page = 0; page < 4; page++) {
    for (let index = 1; index < 5; index++)
      expect(seen[index][page]).not.toBe(seen[index - 1][page]);
  }
});

test("fork-cow: every written page gets a frame of its own, and the shared ones are freed once", () => {
  let before: number[] = [];
  const machine = script(FORK_COW, 6, function* (core, operate) {
    yield* operate(0);
    before = entriesOf(core.machine, 6).map(pfnOf);
    yield* operate(1);
  });
  const entries = entriesOf(machine, 6);
  const after = entries.map(pfnOf);
  expect(entries.every((entry) => isPresent(entry) && (entry & WRITABLE) !== 0)).toBe(true);
  expect(new Set(after).size).toBe(6);
  for (let page = 0; page < 6; page++) expect(after[page]).not.toBe(before[page]);
  for (const frame of before) {
    if (!after.includes(frame)) expect(machine.frames.ownerOf(frame)).toBe(-1);
  }
  expectNoFrameTwice(machine);
});

test("fork-cow: no policy puts off the flush of a page that is copied", () => {
  const workload = { kind: FORK_COW, pages: 4, windows: 1, warmup: 0, operations: 10 };
  const { counters } = runVirtually({ policy: DEFAULT_DEFERRED, workload });
  expect(counters.ipis).toBe(10 * (1 + 4) + 1); // Each fork and each page; the flush at the end.
});

test("migrate: a page gets another frame, keeps what it allows, and its former frame is free", () => {
  let formers: number[] = [];
  const machine = script(MIGRATE, 2, function* (core) {
    const vpn = windowVpn(0, 1, 2, 0);
    yield* map(core, vpn, 0);
    yield* map(core, vpn + 1, WRITABLE);
    formers = entriesOf(core.machine, 2).map(pfnOf);
    yield* replacePage(core, vpn, 0);
    yield* pass(core, 1000);
    yield* replacePage(core, vpn + 1, 0);
  });
  const entries = entriesOf(machine, 2);
  expect(entries.map((entry) => entry & WRITABLE)).toEqual([0, WRITABLE]);
  expect(entries.map(pfnOf)).not.toContain(formers[1]);
  expect(pfnOf(entries[0])).not.toBe(formers[0]);
  expect(machine.frames.ownerOf(formers[1])).toBe(-1);
});

test("mprotect: takes the right to write in one shootdown", () => {
  const workload = { kind: MPROTECT, pages: 8, windows: 1, warmup: 0 };
  const { machine, counters } = runVirtually({ policy: STRICT, workload });
  expect(entriesOf(machine, 8).every((entry) => isPresent(entry) && (entry & WRITABLE) === 0)).toBe(
    true,
  );
  expect(counters.shootdowns).toBe(50);
});

test("mprotect:widen: gives it back in one more, and protecting is no part of its latency", () => {
  const workload = { pages: 8, windows: 1, warmup: 0 };
  const wide = runVirtually({ policy: STRICT, workload: { ...workload, kind: MPROTECT_WIDEN } });
  const narrow = runVirtually({ policy: STRICT, workload: { ...workload, kind: MPROTECT } });
  expect(entriesOf(wide.machine, 8).every((entry) => (entry & WRITABLE) !== 0)).toBe(true);
  expect(wide.counters.shootdowns).toBe(50 + 49); // Nothing is there yet before the first.
  expect(wide.latency.mean! / narrow.latency.mean!).toBeLessThan(1.5);
});

test.each([
  { machine: "haswell-2s", policy: STRICT },
  { machine: "arm-broadcast", policy: ARM_BROADCAST },
])(
  "mprotect:widen-unflushed on $machine: tells nobody, and what is stale only walks again",
  ({ machine, policy }) => {
    const profile = PROFILES.find(({ name }) => name === machine)!;
    const base = { kind: MPROTECT_WIDEN, pages: 8, windows: 1, warmup: 0 };
    const run = (mode: number) =>
      runVirtually({ policy, profile, cores: 4, workload: { ...base, mode }, checks: true });
    const [flushed, unflushed] = [run(WIDEN_FLUSHED), run(WIDEN_UNFLUSHED)];
    expect(entriesOf(unflushed.machine, 8).every((entry) => (entry & WRITABLE) !== 0)).toBe(true);
    expect(flushed.counters.shootdowns).toBe(50 + 49);
    expect(unflushed.counters.shootdowns).toBe(49); // Those that protect the window again.
    expect(unflushed.latency.mean!).toBeLessThan(flushed.latency.mean!);
    expect(unflushed.check.findings).toEqual([]);
    // Written behind each operation, and found in the page table: the walk was not refused.
    expect(entriesOf(unflushed.machine, 8).every((entry) => (entry & DIRTY) !== 0)).toBe(true);
  },
);

test("resize: two shootdowns of the same pages, page by page up to 33 and in full from 34 on", () => {
  const flushes = (pages: number) => {
    const workload = { kind: RESIZE, pages, windows: 1, warmup: 0 };
    const { counters } = runVirtually({ policy: LINUX_X86, workload });
    return [counters.ipis, counters.pageFlushes, counters.fullFlushes];
  };
  expect(flushes(33)).toEqual([100, 100 * 2 * 33, 0]);
  expect(flushes(34)).toEqual([100, 0, 100 * 2]);
});

test("resize: a core that sleeps is told nothing", () => {
  const workload = { kind: RESIZE, pages: 3, windows: 1, warmup: 0, idleCores: 1 };
  expect(runVirtually({ policy: LINUX_X86, workload }).counters.ipis).toBe(0);
});

test("madvise: an address that is used again at once forces the flush that was put off", () => {
  const workload = { kind: MADVISE, pages: 2, windows: 1, warmup: 0, operations: 20 };
  const again = runVirtually({ policy: DEFAULT_DEFERRED, workload });
  const others = runVirtually({ policy: DEFAULT_DEFERRED, workload: { ...workload, windows: 30 } });
  expect([again.counters.ipis, others.counters.ipis]).toEqual([20, 1]);
});

test("nic-rx: the device writes to every page of a descriptor before that is unmapped", () => {
  const workload = { kind: NIC_RX, pages: 64, windows: 12, operations: 20, warmup: 0 };
  const { machine, devices } = runVirtually({ policy: STRICT, iommus: 1, devices: 1, workload });
  expect(devices.faults).toBe(0);
  expect(devices.dmas).toBeGreaterThanOrEqual(20 * 64);
  expect(machine.rings.posted(0)).toBe(20 - 1 + RING_SLOTS);
  expect(machine.rings.completed(0)).toBeGreaterThanOrEqual(20);
});

test("nic-tx: the device reads pages that it may not write to", () => {
  const workload = { kind: NIC_TX, pages: 8, windows: 20, operations: 10, warmup: 0 };
  const { machine, devices } = runVirtually({ policy: STRICT, iommus: 1, devices: 1, workload });
  expect(devices.faults).toBe(0);
  // The eleventh descriptor was posted with the fourth operation, and is still mapped.
  const entry = entryOf(machine, windowVpn(0, 20, 8, 10));
  expect([isPresent(entry), entry & (WRITABLE | DIRTY)]).toEqual([true, 0]);
});

/** A port in one of its modes: what its device does, and its machine. */
function runPort(mode: (typeof PORT_MODES)[number], changes: Partial<Setup> = {}) {
  const workload = { ...FLOWS, kind: PORT, mode: PORT_MODES.indexOf(mode), operations: 20 };
  return runVirtually({ policy: STRICT, iommus: 1, devices: 1, workload, ...changes });
}

test("port: what is mapped for a device alone makes no core flush, and is flushed by strict", () => {
  const { counters, devices } = runPort("mapped", { cores: 4 });
  expect([counters.ipis, counters.pageFlushes, counters.fullFlushes]).toEqual([0, 0, 0]);
  expect(counters.iommuWaits).toBe(2 * 20 * 16);
  expect([devices.faults, devices.iotlbMisses]).toEqual([0, devices.dmas]);
});

test("port: pages that stay mapped are flushed by nobody, huge ones hardly ever missed", () => {
  const [pooled, huge] = [runPort("pooled"), runPort("huge")];
  expect([pooled.counters.iommuWaits, huge.counters.iommuWaits]).toEqual([0, 0]);
  expect(pooled.devices.iotlbMisses).toBeGreaterThan(40 * huge.devices.iotlbMisses);
  expect([pooled.devices.faults, huge.devices.faults]).toEqual([0, 0]);
});

test("port: around the IOMMU nothing is translated", () => {
  const { counters, devices } = runPort("off");
  expect(devices.dmas).toBeGreaterThanOrEqual(2 * 20 * 16);
  expect([devices.iotlbMisses, counters.iommuWaits]).toEqual([0, 0]);
});

test("port: with the leaf hint a miss mostly takes one read, without it more", () => {
  const unhinted = { ...STRICT, iommu: { ...STRICT.iommu, leafHint: false } };
  const readsOf = ({ devices }: Outcome) => devices.tableReads / devices.iotlbMisses;
  expect(readsOf(runPort("mapped"))).toBeLessThan(1.1);
  expect(readsOf(runPort("mapped", { policy: unhinted }))).toBeGreaterThan(1.5);
});

test("nic: one flush a descriptor where the policy gathers 64 pages, strict takes 64", () => {
  const workload = { kind: NIC_RX, pages: 64, windows: 12, operations: 20, warmup: 0 };
  const setup = { iommus: 1, devices: 1, workload };
  expect(runVirtually({ ...setup, policy: STRICT }).counters.iommuWaits).toBe(20 * 64);
  expect(runVirtually({ ...setup, policy: batch(64, "both") }).counters.iommuWaits).toBe(20);
});

test("idle-heavy: cores that mostly sleep access far less than those that never do", () => {
  const accesses = (kind: number): number => {
    const workload = { kind, operations: 200, windows: 4, gapNs: 10_000 };
    const { counters } = runVirtually({ policy: STRICT, cores: 8, workload });
    return counters.tlbHits + counters.tlbMisses;
  };
  expect(accesses(IDLE_HEAVY)).toBeLessThan(accesses(MUNMAP) / 2);
});

test("server: cores that all initiate wait for each other's answers, and all get done", () => {
  const workload = { kind: SERVER, initiators: 8, pages: 2, windows: 10, gapNs: 0 };
  const { counters, segments } = runVirtually({ policy: STRICT, cores: 8, workload });
  expect(counters.operations).toBe(8 * 50);
  expect(segments.serving + segments.masked).toBeGreaterThan(0);
});

test("what a program does between two stints of work: done until the run is over", () => {
  let between = 0;
  script(MUNMAP, 1, function* (core) {
    yield* runProgram(core, STREAM, 1e6, 0, function* () {
      between++;
      if (between === 5) core.machine.control.setStopped(true);
      yield* userWork(core, STREAM, 0);
    });
  });
  expect(between).toBe(5);
});
