// What may be wrong with a measurement: a closed set, each with what to do about it. Whoever reads
// them by program goes by the word in front.

import { describeFinding } from "../engine/check/finding.ts";
import { queueOf } from "../engine/policy/policy.ts";
import { isFree } from "../engine/profile/profile.ts";
import { shapeOf } from "../workers/point.ts";
import type { Host } from "./host.ts";
import { isPrecise, samplesFor } from "./intervals.ts";
import type { NoiseByExecutor } from "./noise.ts";
import { plural } from "./plural.ts";
import { isOversubscribed, type MeasuredPoint, opsPerS, rateOf } from "./rows.ts";

/** Each kind, and what to do. */
const REMEDIES = {
  oversubscribed: "Use --dilate 100.",
  "noisy-host": "Leave the machine alone, use a larger --dilate, or repeat with --repetitions 5.",
  "clock-too-coarse":
    "Use a larger --dilate or more --pages; on Linux, see which clock is in use in " +
    "/sys/devices/system/clocksource/clocksource0/current_clocksource.",
  virtualized: "Look at medians, and repeat with --repetitions 3.",
  "frequency-changed":
    "Set the CPU's frequency governor to performance, let it cool down, and measure again.",
  "never-steady":
    "Use more --ops, as a warm-up lasts for as many at most, or a lower --rate; " +
    "--samples shows how they went on.",
  "queue-never-filled": "Use as many --ops.",
  "too-few-samples": "Use more --ops, --precision 2%, or a larger --max-seconds.",
} as const;

/** Where all operations that there are were taken: what else gives more samples. */
const NO_MORE_OPERATIONS =
  "Use --precision 2%, a larger --max-seconds, or a longer trace: this one has no more operations.";

const TOO_FEW = "too-few-samples" satisfies WarningKind;

export type WarningKind = keyof typeof REMEDIES;

/** What was found out about the host besides its description; undefined: it was not looked at. */
export interface HostChecks {
  /** The step of the clock. */
  readonly clockStepNs: number;
  /** How long the same work took after the measurement, as a multiple of before. */
  readonly slowdown: number;
  /** Whether the round trip between two threads could be measured. */
  readonly hasFloor: boolean;
}

/** A difference of more than this is more than what threads usually vary by. */
const RESTLESS = 0.1;
/** More than this of the CPUs was in use before anything ran. */
const BUSY = 0.5;
/** A clock should divide the shortest median into as many steps. */
const STEPS = 10;
const OTHER_FREQUENCY = 0.05;
/** A queue that filled as often has its flushes in the mean, and in what it holds at most. */
const FILLS = 4;
/** Of what is due at random, less than this is done by chance only where there are few of them. */
const OVERLOADED = 0.9;

const PLACES = { threads: "on threads", virtual: "in virtual time" } as const;

/** What may be wrong with a run, whatever it was for. */
export function hostWarningsOf(
  host: Host,
  checks: HostChecks | undefined,
  noise: NoiseByExecutor,
  points: readonly MeasuredPoint[],
): string[] {
  return warningsOf(host, checks, noise, points).filter((text) => !text.startsWith(TOO_FEW));
}

/**
 * Warnings of a measurement, in the order of REMEDIES, at most one of each kind. `precision` is
 * what was asked for; `takesAll`: there are no more operations than those that were taken.
 */
export function warningsOf(
  host: Host,
  checks: HostChecks | undefined,
  noise: NoiseByExecutor,
  points: readonly MeasuredPoint[],
  precision = Number.POSITIVE_INFINITY,
  takesAll = false,
): string[] {
  const threaded = points.filter(({ point }) => point.executor === "threads");
  const causes: Readonly<Record<WarningKind, string | undefined>> = {
    oversubscribed: crowded(host, points),
    "noisy-host": threaded.length > 0 ? restless(host, checks, noise, threaded) : undefined,
    "clock-too-coarse": checks && coarse(checks, threaded),
    virtualized: host.virtualized === true && threaded.length > 0 ? VIRTUALIZED : undefined,
    "frequency-changed": checks && otherFrequency(checks),
    "never-steady": unsteady(points),
    "queue-never-filled": unfilled(points),
    "too-few-samples": tooFew(points, precision),
  };
  return (Object.keys(REMEDIES) as WarningKind[]).flatMap((kind) => {
    const remedy = kind === TOO_FEW && takesAll ? NO_MORE_OPERATIONS : REMEDIES[kind];
    return causes[kind] === undefined ? [] : `${kind}: ${causes[kind]}. ${remedy}`;
  });
}

