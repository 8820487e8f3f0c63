// A point: one configuration that gets measured. `runPoint` builds its machine, runs it on the gang
// and adds up what the actors report.

import { layOut } from "../engine/layout/regions.ts";
import { actorsOf, type MachineShape } from "../engine/layout/shape.ts";
import { createMachine } from "../engine/machine/machine.ts";
import { type Policy, planOf, queueOf } from "../engine/policy/policy.ts";
import { CoreCounters, DeviceCounters, IommuCounters } from "../engine/probe/counters.ts";
import { Histogram } from "../engine/probe/histogram.ts";
import { SEGMENTS } from "../engine/probe/segments.ts";
import { costsOf, isFree, type Profile } from "../engine/profile/profile.ts";
import type { ActorReport } from "../workloads/cast.ts";
import { BUFFER_PAGES, mapPrograms, PROGRAM_PAGES } from "../workloads/memory-map.ts";
import { firstSpaceOf } from "../workloads/roles.ts";
import { MUNMAP, MUNMAP_RANGE, TRACE, type WorkloadPlan } from "../workloads/workload.ts";
import type { ActorTask } from "./actor.ts";
import type { Gang } from "./gang.ts";

export interface Point {
  readonly policy: Policy;
  readonly profile: Profile;
  readonly workload: WorkloadPlan;
  readonly cores: number;
  readonly iommus: number;
  readonly devices: number;
  readonly seed: number;
  /** Host ns that one modelled ns lasts. */
  readonly dilation: number;
  readonly hostCpus: number;
}

/** One segment over all operations; operations without it count as 0. */
export interface SegmentSummary {
  readonly onPath: Histogram;
  readonly slackNsMean: number;
}

export interface PointResult {
  readonly latency: Histogram;
  readonly late: Histogram;
  readonly segments: readonly SegmentSummary[];
  readonly cores: CoreCounters;
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
/** Host time that each oversubscribing actor leaves between two wake-ups of its own. */
const BACKGROUND_PERIOD_HOST_NS = 500_000;

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
    flushQueueSlots: Math.max(MIN_QUEUE_SLOTS, queueOf(point.policy)?.entries ?? 0),
    l1: profile.l1,
    l2: profile.l2,
    iotlb: profile.iotlb,
  };
}

/**
 * Runs a point to its end. Errors are the gang's, and UsageError if the machine cannot be
 * that large.
 */
export async function runPoint(
  gang: Gang,
  point: Point,
  signal?: AbortSignal,
): Promise<PointResult> {
  const plan = planOf(point.policy);
  const shape = shapeOf(point);
  const machine = createMachine(shape, plan.queuedInvalidation);
  mapPrograms(machine);
  for (let core = 0; core < point.cores; core++) {
    machine.spaces.load(firstSpaceOf(core, point.cores, point.workload), core);
  }
  const { initiators } = point.workload;
  machine.control.expectInitiators(initiators);
  const actors = actorsOf(shape);
  const oversubscribed = actors > point.hostCpus;
  // Dilated, initiators spin where that leaves a CPU to the others: what they send is then sent
  // in time.
  const spinning = point.dilation > 1 && initiators < point.hostCpus;
  const workload = oversubscribed ? paced(point, actors) : point.workload;
  const { memory } = machine;
  const free = isFree(point.profile);
  const play = { costs: costsOf(point.profile), plan, workload, seed: point.seed };
  const tasks = Array.from({ length: actors }, (_, actor): ActorTask => {
    const parks = oversubscribed && !(spinning && actor < initiators);
    const answers = actor >= initiators && actor < shape.cores + shape.iommus;
    const untimed = free && answers;
    return { actor, memory, shape, play, dilation: point.dilation, parks, untimed };
  });
  const began = process.hrtime.bigint();
  const reports = await gang.run(machine, tasks, initiators, signal);
  const wallS = Number(process.hrtime.bigint() - began) / 1e9;
  const responders = countResponders(point);
  const sharedBytes = layOut(shape).bytes;
  return { ...sumUp(reports), wallS, sharedBytes, responders, actors, oversubscribed };
}

/**
 * The workload with its background thinned out: where threads share CPUs, each access of a program
 * and each DMA costs a wake-up, and these must leave the CPUs to the shootdowns.
 */
function paced(point: Point, actors: number): WorkloadPlan {
  const { workload, dilation } = point;
  const periodNs = Math.ceil((actors * BACKGROUND_PERIOD_HOST_NS) / dilation);
  return {
    ...workload,
    accessGapNs: Math.max(workload.accessGapNs, periodNs),
    dmaPeriodNs: Math.max(workload.dmaPeriodNs, periodNs),
  };
}

/** Cores other than the initiator that have the space loaded at the start. */
function countResponders(point: Point): number {
  let loaded = 0;
  for (let core = 0; core < point.cores; core++) {
    if (firstSpaceOf(core, point.cores, point.workload) === 0) loaded++;
  }
  return Math.max(0, loaded - 1);
}

function sumUp(
  reports: readonly ActorReport[],
): Pick<
  PointResult,
  "latency" | "late" | "segments" | "cores" | "iommus" | "devices" | "elapsedNs"
> {
  const latency = new Histogram();
  const late = new Histogram();
  const onPath = Array.from({ length: SEGMENTS }, () => new Histogram());
  const slackSumNs = new Float64Array(SEGMENTS);
  const slackCount = new Float64Array(SEGMENTS);
  const cores = new CoreCounters();
  const iommus = new IommuCounters();
  const devices = new DeviceCounters();
  let beganNs = Number.POSITIVE_INFINITY;
  let endedNs = 0;
  for (const { core, iommu, device } of reports) {
    if (core !== undefined) addCore(cores, core.counters);
    if (iommu !== undefined) add(iommus, iommu);
    if (device !== undefined) add(devices, device);
    if (core?.path === undefined) continue;
    latency.merge(core.path.latency);
    late.merge(core.path.late);
    core.path.segments.forEach((segment, i) => {
      onPath[i].merge(segment.onPath);
      slackSumNs[i] += segment.slackSumNs;
      slackCount[i] += segment.slackCount;
    });
    beganNs = Math.min(beganNs, core.measured.beganNs);
    endedNs = Math.max(endedNs, core.measured.endedNs);
  }
  const segments = onPath.map((histogram, i) => {
    if (slackCount[i] > 0 && histogram.count < latency.count) {
      histogram.record(0, latency.count - histogram.count);
    }
    return {
      onPath: histogram,
      slackNsMean: slackCount[i] > 0 ? slackSumNs[i] / slackCount[i] : 0,
    };
  });
  return { latency, late, segments, cores, iommus, devices, elapsedNs: endedNs - beganNs };
}

function addCore(sum: CoreCounters, part: CoreCounters): void {
  const heldPagesMax = Math.max(sum.heldPagesMax, part.heldPagesMax);
  add(sum, part);
  sum.heldPagesMax = heldPagesMax;
}

/** Adds one actor's counters to a sum, name by name. */
function add<Counters extends object>(sum: Counters, part: Counters): void {
  for (const key of Object.keys(part) as (keyof Counters)[]) {
    (sum[key] as number) += part[key] as number;
  }
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
