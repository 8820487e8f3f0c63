// Runs points on one gang of worker threads, one after the other, repetition by repetition.

import type { MeasuredPoint } from "../results/rows.ts";
import { measureFloor } from "../workers/floor.ts";
import { Gang } from "../workers/gang.ts";
import { runPoint } from "../workers/point.ts";
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

/** Ends early, and says why, rather than rejects: what was finished is worth having. */
export async function measure(
  points: readonly PlannedPoint[],
  progress: Progress,
  signal: AbortSignal,
): Promise<Measurement> {
  const finished: MeasuredPoint[][] = points.map(() => []);
  const floorNs = await measureFloor(); // Before the gang: its threads' start would be in the way.
  const gang = new Gang(Math.max(...points.map(actorsOfPoint)));
  let force: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    force = setTimeout(() => gang.close(), GRACE_MS);
  };
  signal.addEventListener("abort", onAbort);
  let failure: unknown;
  try {
    for (let repetition = 1; repetition <= mostRepetitions(points); repetition++) {
      for (const [place, planned] of points.entries()) {
        if (repetition > planned.repetitions) continue;
        signal.throwIfAborted();
        progress.begin(planned);
        const measured = await measureOnce(gang, planned, repetition, signal);
        finished[place].push(measured);
        progress.finish(measured);
      }
    }
  } catch (error) {
    failure = error;
  } finally {
    progress.end();
    signal.removeEventListener("abort", onAbort);
    clearTimeout(force);
    await gang.close();
  }
  return { points: finished.flat(), failure, floorNs };
}

async function measureOnce(
  gang: Gang,
  planned: PlannedPoint,
  repetition: number,
  signal: AbortSignal,
): Promise<MeasuredPoint> {
  const { repetitions, ...named } = planned;
  const point = { ...named.point, seed: named.point.seed + repetition - 1 };
  return { ...named, point, repetition, result: await runPoint(gang, point, signal) };
}

function mostRepetitions(points: readonly PlannedPoint[]): number {
  return Math.max(...points.map(({ repetitions }) => repetitions));
}

function actorsOfPoint({ point: { cores, iommus, devices } }: PlannedPoint): number {
  return cores + iommus + devices;
}