/** What the checker has found, one line a point. */
export function findingsOf(points: readonly MeasuredPoint[]): string[] {
  return points.filter(({ result }) => result.check?.verdict === "unsafe").map(describeFindings);
}

const VIRTUALIZED =
  "this machine is virtual; its CPUs may be taken away at any time, which shows as late";

function crowded(host: Host, points: readonly MeasuredPoint[]): string | undefined {
  const actors = points.filter(isOversubscribed).map(({ result }) => result.actors);
  if (actors.length === 0) return undefined;
  const most = Math.max(...actors);
  return `up to ${most} actors on ${host.cpus} CPUs at --dilate 1: times are not comparable`;
}

function restless(
  host: Host,
  checks: HostChecks | undefined,
  noise: NoiseByExecutor,
  threaded: readonly MeasuredPoint[],
): string | undefined {
  const signs: string[] = [];
  if (host.load > BUSY * host.cpus) signs.push(`the load was ${host.load.toFixed(1)} before`);
  if (checks?.hasFloor === false && host.cpus > 1) {
    signs.push("two threads so rarely ran at once that there is no floor (column floor_ns)");
  }
  const spread = noise.threads?.p50_spread ?? 0;
  if (spread > RESTLESS) {
    signs.push(`on threads the same point's median differed by ${Math.round(100 * spread)} %`);
  }
  const late = threaded.filter(isMostlyLate).length;
  if (late > 0) {
    signs.push(
      `in ${late} of ${threaded.length} results on threads the host added more than a tenth to ` +
        "the median (column late_ns_p50)",
    );
  }
  return signs.length === 0 ? undefined : signs.join("; ");
}

/** With a profile that costs nothing, all that is measured is the host. */
function isMostlyLate({ point, result }: MeasuredPoint): boolean {
  if (isFree(point.profile)) return false;
  const { late, latency } = result;
  return (late.quantile(0.5) ?? 0) > (latency.quantile(0.5) ?? 0) / 10;
}

function coarse(
  { clockStepNs }: HostChecks,
  threaded: readonly MeasuredPoint[],
): string | undefined {
  const medians = threaded.map(({ point, result }) => {
    return (result.latency.quantile(0.5) ?? 0) * point.dilation;
  });
  const shortest = Math.min(...medians.filter((ns) => ns > 0));
  if (clockStepNs * STEPS <= shortest) return undefined;
  return (
    `the clock steps by ${Math.round(clockStepNs)} ns, more than a tenth of the shortest ` +
    `median (${Math.round(shortest)} ns on the host's clock)`
  );
}

function otherFrequency({ slowdown }: HostChecks): string | undefined {
  if (Math.abs(slowdown - 1) <= OTHER_FREQUENCY) return undefined;
  const factor = slowdown.toFixed(2);
  return `the same work took ${factor} times as long after the measurement as before`;
}

function unsteady(points: readonly MeasuredPoint[]): string | undefined {
  const never = points.filter(({ result }) => result.neverSteady);
  if (never.length === 0) return undefined;
  return (
    `in ${counted(never, points)} latencies had not settled at the end of the warm-up, so that ` +
    `the first that were measured may belong to it${overload(never)}`
  );
}

/** A queue that nothing has left: none of what it puts off is among the operations. */
function unfilled(points: readonly MeasuredPoint[]): string | undefined {
  const never = points.filter(heldAll);
  if (never.length === 0) return undefined;
  const names = [...new Set(never.map(({ point }) => point.policy.name))];
  const most = Math.max(...never.map(({ point }) => queueOf(point.policy)?.entries ?? 0));
  return (
    `in ${counted(never, points)} the flush queue (${names.join(", ")}) never filled, so that ` +
    "held memory, mean and p99 are those of a run of this length; " +
    `${most * FILLS} operations of an initiator fill it ${FILLS} times at least`
  );
}

