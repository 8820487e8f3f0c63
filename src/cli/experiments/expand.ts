// From an experiment and the command line to the points that get measured.

import { UsageError } from "../../engine/errors.ts";
import { checkShape } from "../../engine/layout/shape.ts";
import { type Policy, queueOf } from "../../engine/policy/policy.ts";
import { isFree, type Profile } from "../../engine/profile/profile.ts";
import type { NamedPoint } from "../../results/rows.ts";
import { type Point, shapeOf } from "../../workers/point.ts";
import { traitsOf } from "../../workloads/traits.ts";
import { LEAST_WARMUP } from "../../workloads/warm-up.ts";
import { IDLE_HEAVY, RECLAIM, TLB_BENCH, type WorkloadPlan } from "../../workloads/workload.ts";
import { pointId } from "./identity.ts";
import {
  DEFAULTS,
  type Dimensions,
  type Experiment,
  type Grid,
  MAX_THREADED_CORES,
  type OperationBudget,
} from "./schema.ts";
import type { NamedWorkload } from "./workloads.ts";

/** Whether the checker watches; auto: in virtual time, where its own time is not measured. */
export const CHECK_CHOICES = ["auto", "on", "off"] as const;
export type CheckChoice = (typeof CHECK_CHOICES)[number];

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

/** A grid with nothing left open but what depends on the point. */
type Settings = Required<Omit<Dimensions, OpenField>> & Pick<Grid, OpenField>;
type OpenField = "warmup" | "rates" | "dma_period_ns";

/** How many there are of what a machine has, and how many of its cores do something else. */
interface Counts {
  readonly cores: number;
  readonly idleCores: number;
  readonly otherCores: number;
  readonly iommus: number;
  readonly devices: number;
}

/** One combination of a grid's lists. */
interface Combination extends Counts {
  readonly executor: Point["executor"];
  readonly workload: NamedWorkload;
  readonly profile: Profile;
  readonly pages: number;
  /** Operations a second; undefined: as many as it gets done. */
  readonly rate: number | undefined;
  readonly policy: Policy;
}

