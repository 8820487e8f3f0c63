// A core as its protocols see it: its part of the machine, its policy in numbers, and what it
// remembers between steps. One object a core; only that core's actor uses it.

import type { Cpu } from "../executor/cpu.ts";
import type { Machine } from "../machine/machine.ts";
import type { Message } from "../machine/mailboxes.ts";
import type { CoreTlb } from "../machine/tlb.ts";
import type { Plan } from "../policy/policy.ts";
import { CoreCounters } from "../probe/counters.ts";
import { CriticalPath } from "../probe/critical-path.ts";
import type { Costs } from "../profile/costs.ts";
import type { Random } from "../random.ts";
import { RangeList } from "./ranges.ts";

export class Core {
  readonly id: number;
  readonly cpu: Cpu;
  readonly machine: Machine;
  readonly tlb: CoreTlb;
  readonly costs: Costs;
  readonly plan: Plan;
  readonly random: Random;
  readonly counters = new CoreCounters();
  readonly path = new CriticalPath();
  /** The space that this core has loaded. */
  space: number;
  /** The space whose memory is measured and whose flush queues it tends, whatever is loaded. */
  readonly home = 0;
  /** The message being handled. */
  readonly message: Message = {
    sequence: 0,
    kind: 0,
    sender: 0,
    space: 0,
    vpn: 0,
    pages: 0,
    dueNs: 0,
  };
  /**
   * Cores that were told in the shootdown under way, with the sequence numbers of their messages.
   */
  targets = 0;
  readonly targetCores: Int32Array;
  readonly targetSequences: Int32Array;
  readonly targetSentNs: Float64Array;
  /**
   * Ranges that the operation under way has unmapped; how many of them either half has flushed …
   */
  readonly gathered = new RangeList();
  coresFlushed = 0;
  iommuFlushed = 0;
  /** … and how many have been freed or queued. */
  released = 0;
  /** Pages of the ranges that a half has not flushed yet. */
  coresPending = 0;
  iommuPending = 0;
  /** The range of a flush that cannot be gathered. */
  readonly immediate = new RangeList();
  /** Whether the warm-up is over. */
  private counting = false;
  /** When this core's timer flushes the deferred queues; Infinity while it is not armed. */
  timerNs = Number.POSITIVE_INFINITY;
  /** Wait descriptors of the submissions under way, by IOMMU; -1 is none. */
  readonly submissions: Int32Array;

  constructor(
    id: number,
    cpu: Cpu,
    machine: Machine,
    costs: Costs,
    plan: Plan,
    random: Random,
    space = 0,
  ) {
    this.id = id;
    this.cpu = cpu;
    this.machine = machine;
    this.tlb = machine.tlbOf(id);
    this.costs = costs;
    this.plan = plan;
    this.random = random;
    this.space = space;
    this.targetCores = new Int32Array(machine.shape.cores);
    this.targetSequences = new Int32Array(machine.shape.cores);
    this.targetSentNs = new Float64Array(machine.shape.cores);
    this.submissions = new Int32Array(machine.shape.iommus).fill(-1);
  }

  /** Forgets what was counted in the warm-up, once all initiators are done with theirs. */
  countFromHere(): void {
    if (this.counting || !this.machine.control.measuring) return;
    this.counting = true;
    this.counters.reset();
    this.path.reset();
  }
}
