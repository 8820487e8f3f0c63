// Runs points: those of threads one after the other on one gang, as each wants the host for itself;
// then those in virtual time, as many at once as there are CPUs. Repetition by repetition, so that
// an interrupted run has all points before it has one of them twice.

import { setMaxListeners } from "node:events";
import { Random } from "../../engine/random.ts";
import type { NoiseByExecutor } from "../../results/noise.ts";
import type { MeasuredPoint } from "../../results/rows.ts";
import type { HostChecks } from "../../results/warnings.ts";
import { measureFloor } from "../../workers/floor.ts";
import { Gang } from "../../workers/gang.ts";
import { clockStepNs, workNs } from "../../workers/host-checks.ts";
import { recordOnThreads } from "../../workers/on-threads.ts";
import { VirtualPool } from "../../workers/virtual-pool.ts";
import type { PlannedPoint } from "../experiments/expand.ts";
import type { Progress } from "../progress.ts";
import { drawAgain } from "./noise.ts";
import { inRandomOrder, mixedIn, pointOf, type Run } from "./order.ts";
import { Results } from "./results.ts";

/** A thread that has not noticed the interruption by then is ended by force. */
const GRACE_MS = 1000;

export interface Measurement {
  /** What was finished, by point and repetition. */
  readonly points: readonly MeasuredPoint[];
  readonly noise: NoiseByExecutor;
  /** What ended it early; undefined if nothing did. */
  readonly failure: unknown;
  /** The host's round trip; undefined if it was not measured. */
  readonly floorNs: number | undefined;
  /** Undefined if no threads ran. */
  readonly checks: HostChecks | undefined;
}

/**
 * Ends early, and says why, rather than rejects: what was finished is worth having. `seed` decides
 * the order.
 */
export async function measure(
  points: readonly PlannedPoint[],
  seed: number,
  progress: Progress,
  signal: AbortSignal,
): Promise<Measurement> {
  const results = new Results(points);
  const [threaded, virtual] = (["threads", "virtual"] as const).map((executor) => {
    return runsOf(points, executor, new Random(seed));
  });
  let floorNs: number | undefined;
  let checks: HostChecks | undefined;
  let failure: unknown;
  try {
    if (threaded.length > 0) {
      floorNs = await measureFloor(); // Before the gang: its threads' start would be in the way.
      const beforeNs = workNs();
      await runThreaded(threaded, results, progress, signal);
      checks = { clockStepNs: clockStepNs(), slowdown: workNs() / beforeNs };
    }
    if (virtual.length > 0) await runVirtual(virtual, results, progress, signal);
  } catch (error) {
    failure = error;
  } finally {
    progress.end();
  }
  return { points: results.points, noise: results.noise, failure, floorNs, checks };
}

async function runThreaded(
  runs: readonly Run[],
  results: Results,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const gang = new Gang(Math.max(...runs.map(({ planned }) => actorsOf(planned))));
  let force: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    force = setTimeout(() => gang.close(), GRACE_MS);
  };
  signal.addEventListener("abort", onAbort);
  try {
    for (const run of runs) {
      signal.throwIfAborted();
      progress.begin(run);
      const record = await recordOnThreads(gang, pointOf(run), signal);
      results.keep(run, record);
      progress.finish(run, record);
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    clearTimeout(force);
    await gang.close();
  }
}

/** The first failure ends the others. */
async function runVirtual(
  runs: readonly Run[],
  results: Results,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const pool = new VirtualPool(runs.length);
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  setMaxListeners(0, either); // One for each run.
  try {
    const running = runs.map(async (run) => {
      const record = await pool.record(pointOf(run), either);
      results.keep(run, record);
      progress.finish(run, record);
    });
    for (const run of running) run.catch((error) => failed.abort(error)); // The first one counts.
    await Promise.allSettled(running);
    signal.throwIfAborted();
    if (failed.signal.aborted) throw failed.signal.reason;
  } finally {
    await pool.close();
  }
}

/** All runs of one executor, in the order in which they take place. */
function runsOf(
  points: readonly PlannedPoint[],
  executor: PlannedPoint["point"]["executor"],
  random: Random,
): Run[] {
  const most = Math.max(...points.map(({ repetitions }) => repetitions));
  return Array.from({ length: most }, (_, i) => i + 1).flatMap((repetition) => {
    const runs = points
      .map((planned, place) => ({ place, planned, repetition, round: 0, isAgain: false }))
      .filter(({ planned }) => planned.point.executor === executor)
      .filter(({ planned }) => repetition <= planned.repetitions);
    if (runs.length === 0) return [];
    const ordered = inRandomOrder(runs, random);
    return repetition === 1 ? mixedIn(ordered, drawAgain(runs, random), random) : ordered;
  });
}

function actorsOf({ point: { cores, iommus, devices } }: PlannedPoint): number {
  return cores + iommus + devices;
}
