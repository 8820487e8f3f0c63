// From an experiment and the command line to the points that get measured.

import { UsageError } from "../../engine/errors.ts";
import { checkShape } from "../../engine/layout/shape.ts";
import { type Policy, queueOf } from "../../engine/policy/policy.ts";
import { isFree } from "../../engine/profile/profile.ts";
import type { NamedPoint } from "../../results/rows.ts";
import { shapeOf } from "../../workers/point.ts";
import { PROGRAM_PAGES } from "../../workloads/memory-map.ts";
import { traitsOf } from "../../workloads/traits.ts";
import { LEAST_WARMUP } from "../../workloads/warm-up.ts";
import { type Compiling, PORT, type WorkloadPlan } from "../../workloads/workload.ts";
import {
  type Combination,
  combinationsOf,
  initiatorsOf,
  isSerial,
  type Settings,
  settingsOf,
} from "./combinations.ts";
import { pointId } from "./identity.ts";
import type { CheckChoice } from "./limits.ts";
import { whyNot } from "./refusals.ts";
import type { Experiment, Grid, OperationBudget } from "./schema.ts";
import type { NamedWorkload } from "./workloads.ts";

export interface ExpandOptions {
  readonly quick: boolean;
  readonly seed: number;
  /** For points in virtual time. */
  readonly jitter: number | undefined;
  readonly check: CheckChoice;
  readonly hostCpus: number;
  /** What the command line sets: wins over the file. */
  readonly overrides: Grid;
}

export interface PlannedPoint extends NamedPoint {
  readonly repetitions: number;
}

export interface Expansion {
  readonly points: readonly PlannedPoint[];
  /** What was left out of a cross product, and why. */
  readonly notes: readonly string[];
}

/** Modelled time lasts so many times longer where the actors do not fit the CPUs. */
const CROWDED_DILATION = 100;
const NS_PER_S = 1_000_000_000;
const DMA_PERIOD_NS = 1000;
/** A device with a ring is never idle: 4 KiB take so long at 100 Gbit/s. */
const LINE_RATE_PERIOD_NS = 328;
const WARMUP_PART = 10;
/**
 * Operations after which V8 has compiled what they run, unless the CPUs that it needs for that are
 * taken. Before that the host is steadily late, as an interpreter is steady too: behind 1,000 the
 * median of `strict` was 3 µs above that behind 20,000, and behind 100,000 it is the same (Node 20,
 * two CPUs). Dilated, a K-th part of them will do. Each point has to wait for this, therefore no
 * longer than a small part of the main job's minute.
 */
const COMPILING = { operations: 20_000, hostNs: 300_000_000, dilatedHostNs: 40_000_000 } as const;
/** Interrupts that take a minute or so. */
const MANY_ANSWERS = 20_000_000;
const MIN_WINDOWS = 4;
/** Windows that are mapped or flushed while a queue holds the others. */
const SPARE_WINDOWS = 2;
/** Frames that the windows of all initiators may take: half of what a machine can have. */
const WINDOW_FRAMES = 2 ** 19;

/**
 * All points of an experiment, each once. Throws a UsageError if there are none, or one is
 * too large.
 */
export function expand(experiment: Experiment, options: ExpandOptions): Expansion {
  const points = new Map<string, PlannedPoint>();
  const skipped = new Map<string, number>();
  let combinations = 0;
  const grids = settingsOf(experiment, options);
  for (const settings of grids) {
    for (const combination of combinationsOf(settings)) {
      combinations++;
      const reason = whyNot(combination, settings, options.hostCpus);
      if (reason !== undefined) {
        skipped.set(reason, (skipped.get(reason) ?? 0) + 1);
        continue;
      }
      const planned = planPoint(experiment.name, combination, settings, options);
      checkShape(shapeOf(planned.point));
      keepLonger(points, planned);
    }
  }
  const reasons = [...skipped].map(([reason, count]) => {
    return `not run, ${count} of ${combinations} combinations: ${reason}`;
  });
  if (points.size === 0) {
    throw new UsageError(`${experiment.name} has no point that can run: ${reasons.join("; ")}`);
  }
  const planned = [...points.values()];
  checkJitter(options, planned);
  checkArrivals(options, grids, planned);
  const notes = [...reasons, ...shortOfWindows(planned), ...longRuns(planned)];
  return { points: planned, notes };
}

/**
 * Where two grids overlap, the point that does more operations is enough: rows that differ in
 * nothing else tell nothing apart.
 */
