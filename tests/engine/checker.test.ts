// What the checker says of whole runs, and of everything that it must find, planted one by one.

import { describe, expect, test } from "vitest";
import { auditAtRest } from "../../dist/src/engine/check/audit.js";
import type { FindingKind } from "../../dist/src/engine/check/finding.js";
import { type CheckSums, sumChecks } from "../../dist/src/engine/check/sums.js";
import type { Protocol } from "../../dist/src/engine/executor/cpu.js";
import { VirtualExecutor } from "../../dist/src/engine/executor/virtual.js";
import { pfnOf, USER, WRITABLE } from "../../dist/src/engine/layout/pte.js";
import { createMachine, didOf, pcidOf } from "../../dist/src/engine/machine/machine.js";
import { REPLACED, UNMAPPED, WRITE_PROTECTED } from "../../dist/src/engine/machine/promises.js";
import { TLB_MISS } from "../../dist/src/engine/machine/tlb.js";
import { parsePolicy } from "../../dist/src/engine/policy/parse.js";
import { planOf } from "../../dist/src/engine/policy/plan.js";
import {
  BASIC_POLICIES,
  DEFAULT_BATCH,
  DEFAULT_DEFERRED,
  STRICT,
} from "../../dist/src/engine/policy/presets.js";
import { numbersOf } from "../../dist/src/engine/profile/profile.js";
import { PROFILES } from "../../dist/src/engine/profile/profiles.js";
import { Core } from "../../dist/src/engine/protocol/core.js";
import { freeFrame } from "../../dist/src/engine/protocol/free.js";
import { map } from "../../dist/src/engine/protocol/memory.js";
import { access } from "../../dist/src/engine/protocol/user.js";
import { Random } from "../../dist/src/engine/random.js";
import { switchTo } from "../../dist/src/workloads/context-switch.js";
import { AKAROS_2020, runVirtually, smallShape } from "../support/virtual-run.ts";

const OVERLAPPED = BASIC_POLICIES.find(({ name }) => name === "overlapped")!;
const AKAROS = BASIC_POLICIES.find(({ name }) => name === "akaros")!;

/** Much is accessed, so that what is stale is used if it can be. */
const BUSY = { pages: 3, operations: 300, initiators: 2, accessGapNs: 50, dmaPeriodNs: 200 };

describe.each([STRICT, OVERLAPPED, DEFAULT_BATCH].map((policy) => [policy.name, policy] as const))(
  "%s",
  (_, policy) => {
    test.each([
      ["cores alone", { iommus: 0, devices: 0 }, false],
      ["with devices", { iommus: 2, devices: 3 }, false],
      ["with devices that have TLBs of their own", { iommus: 2, devices: 3 }, true],
    ])("%s: safe", (_what, parts, ats) => {
      const { check } = runVirtually({
        policy,
        cores: 4,
        checks: true,
        ...parts,
        workload: { ...BUSY, ats },
      });
      expect(check.findings).toEqual([]);
      expect(check.lateAccesses + check.staleUsesSameOwner + check.exposure.count).toBe(0);
      expect(check.verdict).toBe("safe");
    });
  },
);

test.each(PROFILES.filter(({ name }) => name !== "host").map((profile) => [profile.name, profile]))(
  "strict on %s: safe",
  (_, profile) => {
    const setup = { policy: STRICT, profile, cores: 4, iommus: 1, devices: 1, checks: true };
    const { check } = runVirtually({ ...setup, workload: BUSY });
    expect([check.verdict, check.findings]).toEqual(["safe", []]);
  },
);

test("deferred: exposed for as long as its queue lasts, and nothing is wrong", () => {
  const { check } = runVirtually({
    policy: DEFAULT_DEFERRED,
    cores: 4,
    iommus: 1,
    devices: 1,
    checks: true,
    workload: BUSY,
  });
  expect(check.findings).toEqual([]);
  expect(check.lateAccesses).toBeGreaterThan(0);
  expect(check.exposure.max).toBeGreaterThan(10_000);
  expect(check.verdict).toBe("exposed");
});

