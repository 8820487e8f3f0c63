// A worker thread's entry point: one call is one actor's part of one run. Everything that decides what it
// does comes in numbers, and all it shares with the others is the machine's memory.

import { complete } from "../engine/executor/cpu.ts";
import { ThreadCpu } from "../engine/executor/threads.ts";
import type { MachineShape } from "../engine/layout/shape.ts";
import { Machine } from "../engine/machine/machine.ts";
import type { Plan } from "../engine/policy/policy.ts";
import type { CoreCounters, DeviceCounters, IommuCounters } from "../engine/probe/counters.ts";
import type { CriticalPathData } from "../engine/probe/critical-path.ts";
import type { Costs } from "../engine/profile/costs.ts";
import { Core } from "../engine/protocol/core.ts";
import { DmaEngine, transfer } from "../engine/protocol/dma.ts";
import { InvalidationUnit, serveInvalidations } from "../engine/protocol/iommu.ts";
import { Random } from "../engine/random.ts";
import { BUFFER_PAGES, bufferVpn } from "../workloads/memory-map.ts";
import { firstSpaceOf, type Measured, runCore } from "../workloads/roles.ts";
import type { WorkloadPlan } from "../workloads/workload.ts";
import { monotonicClock } from "./clock.ts";

export interface ActorTask {
  readonly actor: number;
  readonly memory: SharedArrayBuffer;
  readonly shape: MachineShape;
  readonly costs: Costs;
  readonly plan: Plan;
  readonly workload: WorkloadPlan;
  readonly seed: number;
  readonly dilation: number;
  readonly oversubscribed: boolean;
}

/** What an actor counted; empty parts do not apply to it. */
export interface ActorReport {
  readonly core?: CoreReport;
  readonly iommu?: IommuCounters;
  readonly device?: DeviceCounters;
}

export interface CoreReport {
  readonly counters: CoreCounters;
  /** Of an initiator. */
  readonly path?: CriticalPathData;
  readonly measured: Measured;
}

/** Runs one actor until its run is over. Throws what the actor throws; Aborted if others ended the run. */
export default function runActor(task: ActorTask): ActorReport {
  const machine = new Machine(task.memory, task.shape);
  try {
    return play(task, machine);
  } catch (error) {
    machine.control.abort(); // Nobody must wait for this actor any more.
    throw error;
  }
}

function play(task: ActorTask, machine: Machine): ActorReport {
  const { actor, shape, costs, plan, workload, seed } = task;
  const hostNowNs = monotonicClock();
  machine.control.ready();
  const epochNs = machine.control.awaitStart();
  const cpu = new ThreadCpu(actor, machine, {
    hostNowNs,
    epochNs,
    dilation: task.dilation,
    oversubscribed: task.oversubscribed,
  });
  const random = new Random(seed, actor);
  if (actor < shape.cores) {
    const space = firstSpaceOf(actor, shape.cores, workload);
    const core = new Core(actor, cpu, machine, costs, plan, random, space);
    const measured: Measured = { beganNs: 0, endedNs: 0 };
    complete(runCore(core, workload, measured));
    const { counters } = core;
    if (actor >= workload.initiators) return { core: { counters, measured } };
    return { core: { counters, measured, path: core.path.toData() } };
  }
  const iommu = actor - shape.cores;
  if (iommu < shape.iommus) {
    const unit = new InvalidationUnit(cpu, machine, iommu, costs);
    complete(serveInvalidations(unit));
    return { iommu: unit.counters };
  }
  const device = iommu - shape.iommus;
  const engine = new DmaEngine(
    device,
    cpu,
    machine,
    costs,
    random,
    workload.dmaPeriodNs,
    bufferVpn(device),
    BUFFER_PAGES,
  );
  complete(transfer(engine));
  return { device: engine.counters };
}
