// Runs points: those of threads one after the other on one gang, as each wants the host for itself;
// then those in virtual time, as many at once as there are CPUs. Repetition by repetition, so that
// an interrupted run has all points before it has one of them twice; each of several repetitions on
// threads in a process of its own. In virtual time there is nothing that a process could change.

import { setMaxListeners } from "node:events";
import { Random } from "../../engine/random.ts";
import type { NoiseByExecutor } from "../../results/noise.ts";
import type { MeasuredPoint } from "../../results/rows.ts";
import type { HostChecks } from "../../results/warnings.ts";
import { measureFloor } from "../../workers/floor.ts";
import { Gang } from "../../workers/gang.ts";
import { clockStepNs, workNs } from "../../workers/host-checks.ts";
import { LaunchedGang } from "../../workers/launch.ts";
import { recordOnThreads } from "../../workers/on-threads.ts";
import type { Point, RunRecord } from "../../workers/point.ts";
import { VirtualPool } from "../../workers/virtual-pool.ts";
import type { PlannedPoint } from "../experiments/expand.ts";
import type { Progress } from "../progress.ts";
import { drawAgain } from "./noise.ts";
import { inRandomOrder, mixedIn, pointOf, type Run } from "./order.ts";
import { Budget, nextRound, type Sampling } from "./precision.ts";
import { Results } from "./results.ts";

/** A thread that has not noticed the interruption by then is ended by force. */
const GRACE_MS = 1000;

export interface MeasureRequest {
  readonly points: readonly PlannedPoint[];
  /** Of the order of runs. */
  readonly seed: number;
  /** Undefined: each point runs once a repetition, whatever its spread. */
  readonly sampling: Sampling | undefined;
  /** Whether each operation is kept by itself. */
  readonly logsSamples: boolean;
  /** Whether some points are run once more, to see what that changes. */
  readonly measuresNoise: boolean;
}

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

/** Where runs on threads take place. */
interface Threads {
  record(point: Point, signal: AbortSignal): Promise<RunRecord>;
  close(): Promise<void>;
}

/** Runs all of these, in this order if one comes after the other. */
type RunAll = (runs: readonly Run[]) => Promise<void>;

/** Ends early, and says why, rather than rejects: what was finished is worth having. */
export async function measure(
  request: MeasureRequest,
  progress: Progress,
  signal: AbortSignal,
): Promise<Measurement> {
  const measuring = new Measuring(request, progress, signal);
  try {
    await measuring.run();
  } catch (error) {
    measuring.failure = error;
  } finally {
    progress.end();
  }
  const { results, failure, floorNs, checks } = measuring;
  return { points: results.points, noise: results.noise, failure, floorNs, checks };
}

class Measuring {
  readonly results: Results;
  failure: unknown;
  floorNs: number | undefined;
  checks: HostChecks | undefined;
  private readonly request: MeasureRequest;
  private readonly progress: Progress;
  private readonly signal: AbortSignal;
  private readonly random: Random;
  private readonly budget: Budget;
  /** Runs on threads, a list for each repetition; and those in virtual time. */
  private readonly threaded: readonly (readonly Run[])[];
  private readonly virtual: readonly Run[];

  constructor(request: MeasureRequest, progress: Progress, signal: AbortSignal) {
    this.request = request;
    this.progress = progress;
    this.signal = signal;
    this.results = new Results(request.points);
    this.random = new Random(request.seed);
    this.threaded = repetitionsOf(request.points, "threads");
    this.virtual = repetitionsOf(request.points, "virtual").flat();
    const parts = this.threaded.length + (this.virtual.length > 0 ? 1 : 0);
    this.budget = new Budget(request.sampling?.maxSeconds ?? 0, parts);
  }

  async run(): Promise<void> {
    if (this.threaded.length > 0) {
      this.floorNs = await measureFloor(); // Before the gang: its threads would be in the way.
      const beforeNs = workNs();
      for (const runs of this.threaded) await this.runThreaded(runs);
      this.checks = {
        clockStepNs: clockStepNs(),
        slowdown: workNs() / beforeNs,
        hasFloor: this.floorNs !== undefined,
      };
    }
    if (this.virtual.length > 0) await this.runVirtual(this.virtual);
  }