function keepLonger(points: Map<string, PlannedPoint>, planned: PlannedPoint): void {
  const { point } = planned;
  const workload = { ...point.workload, operations: 0, warmup: 0, windows: 0 };
  const key = pointId(planned.workload, { ...point, workload });
  const known = points.get(key);
  if (known !== undefined && known.point.workload.operations >= point.workload.operations) return;
  points.set(key, planned);
}

/** Says so where virtual time will take long: what takes it is acknowledgements. */
function longRuns(points: readonly PlannedPoint[]): string[] {
  const answers = points.reduce((sum, { point, repetitions }) => {
    return sum + (point.executor === "virtual" ? repetitions * answersOf(point) : 0);
  }, 0);
  if (answers < MANY_ANSWERS) return [];
  return [
    `in virtual time some ${Math.round(answers / 1_000_000)} million interrupts are to be ` +
      "simulated, at a few hundred thousand a second: use fewer --ops, --cores or --pages",
  ];
}

/** Interrupts of a point, at most. */
function answersOf({ workload, policy, cores }: PlannedPoint["point"]): number {
  const { kind, pages, initiators, operations, warmup } = workload;
  const perPage = traitsOf(kind).onePageACall && policy.whenCores.kind === "each";
  return initiators * (operations + warmup) * (perPage ? pages : 1) * (cores - 1);
}

/** Only in virtual time is there an order to perturb. */
function checkJitter({ jitter }: ExpandOptions, points: readonly NamedPoint[]): void {
  if (jitter === undefined || points.some(({ point }) => point.executor === "virtual")) return;
  throw new UsageError(
    "--jitter perturbs the order of steps in virtual time: add --executor virtual",
  );
}

/** Without a rate nothing is due. What a file says of all its grids need not concern each. */
function checkArrivals(
  { overrides }: ExpandOptions,
  grids: readonly Settings[],
  points: readonly NamedPoint[],
): void {
  const workloads = points.map(({ point }) => point.workload);
  if (overrides.arrivals !== undefined) {
    if (workloads.some(({ arrivalNs }) => arrivalNs !== undefined)) return;
    throw new UsageError("--arrivals says when the operations of a rate are due: add --rate 50000");
  }
  if (!grids.some(({ arrivals }) => arrivals === "fixed")) return;
  if (workloads.some(({ fixedArrivals }) => fixedArrivals)) return;
  throw new UsageError(
    '"arrivals": "fixed" says when the operations of a rate are due: add "rates": [50000]',
  );
}

function planPoint(
  experiment: string,
  combination: Combination,
  settings: Settings,
  options: ExpandOptions,
): PlannedPoint {
  const { executor, workload, profile, policy, cores, iommus, devices } = combination;
  const { hostCpus, seed } = options;
  const dilation = dilationOf(combination, settings, hostCpus);
  const plan = planWorkload(combination, settings, dilation);
  const point = {
    executor,
    policy,
    profile,
    workload: plan,
    cores,
    iommus,
    devices,
    seed,
    jitter: executor === "virtual" ? options.jitter : undefined,
    checks: options.check === "auto" ? executor === "virtual" : options.check === "on",
    dilation,
    hostCpus,
    logsSteps: false,
  };
  return {
    experiment,
    id: pointId(workload.name, point),
    workload: workload.name,
    pages: pagesOf(combination),
    point,
    repetitions: settings.repetitions,
  };
}

/** Virtual time lasts as long as it takes. */
function dilationOf(combination: Combination, settings: Settings, hostCpus: number): number {
  const { executor, profile, cores, iommus, devices } = combination;
  if (executor === "virtual") return 1;
  if (settings.dilation !== "auto") return settings.dilation;
  return cores + iommus + devices <= hostCpus || isFree(profile) ? 1 : CROWDED_DILATION;
}

