// Queued invalidation: order, faults and Linux's recovery from them, in virtual time.

import { describe, expect, test } from "vitest";
import type { Protocol } from "../../dist/src/engine/executor/cpu.js";
import { VirtualExecutor } from "../../dist/src/engine/executor/virtual.js";
import {
  contextCacheDescriptor,
  type Descriptor,
  deviceTlbDescriptor,
  GRANULARITY_DOMAIN,
  GRANULARITY_GLOBAL,
  GRANULARITY_PAGE,
  iotlbDescriptor,
  sizedPage,
  vpnOf,
} from "../../dist/src/engine/layout/descriptor.js";
import { QUEUE_SLOTS } from "../../dist/src/engine/layout/shape.js";
import { DEVICE_ERRONEOUS, DEVICE_REMOVED } from "../../dist/src/engine/machine/devices.js";
import { regionOf } from "../../dist/src/engine/machine/iommu.js";
import { createMachine, didOf, type Machine } from "../../dist/src/engine/machine/machine.js";
import { planOf } from "../../dist/src/engine/policy/plan.js";
import { STRICT } from "../../dist/src/engine/policy/presets.js";
import { numbersOf } from "../../dist/src/engine/profile/profile.js";
import { Core } from "../../dist/src/engine/protocol/core.js";
import { DmaEngine, transfer } from "../../dist/src/engine/protocol/dma.js";
import {
  awaitPosted,
  LATER,
  NEVER,
  SUBMISSION_DONE,
  SUBMISSION_INVALID,
  SUBMISSION_TIMED_OUT,
  submit,
  submitAndWait,
  submitPosted,
} from "../../dist/src/engine/protocol/invalidation.js";
import { InvalidationUnit } from "../../dist/src/engine/protocol/invalidation-unit.js";
import { serveInvalidations } from "../../dist/src/engine/protocol/iommu.js";
import { acquire, release } from "../../dist/src/engine/protocol/lock.js";
import { RangeList } from "../../dist/src/engine/protocol/ranges.js";
import { idle } from "../../dist/src/engine/protocol/user.js";
import { Random } from "../../dist/src/engine/random.js";
import { BUFFER_PAGES, bufferVpn, mapPrograms } from "../../dist/src/workloads/memory-map.js";
import { AKAROS_2020, smallShape } from "../support/virtual-run.ts";

const NUMBERS = numbersOf(AKAROS_2020);
const COSTS = NUMBERS.costs;
const PAGE = iotlbDescriptor(GRANULARITY_PAGE, didOf(0), true, 0x1234, 0, true);
const UNHINTED = iotlbDescriptor(GRANULARITY_PAGE, didOf(0), true, 0x1234, 0, false);
const DOMAIN = iotlbDescriptor(GRANULARITY_DOMAIN, didOf(0), true, 0, 0, false);
const GLOBAL = iotlbDescriptor(GRANULARITY_GLOBAL, 0, true, 0, 0, false);
/** Type 0 does not exist. */
const MALFORMED: Descriptor = [0, 0, 0, 0];

interface Run {
  readonly machine: Machine;
  readonly unit: InvalidationUnit;
  readonly core: Core;
  readonly outcomes: number[];
}

/**
 * Each core submits its list of submissions, one after the other; the rest of the machine serves.
 */
function submitAll(
  submissions: readonly (readonly Descriptor[])[][],
  devices = 0,
  prepare: (machine: Machine) => void = () => {},
  ats = false,
): Run {
  const outcomes: number[] = [];
  const programs = submissions.map(
    (list) =>
      function* submitInTurn(core: Core): Protocol<void> {
        for (const descriptors of list) {
          outcomes.push(yield* submitAndWait(core, core.machine.iommus[0], descriptors));
        }
      },
  );
  return { ...runAll(programs, devices, prepare, ats), outcomes };
}