describe("akaros, which waits for no core", () => {
  const setup = { policy: AKAROS, cores: 3, checks: true };

  test("a translation lasts until its interrupt is delivered, and no longer", () => {
    const workload = { ...BUSY, pages: 1, windows: 40 };
    const { check } = runVirtually({ ...setup, workload });
    expect(check.exposure.count).toBeGreaterThan(0);
    expect(check.exposure.max).toBeLessThanOrEqual(AKAROS_2020.costs.deliveryRemoteNs.ns);
    expect(check.verdict).not.toBe("safe");
  });

  test("with ATS: nobody tells the devices' own TLBs, and addresses are handed out again", () => {
    const workload = { ...BUSY, windows: 5, ats: true };
    const { check } = runVirtually({ ...setup, iommus: 1, devices: 1, workload });
    expect(check.findings.map(({ kind }) => kind)).toContain("address-reused-early");
    expect(check.verdict).toBe("unsafe");
  });
});

test("flushes that nobody waits for, with ATS: the devices' own TLBs are told all the same", () => {
  const policy = parsePolicy("strict+wait-every(4)");
  const workload = { ...BUSY, windows: 12, ats: true };
  const { check, counters } = runVirtually({
    ...{ policy, cores: 3, iommus: 1, devices: 1, checks: true, workload },
  });
  expect(counters.iommuWaits).toBeLessThan(counters.shootdowns / 2);
  expect([check.findings, check.verdict]).toEqual([[], "exposed"]);
});

test("the same seed: the same findings, to the last event of their histories", () => {
  const workload = { ...BUSY, windows: 5, ats: true };
  const setup = { policy: AKAROS, cores: 3, iommus: 1, devices: 1, checks: true, workload };
  expect(runVirtually(setup).check).toEqual(runVirtually(setup).check);
});

test("switched on or off: the run is the same", () => {
  const setup = { policy: DEFAULT_DEFERRED, cores: 3, iommus: 1, devices: 1, workload: BUSY };
  const [on, off] = [true, false].map((checks) => runVirtually({ ...setup, checks }));
  expect(on.latency.toData()).toEqual(off.latency.toData());
  expect(on.counters).toEqual(off.counters);
});

const VPN = 0x10_0000;
const OTHER_SPACE = 1;

/** What the checker of one core says when it does this on a machine of its own. */
function watched(body: (core: Core) => Protocol<void>, iommus = 0): CheckSums {
  const machine = createMachine({ ...smallShape(1, iommus, 0), checks: true }, true);
  const executor = new VirtualExecutor(machine);
  const cpu = executor.cpus[0];
  const core = new Core(0, cpu, machine, numbersOf(AKAROS_2020), planOf(STRICT), new Random(1, 0));
  machine.spaces.load(0, 0);
  executor.complete([body(core), ...machine.iommus.map(() => nothing())]);
  return sumChecks([core.check!.toData()], auditAtRest(machine));
}

function* nothing(): Protocol<void> {}

function leafOf({ machine }: Core, vpn = VPN): number {
  return machine.pageTables.leafOf(machine.spaces.rootOf(0), vpn);
}

/** Maps a page and writes to it, so that it is cached. */
function* cachePage(core: Core, vpn = VPN): Protocol<void> {
  yield* map(core, vpn, WRITABLE);
  access(core, vpn, true);
}

/** An unmap that forgets the flush and returns. Returns the frame, which the entry still names. */
function unmapUnflushed(core: Core, vpn = VPN): number {
  const leaf = leafOf(core, vpn);
  const pte = core.machine.pageTables.clearPresent(leaf);
  core.check!.narrowed(leaf, UNMAPPED, vpn, pte);
  core.check!.returned();
  core.cpu.spend(100);
  return pfnOf(pte);
}

/** Frees what `unmapUnflushed` left behind. */
function release(core: Core, frame: number, vpn = VPN): void {
  core.machine.pageTables.takeHeld(leafOf(core, vpn));
  freeFrame(core, frame, vpn, false);
}

function kindsOf({ findings }: CheckSums): FindingKind[] {
  return findings.map(({ kind }) => kind);
}

