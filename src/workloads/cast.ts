// Who plays what: the protocol of each actor of a run, under whatever executor, and what it
// reports after.

import type { ActorCheck } from "../engine/check/actor-check.ts";
import type { CheckData } from "../engine/check/sums.ts";
import type { Cpu, Protocol } from "../engine/executor/cpu.ts";
import type { Machine } from "../engine/machine/machine.ts";
import type { Plan } from "../engine/policy/plan.ts";
import type { CoreCounters, DeviceCounters, IommuCounters } from "../engine/probe/counters.ts";
import type { CriticalPathData } from "../engine/probe/critical-path.ts";
import type { HistogramData } from "../engine/probe/histogram.ts";
import { SampleLog } from "../engine/probe/sample-log.ts";
import type { Timeline, TimelineData } from "../engine/probe/timeline.ts";
import type { Costs } from "../engine/profile/costs.ts";
import type { ProfileNumbers } from "../engine/profile/profile.ts";
import { Arrivals } from "../engine/protocol/arrivals.ts";
import { Core } from "../engine/protocol/core.ts";
import { DmaEngine } from "../engine/protocol/dma.ts";
import { InvalidationUnit } from "../engine/protocol/invalidation-unit.ts";
import { serveInvalidations } from "../engine/protocol/iommu.ts";
import { Random } from "../engine/random.ts";
import { CauseTally } from "./cause-tally.ts";
import type { Measured } from "./measured.ts";
import { BUFFER_PAGES, bufferVpn, SHARED_VPN } from "./memory-map.ts";
import { PORT_RING } from "./port.ts";
import { scriptOf } from "./registry.ts";
import { firstSpaceOf, runCore } from "./roles.ts";
import { NIC_TX, PORT, type WorkloadPlan } from "./workload.ts";

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
  /** Missing unless time lines are recorded. */
  readonly timeline?: TimelineData;
}

export interface CoreReport {
  readonly counters: CoreCounters;
  /** Of an initiator. */
  readonly path?: CriticalPathData;
  readonly measured: Omit<Measured, "causes">;
  /** Of a replay: CauseTally.counts, and the histograms of CauseTally.telling. */
  readonly causes: Float64Array;
  readonly telling: readonly HistogramData[];
}

export interface Part {
  /**
   * Its protocol, to be asked for once. Where protocols are plain functions it has run to its end
   * when this returns.
   */
  readonly start: () => Protocol<void>;
  /** To be called when the protocol has ended, or when its run has. */
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
      start: () => serveInvalidations(unit),
      report: () => ({ iommu: unit.counters, ...watchedBy(unit) }),
    };
  }
  const device = iommu - shape.iommus;
  const { stress, dmaPeriodNs } = play.workload;
  const engine = new DmaEngine(
    device,
    cpu,
    machine,
    deviceCosts(play),
    new Random(play.seed, cpu.id),
    dmaPeriodNs,
    stress === undefined ? bufferVpn(device) : SHARED_VPN,
    stress === undefined ? BUFFER_PAGES : stress.sharedPages,
    play.workload.kind !== NIC_TX,
  );
  return {
    start: () => scriptOf(play.workload.kind).move(engine, play.workload),
    report: () => ({ device: engine.counters, ...watchedBy(engine) }),
  };
}

/** What a device's steps cost, where the workload has it do them in another way. */
function deviceCosts({ costs, workload }: Play): Costs {
  const { stress, kind, mode } = workload;
  if (stress !== undefined) return { ...costs, dmaNs: stress.dmaNs };
  // Its next translation has been read ahead when it is wanted.
  if (kind === PORT && mode === PORT_RING) return { ...costs, iotlbMissNs: 0, iotlbReadNs: 0 };
  return costs;
}

/** Who may watch an actor, and is undefined while it does not. */
interface Watched {
  readonly check: ActorCheck | undefined;
  readonly timeline: Timeline | undefined;
}

function watchedBy({ check, timeline }: Watched): Pick<ActorReport, "check" | "timeline"> {
  return {
    ...(check && { check: check.toData() }),
    ...(timeline && { timeline: timeline.toData() }),
  };
}

/** When an initiator's operations are due; undefined if nothing is. */
function arrivalsOf(initiator: number, { workload, seed }: Play): Arrivals | undefined {
  const { arrivalNs, fixedArrivals, initiators } = workload;
  if (arrivalNs === undefined) return undefined;
  if (fixedArrivals === true) {
    return Arrivals.fixed(arrivalNs, Math.round((initiator * arrivalNs) / initiators));
  }
  return Arrivals.poisson(arrivalNs, new Random(seed, ARRIVALS_STREAM + initiator));
}

function corePart(cpu: Cpu, machine: Machine, play: Play): Part {
  const { plan, workload, seed } = play;
  const space = firstSpaceOf(cpu.id, machine.shape.cores, workload);
  const core = new Core(cpu.id, cpu, machine, play, plan, new Random(seed, cpu.id), space);
  if (play.logsSamples === true && cpu.id < workload.initiators) {
    core.path.samples = new SampleLog(Math.max(LEAST_SAMPLES, workload.operations));
  }
  if (cpu.id < workload.initiators) core.arrivals = arrivalsOf(cpu.id, play);
  const measured: Measured = {
    beganNs: 0,
    endedNs: 0,
    warmup: 0,
    neverSteady: false,
    causes: new CauseTally(),
  };
  const report = (): ActorReport => {
    const { counters } = core;
    const { causes, ...times } = measured;
    const telling = causes.telling.map((histogram) => histogram.toData());
    const counted = { counters, measured: times, causes: causes.counts, telling };
    const watched = watchedBy(core);
    if (cpu.id >= workload.initiators) return { core: counted, ...watched };
    return { core: { ...counted, path: core.path.toData() }, ...watched };
  };
  return { start: () => runCore(core, workload, measured), report };
}