/** Each core runs its program; the rest of the machine serves. */
function runAll(
  programs: readonly ((core: Core) => Protocol<void>)[],
  devices = 0,
  prepare: (machine: Machine) => void = () => {},
  ats = false,
): Omit<Run, "outcomes"> {
  const machine = createMachine({ ...smallShape(programs.length, 1, devices), ats }, true);
  mapPrograms(machine);
  prepare(machine);
  machine.control.expectInitiators(programs.length);
  const executor = new VirtualExecutor(machine);
  const cores = programs.map(
    (_, id) => new Core(id, executor.cpus[id], machine, NUMBERS, planOf(STRICT), new Random(1, id)),
  );
  const unit = new InvalidationUnit(executor.cpus[cores.length], machine, 0, COSTS);
  function* initiator(core: Core) {
    yield* programs[core.id](core);
    if (machine.control.initiatorDone()) {
      for (const cpu of executor.cpus) core.cpu.ring(cpu.id, core.cpu.now());
    } else {
      yield* idle(core);
    }
  }
  const engines = Array.from({ length: devices }, (_, device) => {
    const cpu = executor.cpus[cores.length + 1 + device];
    const vpn = bufferVpn(device);
    return new DmaEngine(device, cpu, machine, COSTS, new Random(2), 100, vpn, BUFFER_PAGES);
  });
  executor.complete([
    ...cores.map((core) => initiator(core)),
    serveInvalidations(unit),
    ...engines.map((engine) => transfer(engine)),
  ]);
  return { machine, unit, core: cores[0] };
}

test("every kind of descriptor is executed, in the order in which it was submitted", () => {
  const all = [PAGE, DOMAIN, GLOBAL, contextCacheDescriptor(1, 0, 0, 0)];
  const { unit, outcomes } = submitAll([[all]]);
  expect(outcomes).toEqual([SUBMISSION_DONE]);
  expect(unit.counters).toMatchObject({
    pageFlushes: 1,
    domainFlushes: 1,
    globalFlushes: 1,
    contextCache: 1,
    waits: 1,
  });
});

test("one submission takes tail write, service and status write: 800 ns on akaros-2020", () => {
  const { core } = submitAll([[[DOMAIN]]]);
  expect(core.cpu.now()).toBe(800);
});

test("a further descriptor of a submission is cheaper than the first", () => {
  const { core } = submitAll([[[PAGE, PAGE, PAGE]]]);
  expect(core.cpu.now()).toBe(800 + 2 * COSTS.furtherDescriptorNs);
});

test("two submitters at once are served one after the other", () => {
  const { core, outcomes } = submitAll([[[DOMAIN]], [[DOMAIN]]]);
  expect(outcomes).toEqual([SUBMISSION_DONE, SUBMISSION_DONE]);
  expect(core.cpu.now()).toBeGreaterThanOrEqual(800);
});

test("thousands of submissions go round the ring: every slot is reclaimed", () => {
  const many = Array.from({ length: 1000 }, () => [PAGE, PAGE]);
  const { machine, outcomes } = submitAll([many, many, many]);
  expect(outcomes).toHaveLength(3000);
  machine.iommus[0].reclaim();
  expect(machine.iommus[0].freeSlots).toBe(256);
});

test("sixteen submitters of sixteen descriptors fill the queue, wait for room and all end", () => {
  const many = Array.from({ length: 20 }, () => Array.from({ length: 16 }, () => PAGE));
  const { outcomes, unit } = submitAll(Array.from({ length: 16 }, () => many));
  expect(outcomes.filter((outcome) => outcome !== SUBMISSION_DONE)).toEqual([]);
  expect(unit.counters.pageFlushes).toBe(16 * 20 * 16);
});

describe("a posted wait", () => {
  const BUSY_NS = 1_000_000;
  const SUBMISSIONS = 40;
  const burst = Array.from({ length: 8 }, () => DOMAIN);
  const ranges = new RangeList();
  ranges.add(0x1234, 1, 0);

  test("holds nobody up who waits for room with a lock that its own core wants", () => {
    function* poster(core: Core): Protocol<void> {
      const iommu = core.machine.iommus[0];
      const lock = core.machine.lockOfSpace(0);
      yield* submitPosted(core, iommu, 0, ranges, 0, LATER);
      core.cpu.spend(BUSY_NS);
      const ticket = yield* acquire(core, lock);
      yield* release(core, lock, ticket);
      yield* awaitPosted(core, iommu, 0);
    }
    function* filler(core: Core): Protocol<void> {
      const lock = core.machine.lockOfSpace(0);
      const ticket = yield* acquire(core, lock);
      core.cpu.spend(2 * BUSY_NS);
      for (let i = 0; i < SUBMISSIONS; i++) {
        yield* submit(core, core.machine.iommus[0], burst, NEVER);
      }
      yield* release(core, lock, ticket);
    }
    const { unit } = runAll([poster, filler]);
    expect(unit.counters.pageFlushes + unit.counters.domainFlushes).toBe(8 * SUBMISSIONS + 1);
  });

  test("whose slot another has taken since is followed by a flush of the whole domain", () => {
    function* poster(core: Core): Protocol<void> {
      yield* submitPosted(core, core.machine.iommus[0], 0, ranges, 0, LATER);
      core.cpu.spend(BUSY_NS);
      yield* awaitPosted(core, core.machine.iommus[0], 0);
    }
    function* others(core: Core): Protocol<void> {
      for (let i = 0; i < QUEUE_SLOTS; i++) {
        yield* submitAndWait(core, core.machine.iommus[0], [GLOBAL]);
      }
    }
    const { unit, core } = runAll([poster, others]);
    expect(unit.counters).toMatchObject({ pageFlushes: 1, domainFlushes: 1 });
    expect(core.counters.iotlbInvalidations).toBe(2);
    expect(runAll([poster]).unit.counters).toMatchObject({ pageFlushes: 1, domainFlushes: 0 });
  });
});

