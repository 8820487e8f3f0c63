// A core as its protocols see it: its part of the machine, its policy in numbers, and what it
// remembers between steps. One object a core; only that core's actor uses it.

import { CoreCheck } from "../check/core-check.ts";
import type { Cpu } from "../executor/cpu.ts";
import { locksOf } from "../layout/regions.ts";
import type { QueuedRange } from "../machine/flush-queues.ts";
import { END_OF_CHAIN, NO_FRAME } from "../machine/frames.ts";
import { type Broadcast, FIRST_BROADCAST } from "../machine/interconnect.ts";
import type { Machine } from "../machine/machine.ts";
import type { Message } from "../machine/mailboxes.ts";
import type { CoreTlb } from "../machine/tlb.ts";
import type { Plan } from "../policy/plan.ts";
import { CoreCounters } from "../probe/counters.ts";
import { CriticalPath } from "../probe/critical-path.ts";
import { type Timeline, timelineOf } from "../probe/timeline.ts";
import type { Costs } from "../profile/costs.ts";
import type { ProfileNumbers } from "../profile/profile.ts";
import { type CorePlaces, OTHER_SOCKET, placesOf, SAME_COMPLEX } from "../profile/topology.ts";
import type { Random } from "../random.ts";
import { AckLine } from "./ack-line.ts";
import type { Arrivals } from "./arrivals.ts";
import { GracePeriod } from "./grace-period.ts";
import { RangeList } from "./ranges.ts";

export class Core {
  // First what every access and every interrupt reads: few cache lines of the host.
  readonly id: number;
  readonly cpu: Cpu;
  readonly machine: Machine;
  /** Whether the warm-up is over. */
  private counting = false;
  /** The space that this core has loaded. */
  space: number;
  readonly tlb: CoreTlb;
  readonly random: Random;
  readonly costs: Costs;
  readonly plan: Plan;
  readonly counters = new CoreCounters();
  /** Undefined while the checker is off. */
  readonly check: CoreCheck | undefined;
  /** Undefined unless time lines are recorded. */
  readonly timeline: Timeline | undefined;
  /** Cores of this machine are told by broadcast, and never interrupted to flush. */
  readonly broadcasts: boolean;
  /** There may be broadcasts that this core has to apply. */
  readonly readsBroadcasts: boolean;
  /** The message being handled. */
  readonly message: Message = {
    sequence: 0,
    kind: 0,
    sender: 0,
    space: 0,
    vpn: 0,
    pages: 0,
    generation: 0,
  };
  readonly places: CorePlaces;
  readonly path: CriticalPath;
  /** When operations are due; undefined: each when this core is done with the one before. */
  arrivals: Arrivals | undefined;
  /** The space whose memory is measured and whose flush queues it tends, whatever is loaded. */
  readonly home = 0;
  /**
   * Cores that were told in the shootdown under way, with the sequence numbers of their messages
   * and when they were told.
   */
  targets = 0;
  readonly targetCores: Int32Array;
  readonly targetSequences: Int32Array;
  readonly targetToldNs: Float64Array;
  /** By core: the sequence number of the last message that this one has posted to it. */
  readonly lastPosted: Int32Array;
  /** By lock: the ticket that is next after the last one that this core has given back. */
  readonly lastReleased: Int32Array;
  /** The line on which their acknowledgements come in. */
  readonly acks = new AckLine();
  /** The broadcast being applied, and the sequence number of the first that has not been yet. */
  readonly broadcast: Broadcast = { space: 0, vpn: 0, pages: 0, dueNs: 0 };
  nextBroadcast = FIRST_BROADCAST;
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
  /** What it maps and unmaps is a device's alone: no core may have it cached. */
  forDevice = false;
  /** The range of a flush that cannot be gathered. */
  readonly immediate = new RangeList();
  /** What is under way must be flushed everywhere before it ends, whatever the policy defers. */
  mustFlush = false;
  /** The shootdown under way: page-table pages were unlinked; the generation that it makes. */
  freesTables = false;
  generation = 0;
  /** … how many other cores count as having the space, and whether it tells all that are awake. */
  others = 0;
  trims = false;
  /** Page-table pages may be freed with a range if their 2 MiB begin at this page or later … */
  tablesFrom = 0;
  /** … and before this one. */
  tablesTo = Number.POSITIVE_INFINITY;
  /** Idle time before now that a replay has left out: it counts where seconds do. */
  skippedNs = 0;
  /** By space: the generation that this core's TLB is up to date with. */
  readonly generations: Int32Array;
  /** An entry of a flush queue, as it is queued or read. */
  readonly queued: QueuedRange = {
    vpn: 0,
    pages: 0,
    unmappedNs: 0,
    stamp: 0,
    flush: 0,
    frames: NO_FRAME,
    tables: END_OF_CHAIN,
  };
  /** By core: up to which entry of its queue this one has swept. */
  readonly sweptTo: Int32Array;
  /** Which entries of its own queue all others have swept. */
  readonly grace: GracePeriod;
  /** Asynchronous flushes so far, and the last that a wait descriptor was submitted for. */
  asyncStarted = 0;
  asyncWaited = 0;
  /** Wait descriptors of the submissions that it waits for, by IOMMU; -1 is none. */
  readonly submissions: Int32Array;
  /** The same of those that it goes on without. */
  readonly postedWaits: Int32Array;

