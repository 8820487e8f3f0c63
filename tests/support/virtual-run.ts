// Runs a whole machine in virtual time, in this thread, and adds up what its actors report.

import { auditAtRest } from "../../dist/src/engine/check/audit.js";
import { type CheckSums, sumChecks } from "../../dist/src/engine/check/sums.js";
import { VirtualExecutor } from "../../dist/src/engine/executor/virtual.js";
import type { MachineShape } from "../../dist/src/engine/layout/shape.js";
import { createMachine, type Machine } from "../../dist/src/engine/machine/machine.js";
import { planOf } from "../../dist/src/engine/policy/plan.js";
import type { Policy } from "../../dist/src/engine/policy/policy.js";
import { CoreCounters, DeviceCounters } from "../../dist/src/engine/probe/counters.js";
import { Histogram } from "../../dist/src/engine/probe/histogram.js";
import { SEGMENT_NAMES, SEGMENTS } from "../../dist/src/engine/probe/segments.js";
import { numbersOf, type Profile } from "../../dist/src/engine/profile/profile.js";
import { PROFILES } from "../../dist/src/engine/profile/profiles.js";
import { queueSlotsOf } from "../../dist/src/workers/point.js";
import { partOf } from "../../dist/src/workloads/cast.js";
import { mapPrograms } from "../../dist/src/workloads/memory-map.js";
import { firstSpaceOf } from "../../dist/src/workloads/roles.js";
import { traitsOf } from "../../dist/src/workloads/traits.js";
import { MUNMAP, type WorkloadPlan } from "../../dist/src/workloads/workload.js";

export interface Setup {
  readonly policy: Policy;
  /** akaros-2020 unless given. */
  readonly profile?: Profile;
  readonly cores?: number;
  readonly iommus?: number;
  readonly devices?: number;
  readonly workload?: Partial<WorkloadPlan>;
  readonly seed?: number;
  /** Whether the checker watches; not unless given. */
  readonly checks?: boolean;
}

export interface Outcome {
  readonly machine: Machine;
  readonly latency: Histogram;
  readonly counters: CoreCounters;
  readonly devices: DeviceCounters;
  /** Mean ns of each segment on the critical path, by name. */
  readonly segments: Readonly<Record<string, number>>;
  readonly framesAtStart: number;
  /** What the checker has seen, if it watched. */
  readonly check: CheckSums;
}

export const AKAROS_2020 = PROFILES.find(({ name }) => name === "akaros-2020")!;

const WORKLOAD: WorkloadPlan = {
  kind: MUNMAP,
  pages: 1,
  initiators: 1,
  operations: 50,
  warmup: 5,
  gapNs: 1000,
  accessGapNs: 500,
  maskedEveryNs: 1e6,
  maskedNs: 0,
  idleCores: 0,
  otherCores: 0,
  dmaPeriodNs: 1000,
  ats: false,
  mode: 0,
  windows: 300,
  trace: undefined,
};

export function smallShape(
  cores: number,
  iommus: number,
  devices: number,
  { l1, l2, iotlb }: Profile = AKAROS_2020,
): MachineShape {
  return {
    cores,
    iommus,
    devices,
    spaces: 2,
    dataFrames: 60_000,
    tableFrames: 400,
    flushQueueSlots: 256,
    tracksAccesses: false,
    rings: 0,
    ringSlots: 0,
    cachedRegions: 32,
    l1,
    l2,
    iotlb,
    ats: false,
    checks: false,
  };
}

/** Runs the setup to its end in virtual time. */
export function runVirtually(setup: Setup): Outcome {
  const { policy, profile = AKAROS_2020, cores = 2, iommus = 0, devices = 0, seed = 42 } = setup;
  const { checks = false } = setup;
  const workload = { ...WORKLOAD, ...setup.workload };
  const plan = planOf(policy);
  const shape = {
    ...smallShape(cores, iommus, devices, profile),
    flushQueueSlots: queueSlotsOf(policy),
    tracksAccesses: policy.whom.among === "accessed",
    rings: workload.port?.flows ?? devices,
    ringSlots: traitsOf(workload.kind).ringSlots,
    ats: workload.ats && devices > 0,
    checks,
  };
  const machine = createMachine(shape, plan.queuedInvalidation);
  mapPrograms(machine);
  for (let core = 0; core < cores; core++) {
    machine.spaces.load(firstSpaceOf(core, cores, workload), core);
  }
  machine.control.expectInitiators(workload.initiators);
  const framesAtStart = machine.frames.countOwned();
  const executor = new VirtualExecutor(machine);
  const play = { ...numbersOf(profile), plan, workload, seed };
  const parts = executor.cpus.map((cpu) => partOf(cpu, machine, play));
  executor.complete(parts.map(({ start }) => start()));
  const latency = new Histogram();
  const counters = new CoreCounters();
  const sums = new Float64Array(SEGMENTS);
  const deviceCounters = new DeviceCounters();
  const reports = parts.map(({ report }) => report());
  const check = sumChecks(
    reports.flatMap((report) => report.check ?? []),
    checks ? auditAtRest(machine) : [],
  );
  for (const { core, device } of reports) {
    if (device !== undefined) {
      deviceCounters.dmas += device.dmas;
      deviceCounters.faults += device.faults;
      deviceCounters.iotlbMisses += device.iotlbMisses;
      deviceCounters.tableReads += device.tableReads;
    }
    if (core === undefined) continue;
    for (const key of Object.keys(counters) as (keyof CoreCounters)[]) {
      if (key === "reset") continue;
      counters[key] += core.counters[key];
    }
    if (core.path === undefined) continue;
    latency.merge(core.path.latency);
    core.path.segments.forEach(({ onPath }, segment) => {
      sums[segment] += onPath.sum;
    });
  }
  const segments = Object.fromEntries(
    SEGMENT_NAMES.map((name, segment) => [name, sums[segment] / latency.count]),
  );
  return { machine, latency, counters, devices: deviceCounters, segments, framesAtStart, check };
}

/** What all segments on the critical path add up to, on average. */
export function pathNs(outcome: Outcome): number {
  return Object.values(outcome.segments).reduce((sum, ns) => sum + ns, 0);
}
