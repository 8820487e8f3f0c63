// An IOMMU as its actor sees it, while it serves invalidations (iommu.ts).

import { ActorCheck } from "../check/actor-check.ts";
import type { Cpu } from "../executor/cpu.ts";
import type { Iommu } from "../machine/iommu.ts";
import type { Iotlb } from "../machine/iotlb.ts";
import type { Machine } from "../machine/machine.ts";
import type { ServiceTimes } from "../machine/service-times.ts";
import { IommuCounters } from "../probe/counters.ts";
import { type Timeline, timelineOf } from "../probe/timeline.ts";
import type { Costs } from "../profile/costs.ts";

export class InvalidationUnit {
  readonly cpu: Cpu;
  readonly machine: Machine;
  readonly iommu: Iommu;
  readonly iotlb: Iotlb;
  readonly costs: Costs;
  readonly counters = new IommuCounters();
  /** Undefined while the checker is off. */
  readonly check: ActorCheck | undefined;
  /** Undefined unless time lines are recorded. */
  readonly timeline: Timeline | undefined;
  /** Of the submission being executed; `startedNs` is negative between two. */
  readonly times: ServiceTimes = {
    startedNs: -1,
    drainNs: 0,
    visibleNs: 0,
    lateNs: 0,
    heldUpNs: 0,
  };
  /** Which interface it serves; fixed for a run. */
  readonly queueEnabled: boolean;
  /** Its own copy of IQH, which nobody else writes. */
  head: number;
  /** IQT as it last read it; read again when it has come so far. */
  tail: number;
  /** A fault that it raised has stopped the queue. */
  halted = false;
  /** IOTLB invalidations since the last wait. */
  inSubmission = 0;
  /** A device did not answer: the next wait must not complete. */
  timedOut = false;
  /** Devices that translate through this IOMMU. */
  readonly devices: readonly number[];
  private counting = false;

  constructor(cpu: Cpu, machine: Machine, iommu: number, costs: Costs) {
    this.cpu = cpu;
    this.machine = machine;
    this.iommu = machine.iommus[iommu];
    this.iotlb = machine.iotlbs[iommu];
    this.check = machine.shape.checks ? new ActorCheck(machine, cpu.id, cpu) : undefined;
    this.timeline = timelineOf(machine);
    this.costs = costs;
    this.queueEnabled = this.iommu.queueEnabled;
    this.head = this.iommu.head;
    this.tail = this.head;
    this.devices = Array.from({ length: machine.shape.devices }, (_, device) => device).filter(
      (device) => iommuOfDevice(device, machine.shape.iommus) === iommu,
    );
  }

  /** Forgets what was counted in the warm-up, once all initiators are done with theirs. */
  countFromHere(): void {
    if (this.counting || !this.machine.control.measuring) return;
    this.counting = true;
    Object.assign(this.counters, new IommuCounters());
  }
}

/** Devices are dealt out to the IOMMUs in turn. */
export function iommuOfDevice(device: number, iommus: number): number {
  return device % iommus;
}