describe("faults", () => {
  test("IQE: a malformed descriptor ends its submission as invalid, and the queue goes on", () => {
    const { outcomes, machine, unit } = submitAll([[[PAGE, MALFORMED], [DOMAIN]]]);
    expect(outcomes).toEqual([SUBMISSION_INVALID, SUBMISSION_DONE]);
    expect(machine.iommus[0].faults).toBe(0);
    expect(unit.counters.domainFlushes).toBe(1);
  });

  test.each([
    ["first", [MALFORMED, PAGE]],
    ["in the middle", [PAGE, MALFORMED, GLOBAL]],
    ["first of many", [MALFORMED, ...Array.from({ length: 12 }, () => DOMAIN)]],
  ])("IQE: malformed %s: what stands behind it is still executed", (_, descriptors) => {
    const { outcomes, machine, unit } = submitAll([[descriptors, [DOMAIN]], [[PAGE]]]);
    expect(outcomes.toSorted()).toEqual([SUBMISSION_DONE, SUBMISSION_DONE, SUBMISSION_INVALID]);
    expect(machine.iommus[0].faults).toBe(0);
    const { pageFlushes, domainFlushes, globalFlushes } = unit.counters;
    expect(pageFlushes + domainFlushes + globalFlushes).toBe(descriptors.length - 1 + 2);
  });

  test("IQE: only its own submitter is told, the others are served", () => {
    const { outcomes } = submitAll([[[MALFORMED]], [[DOMAIN]], [[PAGE]]]);
    expect(outcomes.toSorted()).toEqual([SUBMISSION_DONE, SUBMISSION_DONE, SUBMISSION_INVALID]);
  });

  test("IQE: a reserved bit or an address mask beyond the maximum is refused", () => {
    const reserved: Descriptor = [PAGE[0] | (1 << 8), PAGE[1], PAGE[2], PAGE[3]];
    const wide = iotlbDescriptor(GRANULARITY_PAGE, 1, true, 0, 19, false);
    expect(submitAll([[[reserved], [wide]]]).outcomes).toEqual([
      SUBMISSION_INVALID,
      SUBMISSION_INVALID,
    ]);
  });

  test("ITE: asking a removed device times out; a wait behind it is not completed", () => {
    const asks = [PAGE, deviceTlbDescriptor(0, 0, 0x1234, false)];
    const { outcomes, machine } = submitAll([[asks, [PAGE]]], 1, ({ devices }) =>
      devices.setState(0, DEVICE_REMOVED),
    );
    expect(outcomes).toEqual([SUBMISSION_TIMED_OUT, SUBMISSION_DONE]);
    expect(machine.iommus[0].faults).toBe(0);
  });

  test("ITE: others whose waits were aborted submit again and are served", () => {
    const asks = [deviceTlbDescriptor(0, 0, 0x1234, false)];
    const remove = ({ devices }: Machine) => devices.setState(0, DEVICE_REMOVED);
    const { outcomes } = submitAll([[asks], [[DOMAIN]], [[PAGE]]], 1, remove);
    expect(outcomes.toSorted()).toEqual([SUBMISSION_DONE, SUBMISSION_DONE, SUBMISSION_TIMED_OUT]);
  });

  test("ICE: an erroneous answer is cleared, and the submission ends", () => {
    const { outcomes, machine, core } = submitAll(
      [[[deviceTlbDescriptor(0, 0, 0x1234, false)]]],
      1,
      ({ devices }) => devices.setState(0, DEVICE_ERRONEOUS),
    );
    expect(outcomes).toEqual([SUBMISSION_DONE]);
    expect(machine.iommus[0].faults).toBe(0);
    expect(core.counters.iommuFaults).toBe(1);
  });
});

