// Who plays what: the protocol of each actor of a run, under whatever executor, and what it
// reports after.

import type { ActorCheck } from "../engine/check/actor-check.ts";
import type { CheckData } from "../engine/check/sums.ts";
import type { Cpu, Protocol } from "../engine/executor/cpu.ts";
import type { Machine } from "../engine/machine/machine.ts";
import type { Plan } from "../engine/policy/plan.ts";
import type { CoreCounters, DeviceCounters, IommuCounters } from "../engine/probe/counters.ts";
import type { CriticalPathData } from "../engine/probe/critical-path.ts";
import { SampleLog } from "../engine/probe/sample-log.ts";
import type { ProfileNumbers } from "../engine/profile/profile.ts";
import { Arrivals } from "../engine/protocol/arrivals.ts";
import { Core } from "../engine/protocol/core.ts";
import { DmaEngine } from "../engine/protocol/dma.ts";
import { InvalidationUnit, serveInvalidations } from "../engine/protocol/iommu.ts";
import { Random } from "../engine/random.ts";
import { CauseTally } from "./cause-tally.ts";
import type { Measured } from "./measured.ts";
import { BUFFER_PAGES, bufferVpn, SHARED_VPN } from "./memory-map.ts";
import { scriptOf } from "./registry.ts";
import { firstSpaceOf, runCore } from "./roles.ts";
import { NIC_TX, type WorkloadPlan } from "./workload.ts";

/** Beyond the actors' own, which are their numbers. */
const ARRIVALS_STREAM = 0x8000;

/** A trace's only operation is many. */
const LEAST_SAMPLES = 1024;

/** What all actors of a run have in common besides the machine. */
export interface Play extends ProfileNumbers {
  readonly plan: Plan;
  readonly workload: WorkloadPlan;
  readonly seed: number;
  /** Whether initiators keep each of their operations by itself; unless it is said, not. */
  readonly logsSamples?: boolean;
}

/** What an actor counted; parts that do not apply to it are missing. */
export interface ActorReport {
  readonly core?: CoreReport;
  readonly iommu?: IommuCounters;
  readonly device?: DeviceCounters;
  /** What its checker has seen; missing while that is off. */
  readonly check?: CheckData;
}

export interface CoreReport {
  readonly counters: CoreCounters;
  /** Of an initiator. */
  readonly path?: CriticalPathData;
  readonly measured: Measured;
}

export interface Part {
  readonly protocol: Protocol<void>;
  /** To be called when the protocol has ended. */
  readonly report: () => ActorReport;
}

/** The part of one actor, which runs on `cpu`. */
export function partOf(cpu: Cpu, machine: Machine, play: Play): Part {
  const { shape } = machine;
  if (cpu.id < shape.cores) return corePart(cpu, machine, play);
  const iommu = cpu.id - shape.cores;
  if (iommu < shape.iommus) {
    const unit = new InvalidationUnit(cpu, machine, iommu, play.costs);
    return {
      protocol: serveInvalidations(unit),
      report: () => ({ iommu: unit.counters, ...checkOf(unit) }),
    };
  }
  const device = iommu - shape.iommus;
  const { stress, dmaPeriodNs } = play.workload;
  const engine = new DmaEngine(
    device,
    cpu,
    machine,
    stress === undefined ? play.costs : { ...play.costs, dmaNs: stress.dmaNs },
    new Random(play.seed, cpu.id),
    dmaPeriodNs,
    stress === undefined ? bufferVpn(device) : SHARED_VPN,
    stress === undefined ? BUFFER_PAGES : stress.sharedPages,
    play.workload.kind !== NIC_TX,
  );
  return {
    protocol: scriptOf(play.workload.kind).move(engine, play.workload),
    report: () => ({ device: engine.counters, ...checkOf(engine) }),
  };
}

function checkOf({ check }: { readonly check: ActorCheck | undefined }): { check?: CheckData } {
  return check === undefined ? {} : { check: check.toData() };
}

function corePart(cpu: Cpu, machine: Machine, play: Play): Part {
  const { plan, workload, seed } = play;
  const space = firstSpaceOf(cpu.id, machine.shape.cores, workload);
  const core = new Core(cpu.id, cpu, machine, play, plan, new Random(seed, cpu.id), space);
  if (play.logsSamples === true && cpu.id < workload.initiators) {
    core.path.samples = new SampleLog(Math.max(LEAST_SAMPLES, workload.operations));
  }
  if (workload.arrivalNs !== undefined && cpu.id < workload.initiators) {
    const random = new Random(seed, ARRIVALS_STREAM + cpu.id);
    core.arrivals = new Arrivals(random, workload.arrivalNs);
  }
  const measured: Measured = { beganNs: 0, endedNs: 0, warmup: 0, causes: new CauseTally() };
  const report = (): ActorReport => {
    const { counters } = core;
    const check = checkOf(core);
    if (cpu.id >= workload.initiators) return { core: { counters, measured }, ...check };
    return { core: { counters, measured, path: core.path.toData() }, ...check };
  };
  return { protocol: runCore(core, workload, measured), report };
}