  /** The runs of one repetition. */
  private async runThreaded(runs: readonly Run[]): Promise<void> {
    this.signal.throwIfAborted();
    const actors = Math.max(...runs.map(({ planned }) => actorsOf(planned)));
    const threads = this.threaded.length > 1 ? new LaunchedGang(actors) : inThisProcess(actors);
    let force: NodeJS.Timeout | undefined;
    const onAbort = (): void => {
      force = setTimeout(() => threads.close(), GRACE_MS);
    };
    this.signal.addEventListener("abort", onAbort);
    try {
      await this.runRounds(runs, async (round) => {
        for (const run of round) {
          this.signal.throwIfAborted();
          this.progress.begin(run);
          this.keep(run, await threads.record(this.pointOf(run), this.signal));
        }
      });
    } finally {
      this.signal.removeEventListener("abort", onAbort);
      clearTimeout(force);
      await threads.close();
    }
  }

  /** The first failure ends the others. */
  private async runVirtual(runs: readonly Run[]): Promise<void> {
    this.signal.throwIfAborted();
    const pool = new VirtualPool(runs.length);
    const failed = new AbortController();
    const either = AbortSignal.any([this.signal, failed.signal]);
    setMaxListeners(0, either); // One for each run.
    try {
      await this.runRounds(runs, async (round) => {
        const running = round.map(async (run) => {
          this.keep(run, await pool.record(this.pointOf(run), either));
        });
        // The first one counts.
        for (const run of running) run.catch((error) => failed.abort(error));
        await Promise.allSettled(running);
        this.signal.throwIfAborted();
        if (failed.signal.aborted) throw failed.signal.reason;
      });
    } finally {
      await pool.close();
    }
  }

  /** These, some of them again if they are the first, and further rounds as they are asked for. */
  private async runRounds(runs: readonly Run[], runAll: RunAll): Promise<void> {
    const { sampling } = this.request;
    const { random, results } = this;
    const isOver = this.budget.nextPart();
    const first = runs.filter(({ repetition }) => {
      return repetition === 1 && this.request.measuresNoise;
    });
    const again = first.length > 0 ? drawAgain(first, random) : [];
    await runAll(mixedIn(inRandomOrder(runs, random), again, random));
    if (sampling === undefined) return;
    let round = nextRound(runs, (run) => results.latencyOf(run), sampling);
    while (round.length > 0 && !isOver()) {
      this.progress.expect(round.length);
      await runAll(inRandomOrder(round, random));
      round = nextRound(round, (run) => results.latencyOf(run), sampling);
    }
  }

  private pointOf(run: Run): Point {
    return { ...pointOf(run), logsSamples: this.request.logsSamples && !run.isAgain };
  }

  private keep(run: Run, record: RunRecord): void {
    this.results.keep(run, record);
    this.progress.finish(run, record);
  }
}

function inThisProcess(actors: number): Threads {
  const gang = new Gang(actors);
  return {
    record: (point, signal) => recordOnThreads(gang, point, signal),
    close: () => gang.close(),
  };
}

/** First rounds of one executor's points, a list for each repetition that has any. */
function repetitionsOf(
  points: readonly PlannedPoint[],
  executor: Point["executor"],
): (readonly Run[])[] {
  const most = Math.max(...points.map(({ repetitions }) => repetitions));
  return Array.from({ length: most }, (_, i) => i + 1)
    .map((repetition) => {
      return points
        .map((planned, place) => ({ place, planned, repetition, round: 0, isAgain: false }))
        .filter(({ planned }) => planned.point.executor === executor)
        .filter(({ planned }) => repetition <= planned.repetitions);
    })
    .filter((runs) => runs.length > 0);
}

function actorsOf({ point: { cores, iommus, devices } }: PlannedPoint): number {
  return cores + iommus + devices;
}