test("a drained flush waits for DMA in flight; one that does not drain does not", () => {
  const undrained = iotlbDescriptor(GRANULARITY_DOMAIN, didOf(0), false, 0, 0, false);
  const many = (descriptor: Descriptor) => Array.from({ length: 200 }, () => [descriptor]);
  const drained = submitAll([many(DOMAIN)], 1).core.cpu.now();
  const quick = submitAll([many(undrained)], 1).core.cpu.now();
  expect(drained).toBeGreaterThan(quick);
});

test("after a page-selective flush the page is gone from the IOTLB, its neighbour is not", () => {
  const { machine } = submitAll([[[PAGE]]], 0, ({ iotlbs, iommus }) => {
    const epoch = iommus[0].epochOf(didOf(0));
    for (const vpn of [0x1234, 0x1235]) {
      iotlbs[0].insert(didOf(0), vpn, 1, 0, 0, 0, epoch, iommus[0].nextFillSerial());
    }
  });
  const epoch = machine.iommus[0].epochOf(didOf(0));
  expect(machine.iotlbs[0].holds(didOf(0), 0x1234, epoch)).toBe(false);
  expect(machine.iotlbs[0].holds(didOf(0), 0x1235, epoch)).toBe(true);
});

test.each([
  ["page-selective with the leaf hint", PAGE, 0],
  ["page-selective without it", UNHINTED, 1],
  ["domain-selective", DOMAIN, 1],
])(
  "%s: what its devices know of leaf tables goes, unless only leaves changed",
  (_, words, raised) => {
    expect(submitAll([[[words]]], 1).machine.iommus[0].upperEpoch).toBe(raised);
  },
);

test("a device-TLB flush waits for what that device has in flight, and for no other's", () => {
  const asksFirst = Array.from({ length: 50 }, () => [deviceTlbDescriptor(0, 0, 0x1234, false)]);
  const takesNs = (quiet: readonly number[]) => {
    const quieten = ({ devices }: Machine) => {
      for (const device of quiet) devices.setState(device, DEVICE_ERRONEOUS);
    };
    return submitAll([asksFirst], 2, quieten, true).core.cpu.now();
  };
  expect(takesNs([0])).toBe(takesNs([0, 1]));
  expect(takesNs([1])).toBeGreaterThan(50 * (COSTS.deviceTlbNs + COSTS.statusWriteNs));
  expect(takesNs([0, 1])).toBeLessThan(takesNs([1]));
});

test("a removed device has lost what it is asked to drop from its TLB", () => {
  const asks = [PAGE, deviceTlbDescriptor(0, 0, 0x1234, false)];
  const remove = ({ devices, deviceTlbs }: Machine) => {
    for (const vpn of [0x1234, 0x1235]) {
      deviceTlbs[0].insert(didOf(0), vpn, 1, 0, 0, 0, 0, 1);
    }
    devices.setState(0, DEVICE_REMOVED);
  };
  const { machine, outcomes } = submitAll([[asks]], 1, remove, true);
  expect(outcomes).toEqual([SUBMISSION_TIMED_OUT]);
  expect([0x1234, 0x1235].map((vpn) => machine.deviceTlbs[0].holds(didOf(0), vpn, 0))).toEqual([
    false,
    true,
  ]);
});

test("page-selective without the hint: drops the way to its own region, and to no other", () => {
  const { iommus } = submitAll([[[UNHINTED]]], 1).machine;
  const region = regionOf(vpnOf(UNHINTED));
  expect([region - 1, region, region + 1].map((of) => iommus[0].tableDropsOf(of))).toEqual([
    0, 1, 0,
  ]);
  expect(iommus[0].tablesEpoch).toBe(0);
});

test("a device-TLB flush drops what its address encodes from that device's TLB alone", () => {
  const pages = [7, 8, 15, 16];
  const words = deviceTlbDescriptor(1, 0, sizedPage(8, 3), true);
  const fill = ({ deviceTlbs }: Machine) => {
    for (const tlb of deviceTlbs) {
      pages.forEach((vpn, i) => {
        tlb.insert(didOf(0), vpn, 1, 0, 0, 0, 0, i + 1);
      });
    }
  };
  const { machine } = submitAll([[[words]]], 2, fill, true);
  const held = machine.deviceTlbs.map((tlb) => pages.map((vpn) => tlb.holds(didOf(0), vpn, 0)));
  expect(held).toEqual([
    [true, true, true, true],
    [true, false, false, true],
  ]);
});
