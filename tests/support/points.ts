// Small points, and what comes of them in virtual time, in this thread.

import { VirtualExecutor } from "../../dist/src/engine/executor/virtual.js";
import { STRICT } from "../../dist/src/engine/policy/presets.js";
import {
  auditOf,
  machineOf,
  type Point,
  type PointResult,
  playOf,
  type RunRecord,
} from "../../dist/src/workers/point.js";
import { resultOf } from "../../dist/src/workers/sums.js";
import { partOf } from "../../dist/src/workloads/cast.js";
import { MUNMAP, type WorkloadPlan } from "../../dist/src/workloads/workload.js";
import { AKAROS_2020 } from "./virtual-run.ts";

const WORKLOAD: WorkloadPlan = {
  kind: MUNMAP,
  pages: 2,
  initiators: 1,
  operations: 30,
  warmup: 5,
  gapNs: 1000,
  accessGapNs: 1000,
  maskedEveryNs: 1e6,
  maskedNs: 0,
  idleCores: 0,
  otherCores: 0,
  dmaPeriodNs: 1000,
  ats: false,
  mode: 0,
  windows: 260,
  trace: undefined,
};

export function workloadOf(part: Partial<WorkloadPlan>): WorkloadPlan {
  return { ...WORKLOAD, ...part };
}

/** `strict` on two cores of akaros-2020, on threads, unless `part` says otherwise. */
export function pointOf(part: Partial<Point>): Point {
  return {
    executor: "threads",
    policy: STRICT,
    profile: AKAROS_2020,
    workload: WORKLOAD,
    cores: 2,
    iommus: 0,
    devices: 0,
    seed: 1,
    jitter: undefined,
    checks: false,
    dilation: 1,
    hostCpus: 2,
    logsSteps: false,
    ...part,
  };
}

/** The result of a point's rounds, with protocols as generators. */
export function run(...rounds: readonly [Point, ...Point[]]): PointResult {
  return resultOf(rounds[0], rounds.map(record));
}

function record(point: Point): RunRecord {
  const machine = machineOf(point);
  const executor = new VirtualExecutor(machine);
  const parts = executor.cpus.map((cpu) => partOf(cpu, machine, playOf(point)));
  executor.complete(parts.map(({ start }) => start()));
  const reports = parts.map(({ report }) => report());
  return { reports, wallS: 0, atRest: auditOf(machine) };
}
