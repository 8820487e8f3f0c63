// The register interface of an IOMMU: a command in each scope, what it costs, and that it is safe.

import { describe, expect, test } from "vitest";
import type { Protocol } from "../../dist/src/engine/executor/cpu.js";
import { VirtualExecutor } from "../../dist/src/engine/executor/virtual.js";
import { GRANULARITY_PAGE, iotlbDescriptor } from "../../dist/src/engine/layout/descriptor.js";
import { createMachine, didOf } from "../../dist/src/engine/machine/machine.js";
import { parsePolicy } from "../../dist/src/engine/policy/parse.js";
import { planOf } from "../../dist/src/engine/policy/plan.js";
import { numbersOf } from "../../dist/src/engine/profile/profile.js";
import { Core } from "../../dist/src/engine/protocol/core.js";
import { flushRangesByRegister } from "../../dist/src/engine/protocol/invalidation.js";
import { InvalidationUnit } from "../../dist/src/engine/protocol/invalidation-unit.js";
import { serveInvalidations } from "../../dist/src/engine/protocol/iommu.js";
import { RangeList } from "../../dist/src/engine/protocol/ranges.js";
import { Random } from "../../dist/src/engine/random.js";
import { pointOf, run, workloadOf } from "../support/points.ts";
import { AKAROS_2020, runVirtually, smallShape } from "../support/virtual-run.ts";

const NUMBERS = numbersOf(AKAROS_2020);
const { tailWriteNs, iotlbPageNs } = AKAROS_2020.costs;

describe("one command, in the scope of the policy", () => {
  test.each([
    ["strict+register", "pageFlushes", 2 * tailWriteNs.ns],
    ["strict+register+domain", "domainFlushes", tailWriteNs.ns],
    ["strict+register+global", "globalFlushes", tailWriteNs.ns],
  ] as const)("%s: %s, written in %i ns", (text, kind, submitNs) => {
    const policy = parsePolicy(text);
    const { segments } = runVirtually({ policy, iommus: 1 });
    expect(segments.submit).toBe(submitNs);
    const workload = workloadOf({ pages: 3, operations: 25, warmup: 0 });
    const { iommus, cores } = run(pointOf({ policy, workload, cores: 2, iommus: 1 }));
    expect({ ...iommus, waits: 0 }).toMatchObject({
      ...{ pageFlushes: 0, domainFlushes: 0, globalFlushes: 0 },
      [kind]: cores.shootdowns,
    });
  });

  test("page-selective: takes the service of a queued page invalidation", () => {
    const policy = parsePolicy("strict+register");
    const { segments } = runVirtually({ policy, iommus: 1 });
    expect(segments.flush).toBe(iotlbPageNs.ns);
  });
});

/** What an IOMMU executes for so many ranges of one page each, with a page between any two. */
function flushesOf(ranges: number): { pages: number; domains: number } {
  const machine = createMachine(smallShape(1, 1, 0), false);
  machine.control.expectInitiators(1);
  const executor = new VirtualExecutor(machine);
  const [cpu, iommuCpu] = executor.cpus;
  const plan = planOf(parsePolicy("strict+register"));
  const core = new Core(0, cpu, machine, NUMBERS, plan, new Random(1), 0);
  const unit = new InvalidationUnit(iommuCpu, machine, 0, NUMBERS.costs);
  const list = new RangeList();
  for (let range = 0; range < ranges; range++) list.add(0x1000 + 2 * range, 1, 0);
  function* flush(): Protocol<void> {
    yield* flushRangesByRegister(core, machine.iommus[0], 0, list, 0);
    if (machine.control.initiatorDone()) cpu.ring(iommuCpu.id, cpu.now());
  }
  executor.complete([flush(), serveInvalidations(unit)]);
  expect(core.counters.iotlbInvalidations).toBe(core.counters.iommuWaits);
  return { pages: unit.counters.pageFlushes, domains: unit.counters.domainFlushes };
}

test("several ranges: a command each; more than one submission holds: the whole domain", () => {
  expect(flushesOf(1)).toEqual({ pages: 1, domains: 0 });
  expect(flushesOf(16)).toEqual({ pages: 16, domains: 0 });
  expect(flushesOf(17)).toEqual({ pages: 0, domains: 1 });
});

test("a command says what its descriptor says, up to the largest page", () => {
  const { register } = createMachine(smallShape(1, 1, 0), false).iommus[0];
  expect(register.isPending).toBe(false);
  const words = iotlbDescriptor(GRANULARITY_PAGE, didOf(1), true, 2 ** 36 - 2 ** 18, 18, true);
  register.write(words, 3, 500);
  expect([register.isPending, register.from(), register.dueNs()]).toEqual([true, 3, 500]);
  expect(register.pending()).toEqual(words);
});

test.each([
  "strict+register",
  "strict+register+no-leaf-hint",
  "strict+register+global",
  "batch(8)+register",
])("%s: safe under devices and page-table pages that come and go", (text) => {
  const { check } = runVirtually({
    ...{ policy: parsePolicy(text), cores: 4, iommus: 2, devices: 3, checks: true },
    workload: { pages: 3, operations: 300, initiators: 2, accessGapNs: 50, dmaPeriodNs: 200 },
  });
  expect([check.verdict, check.findings]).toEqual(["safe", []]);
});
