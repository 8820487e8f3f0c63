// Runs points: those of threads one after the other on one gang, as each wants the host for itself;
// then those in virtual time, as many at once as there are CPUs. Repetition by repetition, so that
// an interrupted run has all points before it has one of them twice.

import { setMaxListeners } from "node:events";
import type { MeasuredPoint } from "../results/rows.ts";
import { measureFloor } from "../workers/floor.ts";
import { Gang } from "../workers/gang.ts";
import { runOnThreads } from "../workers/on-threads.ts";
import type { Point, PointResult } from "../workers/point.ts";
import { VirtualPool } from "../workers/virtual-pool.ts";
import type { PlannedPoint } from "./experiments/expand.ts";
import type { Progress } from "./progress.ts";

/** A thread that has not noticed the interruption by then is ended by force. */
const GRACE_MS = 1000;

export interface Measurement {
  /** What was finished, by point and repetition. */
  readonly points: readonly MeasuredPoint[];
  /** What ended it early; undefined if nothing did. */
  readonly failure: unknown;
  /** The host's round trip; undefined if it was not measured. */
  readonly floorNs: number | undefined;
}

/** One run of one point. */
interface Run {
  /** Which point, in the order of the results. */
  readonly place: number;
  readonly planned: PlannedPoint;
  readonly repetition: number;
}

/** Where runs leave what they measured. */
class Results {
  private readonly finished: MeasuredPoint[][];
  private readonly progress: Progress;

  constructor(points: number, progress: Progress) {
    this.finished = Array.from({ length: points }, () => []);
    this.progress = progress;
  }

  /** Runs it through `runPoint` and keeps what comes out. */
  async keep(
    { place, planned, repetition }: Run,
    runPoint: (point: Point) => Promise<PointResult>,
  ): Promise<void> {
    const { repetitions, ...named } = planned;
    const point = { ...named.point, seed: named.point.seed + repetition - 1 };
    const measured = { ...named, point, repetition, result: await runPoint(point) };
    this.finished[place].push(measured);
    this.progress.finish(measured);
  }

  /** In the order of the plan, whichever ended first. */
  get points(): MeasuredPoint[] {
    return this.finished.flatMap((runs) => runs.toSorted((a, b) => a.repetition - b.repetition));
  }
}

/** Ends early, and says why, rather than rejects: what was finished is worth having. */
export async function measure(
  points: readonly PlannedPoint[],
  progress: Progress,
  signal: AbortSignal,
): Promise<Measurement> {
  const results = new Results(points.length, progress);
  const runs = runsOf(points);
  const threaded = runs.filter(({ planned }) => planned.point.executor === "threads");
  const virtual = runs.filter(({ planned }) => planned.point.executor === "virtual");
  let floorNs: number | undefined;
  let failure: unknown;
  try {
    if (threaded.length > 0) {
      floorNs = await measureFloor(); // Before the gang: its threads' start would be in the way.
      await runThreaded(threaded, results, progress, signal);
    }
    if (virtual.length > 0) await runVirtual(virtual, results, signal);
  } catch (error) {
    failure = error;
  } finally {
    progress.end();
  }
  return { points: results.points, failure, floorNs };
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
      progress.begin(run.planned);
      await results.keep(run, (point) => runOnThreads(gang, point, signal));
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
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const pool = new VirtualPool(runs.length);
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  setMaxListeners(0, either); // One for each run.
  try {
    const running = runs.map((run) => results.keep(run, (point) => pool.run(point, either)));
    for (const run of running) run.catch((error) => failed.abort(error)); // The first one counts.
    await Promise.allSettled(running);
    signal.throwIfAborted();
    if (failed.signal.aborted) throw failed.signal.reason;
  } finally {
    await pool.close();
  }
}

function runsOf(points: readonly PlannedPoint[]): Run[] {
  const most = Math.max(...points.map(({ repetitions }) => repetitions));
  return Array.from({ length: most }, (_, i) => i + 1).flatMap((repetition) =>
    points
      .map((planned, place) => ({ place, planned, repetition }))
      .filter(({ planned }) => repetition <= planned.repetitions),
  );
}

function actorsOf({ point: { cores, iommus, devices } }: PlannedPoint): number {
  return cores + iommus + devices;
}