function planWorkload(
  combination: Combination,
  settings: Settings,
  dilation: number,
): WorkloadPlan {
  const { executor, workload, idleCores, otherCores, devices, policy } = combination;
  const pages = pagesOf(combination) ?? 1;
  const initiators = initiatorsOf(combination, settings);
  const operations = operationsOf(settings.operations, pages, dilation > 1);
  return {
    kind: workload.kind,
    mode: workload.mode,
    pages,
    initiators,
    operations,
    ...warmupOf(settings, operations),
    ...(executor === "threads" &&
      settings.warmup === undefined && { compiling: compilingOf(dilation) }),
    gapNs: settings.gap_ns,
    ...(combination.rate !== undefined && {
      arrivalNs: Math.round((initiators * NS_PER_S) / combination.rate),
      ...(settings.arrivals === "fixed" && { fixedArrivals: true as const }),
    }),
    accessGapNs: settings.access_gap_ns,
    maskedEveryNs: settings.masked_every_ns,
    maskedNs: settings.masked_ns,
    idleCores,
    otherCores,
    dmaPeriodNs: settings.dma_period_ns ?? dmaPeriodNs(workload, devices),
    ats: settings.ats,
    ...(settings.program_pages !== PROGRAM_PAGES && { programPages: settings.program_pages }),
    ...(settings.private_accesses && { privateAccesses: true as const }),
    ...(settings.message_lines > 0 && { messageLines: settings.message_lines }),
    ...(settings.target_lines > 0 && { targetLines: settings.target_lines }),
    ...(settings.table_locks && { tableLocks: true as const }),
    ...(isSerial(settings) && {
      serial: { ns: settings.serial_ns, untilFlushed: settings.serial_until_flushed },
    }),
    windows: windowsOf(workload.kind, pages, policy, sharesOf(workload, initiators, settings)),
    trace: workload.trace?.(executor === "virtual" || dilation > 1),
    ...(workload.kind === PORT && {
      port: { flows: settings.flows, burstPages: settings.burst_pages },
    }),
  };
}

/** So many as the experiment says, or as it takes. */
function warmupOf(
  { warmup }: Settings,
  operations: number,
): Pick<WorkloadPlan, "warmup" | "settles"> {
  if (warmup !== undefined) return { warmup };
  const least = Math.min(operations, LEAST_WARMUP);
  return { warmup: Math.max(least, Math.ceil(operations / WARMUP_PART)), settles: true };
}

/** What has the code compiled that a point on threads runs. */
export function compilingOf(dilation: number): Compiling {
  const { operations, hostNs, dilatedHostNs } = COMPILING;
  return {
    operations: Math.ceil(operations / dilation),
    untilNs: (dilation === 1 ? hostNs : dilatedHostNs) / dilation,
  };
}

/** Who has windows of their own: initiators, or a port's flows. */
function sharesOf({ kind }: NamedWorkload, initiators: number, { flows }: Settings): number {
  return kind === PORT ? flows : initiators;
}

/** Pages of an operation; undefined where that varies or there are none. */
function pagesOf({ workload, pages }: Combination): number | undefined {
  const fixed = traitsOf(workload.kind).pages;
  if (fixed === "none") return undefined;
  return fixed === "asked" ? pages : fixed;
}

/** Devices without a ring share a rate; those with one have each their own. */
function dmaPeriodNs({ kind }: NamedWorkload, devices: number): number {
  if (traitsOf(kind).ringSlots > 0) return LINE_RATE_PERIOD_NS;
  return DMA_PERIOD_NS * Math.max(1, devices);
}

function operationsOf(wanted: number | OperationBudget, pages: number, isDilated: boolean): number {
  if (typeof wanted === "number") return wanted;
  const budgetPages = isDilated ? wanted.dilated_pages : wanted.pages;
  return Math.max(wanted.least, Math.floor(budgetPages / pages));
}

/**
 * Enough that no address is mapped again while it waits in a flush queue, as far as frames allow.
 */
function windowsOf(kind: number, pages: number, policy: Policy, shares: number): number {
  if (traitsOf(kind).addresses === "same") return 1;
  const most = Math.floor(WINDOW_FRAMES / (pages * shares));
  return Math.max(MIN_WINDOWS, Math.min(most, windowsWanted(kind, pages, policy)));
}

function windowsWanted(kind: number, pages: number, policy: Policy): number {
  const { onePageACall, addresses, ringSlots } = traitsOf(kind);
  if (addresses === "same") return 1;
  const entries = queueOf(policy)?.entries ?? 0;
  const pagesPerEntry = onePageACall ? 1 : pages;
  return Math.ceil((entries * pagesPerEntry) / pages) + 1 + SPARE_WINDOWS + ringSlots;
}

/** Says which points had to make do with fewer windows than their queue could hold. */
function shortOfWindows(points: readonly NamedPoint[]): string[] {
  const short = points.filter(({ point: { workload, policy } }) => {
    return workload.windows < windowsWanted(workload.kind, workload.pages, policy);
  });
  if (short.length === 0) return [];
  return [
    `in ${short.length} points a flush queue can hold more pages than there are frames to go ` +
      `round: ` +
      "addresses are needed again before their flush, which forces it. " +
      "Use a shorter queue, fewer --pages or fewer initiators.",
  ];
}