describe("planted", () => {
  test("a late access: counted, exposed, and nothing to be found", () => {
    const check = watched(function* (core) {
      yield* cachePage(core);
      unmapUnflushed(core);
      access(core, VPN, false);
    });
    expect([check.lateAccesses, check.verdict]).toEqual([1, "exposed"]);
    expect(check.exposure.max).toBe(100);
  });

  test("a stale use: the frame has another owner, and its history says how that came", () => {
    const check = watched(function* (core) {
      yield* cachePage(core);
      const frame = unmapUnflushed(core);
      release(core, frame);
      expect(core.machine.frames.allocate(0, OTHER_SPACE)).toBe(frame);
      access(core, VPN, false);
      core.tlb.flushAll();
      freeFrame(core, frame, VPN, false);
    });
    expect([kindsOf(check), check.staleUses, check.verdict]).toEqual([["stale-use"], 1, "unsafe"]);
    const [{ history, vpn, space, actor }] = check.findings;
    expect([vpn, space, actor]).toEqual([VPN, 0, 0]);
    expect(history.map(({ kind }) => kind)).toEqual([
      ...["handed out", "mapped", "cached", "unmapped", "freed", "used"],
    ]);
    expect(history.map(({ owner }) => owner)).toEqual([0, -1, -1, -1, -1, -1]);
  });

  test("a use of a frame that the same owner has again: counted apart, and not unsafe", () => {
    const check = watched(function* (core) {
      yield* cachePage(core);
      release(core, unmapUnflushed(core));
      yield* map(core, VPN + 1, WRITABLE);
      access(core, VPN, false);
    });
    expect([check.staleUsesSameOwner, check.staleUses]).toEqual([1, 0]);
    expect([kindsOf(check), check.verdict]).toEqual([[], "exposed"]);
  });

  test("a write after a write-protect: found; a read is none of its business", () => {
    const protectAnd = (write: boolean) =>
      watched(function* (core) {
        yield* cachePage(core);
        const leaf = leafOf(core);
        const pte = core.machine.pageTables.clearWritable(leaf);
        core.check!.narrowed(leaf, WRITE_PROTECTED, VPN, pte);
        core.check!.returned();
        core.cpu.spend(1);
        access(core, VPN, write);
        core.tlb.flushAll();
      });
    expect(kindsOf(protectAnd(true))).toEqual(["late-access-after-promise"]);
    expect([kindsOf(protectAnd(false)), protectAnd(false).lateAccesses]).toEqual([[], 0]);
  });

  test("a read after another frame took the place: found", () => {
    const check = watched(function* (core) {
      yield* cachePage(core);
      const leaf = leafOf(core);
      const frame = core.machine.frames.allocate(0, 0);
      const pte = core.machine.pageTables.replace(leaf, frame, USER | WRITABLE);
      core.check!.narrowed(leaf, REPLACED, VPN, pte);
      core.check!.returned();
      core.cpu.spend(1);
      access(core, VPN, false);
      core.tlb.flushAll();
      freeFrame(core, pfnOf(pte), VPN, false);
    });
    expect(kindsOf(check)).toEqual(["late-access-after-promise"]);
  });

  test("an address that is mapped again before its flush: found, and once more at rest", () => {
    const check = watched(function* (core) {
      yield* cachePage(core);
      const frame = unmapUnflushed(core);
      core.machine.pageTables.takeHeld(leafOf(core));
      yield* map(core, VPN, WRITABLE);
      access(core, VPN, false);
      freeFrame(core, frame, VPN, false);
    });
    expect(new Set(kindsOf(check))).toEqual(
      new Set(["address-reused-early", "disagreement-at-rest"]),
    );
  });

  test("a core that runs another space by now: what it has cached of the former is no matter", () => {
    const check = watched(function* (core) {
      yield* cachePage(core);
      const frame = unmapUnflushed(core);
      core.machine.pageTables.takeHeld(leafOf(core));
      yield* map(core, VPN, WRITABLE);
      freeFrame(core, frame, VPN, false);
      yield* switchTo(core, OTHER_SPACE);
      expect(core.tlb.lookup(pcidOf(0), VPN)).not.toBe(TLB_MISS);
    });
    expect(kindsOf(check)).toEqual([]);
  });

  test("a walk through a leaf table that was handed out again: found", () => {
    const check = watched(function* (core) {
      const { pageTables, frames, spaces } = core.machine;
      yield* cachePage(core);
      release(core, unmapUnflushed(core));
      const table = pageTables.unlinkLeafTable(spaces.rootOf(0), VPN);
      frames.freeTable(table);
      expect(frames.allocateTable(OTHER_SPACE)).toBe(table);
      access(core, VPN + 1, false);
    });
    expect(kindsOf(check)).toContain("stale-table-walk");
    expect(kindsOf(check)).toContain("disagreement-at-rest");
  });

  test("a frame that is freed twice: found", () => {
    const check = watched(function* (core) {
      const frame = core.machine.frames.allocate(0, 0);
      freeFrame(core, frame, VPN, false);
      freeFrame(core, frame, VPN, false);
      yield* nothing();
    });
    expect(new Set(kindsOf(check))).toEqual(new Set(["double-free"]));
  });

  test("a frame that nobody has: lost", () => {
    let frame = -1;
    const check = watched(function* (core) {
      frame = core.machine.frames.allocate(0, 0);
      yield* nothing();
    });
    expect(check.findings).toMatchObject([{ kind: "frame-lost", frame }]);
  });

  test("a page that is unmapped and still held: may stay in a TLB", () => {
    const check = watched(function* (core) {
      yield* cachePage(core);
      unmapUnflushed(core);
    });
    expect(kindsOf(check)).toEqual([]);
  });

  test("an IOTLB that has another frame than the page table: found at rest", () => {
    const check = watched(function* (core) {
      const { iotlbs, iommus } = core.machine;
      yield* cachePage(core);
      const epoch = iommus[0].epochOf(didOf(0));
      iotlbs[0].insert(didOf(0), VPN, 0x5000 | 1, 0, 0, 0, epoch, 1);
    }, 1);
    expect(check.findings).toMatchObject([{ kind: "disagreement-at-rest", actor: 1, vpn: VPN }]);
  });

  test("an acknowledgement of a message that nobody has posted: found", () => {
    const check = watched(function* (core) {
      core.machine.mailboxes.acknowledge(0, 3, 0, 0, 0, 0);
      core.check!.acknowledged(0, 3);
      yield* nothing();
    });
    expect(kindsOf(check)).toEqual(["acknowledgement-of-nothing"]);
  });

  test("a wait that is done while the queue's head stands before it: found", () => {
    const check = watched(function* (core) {
      const iommu = core.machine.iommus[0];
      iommu.setHead(5);
      core.check!.waited(iommu, 5);
      core.check!.waited(iommu, 6);
      yield* nothing();
    }, 1);
    expect(kindsOf(check)).toEqual(["wait-completed-early"]);
  });
});