/** Modelled time lasts so many times longer where the actors do not fit the CPUs. */
const CROWDED_DILATION = 100;
const NS_PER_S = 1_000_000_000;
const DMA_PERIOD_NS = 1000;
/** A device with a ring is never idle: 4 KiB take so long at 100 Gbit/s. */
const LINE_RATE_PERIOD_NS = 328;
const WARMUP_PART = 10;
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
  for (const settings of settingsOf(experiment, options)) {
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
  checkJitter(options, [...points.values()]);
  const planned = [...points.values()];
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

function settingsOf(experiment: Experiment, options: ExpandOptions): Settings[] {
  const { name, question, source, notes, grids, quick, ...top } = experiment;
  const { grids: quickGrids, ...quickTop } = (options.quick ? quick : undefined) ?? {};
  const layers = quickGrids?.map((grid) => [quickTop, grid]) ??
    grids?.map((grid) => [grid, quickTop]) ?? [[quickTop]];
  return layers.map((layer) => {
    return Object.assign({}, DEFAULTS, top, ...layer, options.overrides) as Settings;
  });
}

/** The cross product, policies innermost: what a reader compares stands together. */
function* combinationsOf(settings: Settings): Generator<Combination> {
  for (const executor of settings.executors) {
    for (const workload of settings.workloads) {
      for (const profile of settings.profiles) {
        for (const counts of countsOf(settings)) {
          for (const pages of settings.pages) {
            for (const rate of settings.rates ?? [undefined]) {
              for (const policy of settings.policies) {
                yield { executor, workload, profile, ...counts, pages, rate, policy };
              }
            }
          }
        }
      }
    }
  }
}

function* countsOf(settings: Settings): Generator<Counts> {
  for (const cores of settings.cores) {
    for (const idleCores of settings.idle_cores) {
      for (const otherCores of settings.other_cores) {
        for (const iommus of settings.iommus) {
          for (const devices of settings.devices) {
            yield { cores, idleCores, otherCores, iommus, devices };
          }
        }
      }
    }
  }
}

/** Workloads that are nothing without a core that neither initiates nor is idle: what it does. */
const OTHERS: Readonly<Record<number, string>> = {
  [RECLAIM]: "faults in again what is reclaimed",
  [IDLE_HEAVY]: "sleeps and wakes",
};

/** Why a combination makes no point; undefined if it does. */
function whyNot(
  combination: Combination,
  settings: Settings,
  hostCpus: number,
): string | undefined {
  const { executor, workload, profile, policy, rate } = combination;
  const { cores, idleCores, otherCores, iommus, devices } = combination;
  const { dilation } = settings;
  const initiators = initiatorsOf(combination, settings);
  const { ringSlots, openLoop } = traitsOf(workload.kind);
  if (rate !== undefined && !openLoop) {
    return `${workload.name} has a pace of its own, and takes no --rate`;
  }
  if (ringSlots > 0 && devices === 0) {
    return `${workload.name} is DMA: it needs a device and its IOMMU (--iommus 1 --devices 1)`;
  }
  if (ringSlots > 0 && devices > cores) {
    return `${workload.name} has a core for each device's ring (--cores ${devices})`;
  }
  if (devices > 0 && iommus === 0) return "a device needs an IOMMU (--iommus 1)";
  if (initiators > cores) return `${initiators} initiators need as many cores`;
  const taken = initiators + idleCores + otherCores;
  if (taken > cores) {
    return (
      `initiators, idle_cores and other_cores are cores apart: ${initiators} + ${idleCores} + ` +
      `${otherCores} need ${taken} cores, not ${cores} (--cores ${taken})`
    );
  }
  const others = OTHERS[workload.kind];
  if (others !== undefined && taken === cores) {
    return `${workload.name} needs a core that ${others} (--cores ${taken + 1})`;
  }
  if (workload.kind === TLB_BENCH) {
    if (cores <= initiators) return `${workload.name} needs a core to signal (--cores 2)`;
    // Its targets are the cores behind the initiators: a program's if there is one, asleep if not.
    if (otherCores > 0 && taken === cores) {
      return (
        `${workload.name} signals core ${initiators}, which runs another process: it needs one ` +
        `core more (--cores ${taken + 1}) or fewer other_cores`
      );
    }
    if (policy.iommu.interface !== "register") {
      return `${workload.name} flushes IOTLBs by register (--policy akaros)`;
    }
  }
  if (policy.whom.broadcastFrom > 0 && profile.shootsBy === "ipi") {
    return (
      `${policy.name} broadcasts, and the cores of ${profile.name} are told by IPIs only ` +
      "(--profile zen3-2s)"
    );
  }
  if (executor === "virtual") {
    if (!isFree(profile)) return undefined;
    return `the profile ${profile.name} measures this host: in virtual time nothing takes time`;
  }
  if (cores > MAX_THREADED_CORES) {
    return `threads run at most ${MAX_THREADED_CORES} cores (--executor virtual)`;
  }
  if (isFree(profile) && dilation === "auto" && cores + iommus + devices > hostCpus) {
    return (
      `the profile ${profile.name} measures this host, and has no time to dilate: its ` +
      `actors must fit ${hostCpus} CPUs`
    );
  }
  return undefined;
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
    gapNs: settings.gap_ns,
    ...(combination.rate !== undefined && {
      arrivalNs: Math.round((initiators * NS_PER_S) / combination.rate),
    }),
    accessGapNs: settings.access_gap_ns,
    maskedEveryNs: settings.masked_every_ns,
    maskedNs: settings.masked_ns,
    idleCores,
    otherCores,
    dmaPeriodNs: settings.dma_period_ns ?? dmaPeriodNs(workload, devices),
    ats: settings.ats,
    windows: windowsOf(workload.kind, pages, policy, initiators),
    trace: workload.trace?.(executor === "virtual" || dilation > 1),
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

/** Pages of an operation; undefined where that varies or there are none. */
function pagesOf({ workload, pages }: Combination): number | undefined {
  const fixed = traitsOf(workload.kind).pages;
  if (fixed === "none") return undefined;
  return fixed === "asked" ? pages : fixed;
}

function initiatorsOf({ workload, cores, devices }: Combination, settings: Settings): number {
  const { initiators } = traitsOf(workload.kind);
  if (initiators === "asked") return settings.initiators;
  return initiators === "cores" ? cores : devices;
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
function windowsOf(kind: number, pages: number, policy: Policy, initiators: number): number {
  if (traitsOf(kind).addresses === "same") return 1;
  const most = Math.floor(WINDOW_FRAMES / (pages * initiators));
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