/** Whether at the end of a round all that it had unmapped, warm-up included, was still held. */
function heldAll({ point, pages, result }: MeasuredPoint): boolean {
  const { whenCores, whenIommu } = point.policy;
  if (pages === undefined || ![whenCores, whenIommu].some(({ kind }) => kind === "queue")) {
    return false;
  }
  const { operations, heldPagesMax } = result.cores;
  const unmapped = (pages * (operations + result.warmup)) / result.rounds;
  return unmapped > 0 && heldPagesMax >= unmapped;
}

/** Of points of which more was due than they could do: what that was; empty if there are none. */
function overload(never: readonly MeasuredPoint[]): string {
  const done = never
    .filter(isOverloaded)
    .sort((a, b) => doneOf(a) - doneOf(b))
    .map((measured) => {
      const { executor, cores, iommus, policy } = measured.point;
      const machine = `${plural(cores, "core")}, ${plural(iommus, "IOMMU")}`;
      const which = `${executor}, ${measured.workload}, ${machine}, ${policy.name}`;
      return `${Math.round(doneOf(measured))}/s (${which})`;
    });
  if (done.length === 0) return "";
  const ends = done.length === 1 ? done : [done[0], done[done.length - 1]];
  const which = `in ${done.length} of them`;
  return `; ${which} more operations were due than could be done: ${ends.join(" to ")}`;
}

function isOverloaded(measured: MeasuredPoint): boolean {
  const due = rateOf(measured.point);
  return due !== undefined && doneOf(measured) < OVERLOADED * due;
}

function doneOf({ result }: MeasuredPoint): number {
  return opsPerS(result) ?? 0;
}

/** `3 of 40 results`, by executor if there are several. */
function counted(some: readonly MeasuredPoint[], all: readonly MeasuredPoint[]): string {
  const of = (points: readonly MeasuredPoint[], executor: string) => {
    return points.filter(({ point }) => point.executor === executor).length;
  };
  const executors = [...new Set(all.map(({ point }) => point.executor))];
  if (executors.length === 1) return `${some.length} of ${all.length} results`;
  return executors
    .filter((executor) => of(some, executor) > 0)
    .map((executor) => `${of(some, executor)} of ${of(all, executor)} results ${PLACES[executor]}`)
    .join(" and ");
}

function tooFew(points: readonly MeasuredPoint[], precision: number): string | undefined {
  const needed = samplesFor(0.99);
  const few = points.filter(({ result }) => result.latency.count < needed);
  const vague = points.filter(({ result }) => !isPrecise(result.latency, precision));
  const none = points.filter(({ result }) => result.latency.count === 0);
  const signs = [
    ...(none.length > 0 ? [`${counted(none, points)} have no operation that was measured`] : []),
    ...(few.length > 0
      ? [
          `${counted(few, points)} are of fewer than ${needed} operations: nothing bounds their ` +
            "p99",
        ]
      : []),
    ...(vague.length > 0 && precision < Number.POSITIVE_INFINITY
      ? [`medians of ${counted(vague, points)} are not known to within ${100 * precision} %`]
      : []),
  ];
  return signs.length === 0 ? undefined : signs.join("; ");
}

/** `akaros is unsafe (virtual, munmap, 2 cores, point 1f…, seed 42): 3 findings, first …`. */
function describeFindings({ id, workload, point, result }: MeasuredPoint): string {
  const { findings = [], findingCount = 0 } = result.check ?? {};
  const count = plural(findingCount, "finding");
  const { executor, cores, seed } = point;
  const which = `${executor}, ${workload}, ${plural(cores, "core")}, point ${id}, seed ${seed}`;
  const [first] = findings.map((finding) => describeFinding(finding, shapeOf(point)));
  return (
    `${point.policy.name} is unsafe (${which}): ${count}, first ${first}. ` +
    "See findings in manifest.json."
  );
}
