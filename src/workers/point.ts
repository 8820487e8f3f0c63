// A point: one configuration that gets measured, the machine that it runs on, and what came out.

import { auditAtRest } from "../engine/check/audit.ts";
import type { Finding } from "../engine/check/finding.ts";
import type { CheckSums } from "../engine/check/sums.ts";
import type { Steps } from "../engine/executor/step-log.ts";
import type { MachineShape, TimelineWindow } from "../engine/layout/shape.ts";
import { createMachine, type Machine } from "../engine/machine/machine.ts";
import { planOf } from "../engine/policy/plan.ts";
import { type Policy, queueOf } from "../engine/policy/policy.ts";
import type { CoreCounters, DeviceCounters, IommuCounters } from "../engine/probe/counters.ts";
import type { Histogram } from "../engine/probe/histogram.ts";
import type { TimelineData } from "../engine/probe/timeline.ts";
import { numbersOf, type Profile } from "../engine/profile/profile.ts";
import type { ActorReport, Play } from "../workloads/cast.ts";
import { BUFFER_PAGES, mapPrograms, PROGRAM_PAGES } from "../workloads/memory-map.ts";
import { tablesFor } from "../workloads/page-table-free.ts";
import { firstSpaceOf } from "../workloads/roles.ts";
import { traitsOf } from "../workloads/traits.ts";
import { TRACE, type WorkloadPlan } from "../workloads/workload.ts";
import type { Collection } from "./collections.ts";
import type { Samples } from "./samples.ts";

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
  /** Whether the checker watches, which takes time. */
  readonly checks: boolean;
  /** Whether the order of each actor's steps is kept, which takes time. */
  readonly logsSteps: boolean;
  /** Whether each operation is kept by itself; unless it is said, it is not. */
  readonly logsSamples?: boolean;
  /** What is recorded as time lines, which takes time; nothing if it is missing. */
  readonly timeline?: TimelineWindow;
}

/** What an actor reports at the end of a run. */
export interface RunReport extends ActorReport {
  /** The order of its steps, if they were logged. */
  readonly steps?: Steps;
  /** On threads: of its worker, while it played. */
  readonly collections?: readonly Collection[];
}

/** What came out of one run of a point, as it crosses threads and processes. */
export interface RunRecord {
  /** By actor. */
  readonly reports: readonly RunReport[];
  /** What was wrong when all actors had left. */
  readonly atRest: readonly Finding[];
  /** Seconds on the wall, of the run alone. */
  readonly wallS: number;
}

export interface CollectionSums {
  readonly count: number;
  /** In ns of the host. */
  readonly ns: number;
}

/** One segment over all operations; operations without it count as 0. */
export interface SegmentSummary {
  readonly onPath: Histogram;
  readonly slackNsMean: number;
}