  constructor(
    id: number,
    cpu: Cpu,
    machine: Machine,
    { costs, topology, shootsBy }: ProfileNumbers,
    plan: Plan,
    random: Random,
    space = 0,
  ) {
    this.id = id;
    this.cpu = cpu;
    this.machine = machine;
    this.tlb = machine.tlbOf(id);
    this.timeline = timelineOf(machine);
    this.path = new CriticalPath(this.timeline);
    this.check = machine.shape.checks ? new CoreCheck(machine, id, cpu, this.tlb) : undefined;
    this.costs = costs;
    this.plan = plan;
    this.random = random;
    this.space = space;
    const { cores, iommus } = machine.shape;
    this.targetCores = new Int32Array(cores);
    this.targetSequences = new Int32Array(cores);
    this.targetToldNs = new Float64Array(cores);
    this.lastPosted = new Int32Array(cores);
    this.lastReleased = new Int32Array(locksOf(machine.shape));
    this.generations = new Int32Array(machine.shape.spaces);
    this.sweptTo = new Int32Array(cores);
    this.grace = new GracePeriod(cores);
    if (plan.tickNs !== Number.POSITIVE_INFINITY) {
      machine.timers.setTick(id, random.below(plan.tickNs));
    }
    this.submissions = new Int32Array(iommus).fill(-1);
    this.postedWaits = new Int32Array(iommus).fill(-1);
    this.broadcasts = shootsBy === "broadcast";
    this.readsBroadcasts = this.broadcasts || plan.broadcastFrom > 0;
    this.places = placesOf(topology, cores);
  }

  /** What a cache line takes from core `other` to this one, and back. */
  lineNs(other: number): number {
    const { costs } = this;
    if (this.places.isUniform) return costs.cacheLineNs;
    const distance = this.places.distance(this.id, other);
    if (distance === SAME_COMPLEX) return costs.cacheLineNs;
    return distance === OTHER_SOCKET ? costs.cacheLineRemoteNs : costs.cacheLineSocketNs;
  }

  /** What an interrupt takes from this core to `other`. */
  deliveryNs(other: number): number {
    const { costs, places, id } = this;
    if (places.isUniform) return costs.deliveryNs;
    const isFar = places.socketOf(id) !== places.socketOf(other);
    return isFar ? costs.deliveryRemoteNs : costs.deliveryNs;
  }

  /** What an interrupt takes to this core at least, from wherever. */
  get leastDeliveryNs(): number {
    return Math.min(this.costs.deliveryNs, this.costs.deliveryRemoteNs);
  }

  /** Forgets what was counted in the warm-up, once all initiators are done with theirs. */
  countFromHere(): void {
    if (this.counting || !this.machine.control.measuring) return;
    this.counting = true;
    this.counters.reset();
    this.path.reset();
  }
}
