// A point: one configuration that gets measured, the machine that it runs on, and what came out.

import type { Steps } from "../engine/executor/step-log.ts";
import type { MachineShape } from "../engine/layout/shape.ts";
import { createMachine, type Machine } from "../engine/machine/machine.ts";
import { planOf } from "../engine/policy/plan.ts";
import { type Policy, queueOf } from "../engine/policy/policy.ts";
import type { CoreCounters, DeviceCounters, IommuCounters } from "../engine/probe/counters.ts";
import type { Histogram } from "../engine/probe/histogram.ts";
import { numbersOf, type Profile } from "../engine/profile/profile.ts";
import type { ActorReport, Play } from "../workloads/cast.ts";
import { BUFFER_PAGES, mapPrograms, PROGRAM_PAGES } from "../workloads/memory-map.ts";
import { firstSpaceOf } from "../workloads/roles.ts";
import { MUNMAP, MUNMAP_RANGE, TRACE, type WorkloadPlan } from "../workloads/workload.ts";

export interface Point {
  readonly executor: "threads" | "virtual";
  readonly policy: Policy;
  readonly profile: Profile;
  readonly workload: WorkloadPlan;
  readonly cores: number;
  readonly iommus: number;
  readonly devices: number;
  readonly seed: number;
  /** Seed of what perturbs the order of steps, in virtual time; undefined: nothing does. */
  readonly jitter: number | undefined;
  /** Host ns that one modelled ns lasts; 1 in virtual time. */
  readonly dilation: number;
  readonly hostCpus: number;
  /** Whether the order of each actor's steps is kept, which takes time. */
  readonly logsSteps: boolean;
}

/** What an actor reports at the end of a run. */
export interface RunReport extends ActorReport {
  /** The order of its steps, if they were logged. */
  readonly steps?: Steps;
}

/** One segment over all operations; operations without it count as 0. */
export interface SegmentSummary {
  readonly onPath: Histogram;
  readonly slackNsMean: number;
}

export interface PointResult {
  /** By actor, if they were logged. */
  readonly steps: readonly (Steps | undefined)[];
  readonly latency: Histogram;
  readonly late: Histogram;
  readonly segments: readonly SegmentSummary[];
  readonly cores: CoreCounters;
  /** Of a replay: CauseTally.counts. */
  readonly causes: Float64Array;
  readonly iommus: IommuCounters;
  readonly devices: DeviceCounters;
  /** From the first initiator's first measured operation to the last one's last, in modelled ns. */
  readonly elapsedNs: number;
  readonly wallS: number;
  readonly sharedBytes: number;
  readonly responders: number;
  readonly actors: number;
  readonly oversubscribed: boolean;
}

const SPACES = 2;
const FIXED_TABLES = 64;
/** Frames that cores keep in their magazines while others have none. */
const SPARE_FRAMES_PER_CORE = 64;
const MIN_QUEUE_SLOTS = 2;

/** How large a machine the point needs. */
export function shapeOf(point: Point): MachineShape {
  const { workload, profile, cores, iommus, devices } = point;
  const windowPages = workload.initiators * workload.windows * workload.pages;
  const tracePages = workload.kind === TRACE ? pagesOfTrace(workload) : 0;
  const pages = windowPages + tracePages;
  const program = SPACES * PROGRAM_PAGES + devices * BUFFER_PAGES;
  return {
    cores,
    iommus,
    devices,
    spaces: SPACES,
    dataFrames: pages + program + SPARE_FRAMES_PER_CORE * cores + 1,
    tableFrames: FIXED_TABLES + tablesOf(point, pages),
    flushQueueSlots: slotsFor(queueOf(point.policy)?.entries ?? 0),
    tracksAccesses: point.policy.whom.among === "accessed",
    l1: profile.l1,
    l2: profile.l2,
    iotlb: profile.iotlb,
  };
}

/**
 * The point's machine, as it is when a run begins.
 * @throws UsageError if it cannot be that large.
 */
export function machineOf(point: Point): Machine {
  const { workload } = point;
  const machine = createMachine(shapeOf(point), planOf(point.policy).queuedInvalidation);
  mapPrograms(machine);
  for (let core = 0; core < point.cores; core++) {
    machine.spaces.load(firstSpaceOf(core, point.cores, workload), core);
  }
  machine.control.expectInitiators(workload.initiators);
  return machine;
}

/** What the point's actors have in common. */
export function playOf(point: Point): Play {
  const { profile, policy, workload, seed } = point;
  return { ...numbersOf(profile), plan: planOf(policy), workload, seed };
}

/** The smallest ring that has room for so many entries. */
function slotsFor(entries: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(MIN_QUEUE_SLOTS, entries)));
}

function pagesOfTrace(workload: WorkloadPlan): number {
  const { trace } = workload;
  if (trace === undefined) return 0;
  let pages = 0;
  for (let place = 0; place < trace.kinds.length; place++) {
    // Upper bound: every map, zero map and copy on write takes a frame that is never given back.
    if (trace.kinds[place] <= LAST_MAPPING_KIND) pages += trace.pages[place];
  }
  return pages;
}

/** OPERATION_KINDS begins with map, map-zero and cow. */
const LAST_MAPPING_KIND = 2;

/** Leaf tables, generously: those of the windows, and for a trace one for each distinct 2 MiB. */
function tablesOf(point: Point, pages: number): number {
  const { workload } = point;
  if (workload.kind === MUNMAP || workload.kind === MUNMAP_RANGE) {
    return 4 * workload.initiators + Math.ceil(pages / 512) * 2;
  }
  if (workload.trace === undefined) return 0;
  const spans = new Set<number>();
  const { vpns, kinds } = workload.trace;
  for (let place = 0; place < vpns.length; place++) {
    if (kinds[place] <= LAST_MAPPING_KIND) spans.add(Math.floor(vpns[place] / 512));
  }
  return 3 * spans.size;
}