/** What came out of all runs of a point whose operations count as one sample. */
export interface PointResult {
  readonly rounds: number;
  /** Operations of all initiators before those that are measured. */
  readonly warmup: number;
  /** Whether the latencies of one of them had not settled when its warm-up could last no longer. */
  readonly neverSteady: boolean;
  /** By actor, if they were logged; of the first run. */
  readonly steps: readonly (Steps | undefined)[];
  /** By actor, if they were recorded. */
  readonly timelines: readonly (TimelineData | undefined)[];
  readonly latency: Histogram;
  /** Undefined if they were not logged. */
  readonly samples: Samples | undefined;
  readonly late: Histogram;
  readonly segments: readonly SegmentSummary[];
  readonly cores: CoreCounters;
  /** Of a replay: CauseTally.counts. */
  readonly causes: Float64Array;
  /** Of a replay, by segment: of the operations that sent IPIs, how long it was on their path. */
  readonly telling: readonly Histogram[];
  readonly iommus: IommuCounters;
  readonly devices: DeviceCounters;
  /**
   * From the first initiator's first measured operation to the last one's last, in modelled ns;
   * of all runs together.
   */
  readonly elapsedNs: number;
  /** What the checker has seen; undefined while it is off. */
  readonly check: CheckSums | undefined;
  /** Garbage that the workers collected; undefined in virtual time. */
  readonly collections: CollectionSums | undefined;
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
/** So many that hardly two tables share one. */
const TABLE_LOCKS = 2048;

/** Of a stress run's pages, how many can be mapped at once: now and then no frame is left. */
const STRESS_FRAMES_PER_PAGE = 0.75;

/** How large a machine the point needs. */
export function shapeOf(point: Point): MachineShape {
  const { workload, profile, cores, iommus, devices } = point;
  const windowPages = windowPagesOf(workload);
  const tracePages = workload.kind === TRACE ? pagesOfTrace(workload) : 0;
  const pages = windowPages + tracePages;
  const programPages = workload.programPages ?? PROGRAM_PAGES;
  const program = SPACES * programPages + devices * BUFFER_PAGES;
  return {
    cores,
    iommus,
    devices,
    spaces: SPACES,
    dataFrames: pages + program + SPARE_FRAMES_PER_CORE * cores + 1,
    tableFrames: FIXED_TABLES + tablesOf(point, pages),
    flushQueueSlots: queueSlotsOf(point.policy),
    tracksAccesses: point.policy.whom.among === "accessed",
    rings: workload.port?.flows ?? devices,
    ringSlots: traitsOf(workload.kind).ringSlots,
    cachedRegions: Math.max(1, profile.topology.cachedRegions.count),
    ...(workload.stress !== undefined && { withoutMagazines: true }),
    ...(workload.messageLines !== undefined && { messageLines: workload.messageLines }),
    ...(workload.targetLines !== undefined && { targetLines: workload.targetLines }),
    ...(workload.tableLocks === true && { tableLocks: TABLE_LOCKS }),
    l1: profile.l1,
    l2: profile.l2,
    iotlb: profile.iotlb,
    ats: workload.ats && devices > 0,
    checks: point.checks,
    ...(point.timeline && { timeline: point.timeline }),
  };
}

/** The power of two that holds the policy's queue. */
export function queueSlotsOf(policy: Policy): number {
  const entries = queueOf(policy)?.entries ?? 0;
  let slots = MIN_QUEUE_SLOTS;
  while (slots < entries) slots *= 2;
  return slots;
}

/**
 * The point's machine, as it is when a run begins.
 * @throws UsageError if it cannot be that large.
 */
export function machineOf(point: Point): Machine {
  const { workload } = point;
  const machine = createMachine(shapeOf(point), planOf(point.policy).queuedInvalidation);
  mapPrograms(machine, workload.programPages);
  for (let core = 0; core < point.cores; core++) {
    machine.spaces.load(firstSpaceOf(core, point.cores, workload), core);
  }
  machine.control.expectInitiators(workload.initiators);
  return machine;
}

/** What the checker finds in the point's machine when all have left; nothing if it is off. */
export function auditOf(machine: Machine): readonly Finding[] {
  return machine.shape.checks ? auditAtRest(machine) : [];
}

/** What the point's actors have in common. */
export function playOf(point: Point): Play {
  const { profile, policy, workload, seed, logsSamples = false } = point;
  return { ...numbersOf(profile), plan: planOf(policy), workload, seed, logsSamples };
}

/** Frames for what initiators map. */
function windowPagesOf({ initiators, windows, pages, stress, port }: WorkloadPlan): number {
  if (stress === undefined) return (port?.flows ?? initiators) * windows * pages;
  const { ownPages, sharedPages } = stress;
  return Math.ceil(STRESS_FRAMES_PER_PAGE * (initiators * ownPages + sharedPages));
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
  // A table of its own for each core's pages, and one for those that all have.
  if (workload.stress !== undefined) return 4 * (workload.initiators + 1);
  const { initiators, windows, kind } = workload;
  if (traitsOf(kind).wholeTables) {
    return initiators * (4 + windows * tablesFor(workload.pages));
  }
  const shares = workload.port?.flows ?? initiators;
  if (workload.trace === undefined) return 4 * shares + Math.ceil(pages / 512) * 2;
  const spans = new Set<number>();
  const { vpns, kinds } = workload.trace;
  for (let place = 0; place < vpns.length; place++) {
    if (kinds[place] <= LAST_MAPPING_KIND) spans.add(Math.floor(vpns[place] / 512));
  }
  return 3 * spans.size;
}