describe("exposure ends", () => {
  const exposedNs = (end: (core: Core) => void): number => {
    const check = watched(function* (core) {
      yield* cachePage(core);
      unmapUnflushed(core);
      end(core);
    });
    expect(check.exposure.count).toBeLessThanOrEqual(1);
    return check.exposure.max;
  };

  test("when the page is dropped, or everything is", () => {
    expect(exposedNs(({ tlb }) => tlb.invalidatePage(pcidOf(0), VPN))).toBe(100);
    expect(exposedNs(({ tlb }) => tlb.flushContext(pcidOf(0)))).toBe(100);
  });

  test("when the core stopped using it: in its handler, or with another space loaded", () => {
    const stopped = exposedNs(({ check, cpu, tlb }) => {
      check!.stopsUsing(cpu.now() - 40);
      tlb.flushContext(pcidOf(0));
      check!.resumes(undefined);
    });
    expect(stopped).toBe(60);
    const unloaded = exposedNs(({ check, cpu }) => {
      check!.unloaded(0, cpu.now());
      cpu.spend(1000);
    });
    expect(unloaded).toBe(100);
  });

  test("before it began, where the core stopped before the operation returned", () => {
    expect(exposedNs(({ check, cpu }) => check!.stopsUsing(cpu.now() - 500))).toBe(0);
  });
});
