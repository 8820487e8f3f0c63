// A/A: some points are run once more, among all others. What differs then is nothing that anybody
// did, and whoever compares two runs should expect as much of it.

import type { Random } from "../../engine/random.ts";
import { type Noise, type NoiseByExecutor, noiseOf } from "../../results/noise.ts";
import type { RunRecord } from "../../workers/point.ts";
import { latencyOf } from "../../workers/sums.ts";
import { type Run, shuffled } from "./order.ts";

/** A quarter of the points, but neither one alone, which says little, nor many. */
const POINTS_PER_PAIR = 4;
const LEAST_PAIRS = 2;
const MOST_PAIRS = 6;

/** Which of these runs, each of another point, take place once more. */
export function drawAgain(runs: readonly Run[], random: Random): Run[] {
  const wanted = Math.ceil(runs.length / POINTS_PER_PAIR);
  const pairs = Math.min(MOST_PAIRS, Math.max(LEAST_PAIRS, wanted));
  const order = shuffled(runs, random);
  return Array.from({ length: pairs }, (_, pair) => {
    return { ...order[pair % order.length], round: pair, isAgain: true };
  });
}

/** The pairs of a measurement: what a point gave, and what it gave again. */
export class Pairs {
  private readonly again: { readonly run: Run; readonly record: RunRecord }[] = [];

  add(run: Run, record: RunRecord): void {
    this.again.push({ run, record });
  }

  /** By executor; `firstOf` is what the point's own run gave, if that was finished. */
  noise(firstOf: (run: Run) => RunRecord | undefined): NoiseByExecutor {
    const noise: Record<string, Noise> = {};
    for (const executor of new Set(this.again.map(({ run }) => run.planned.point.executor))) {
      const pairs = this.again
        .filter(({ run }) => run.planned.point.executor === executor)
        .flatMap(({ run, record }) => {
          const first = firstOf(run);
          if (first === undefined) return [];
          return { point: run.planned.id, first: latencyOf([first]), again: latencyOf([record]) };
        });
      const measured = noiseOf(pairs);
      if (measured !== undefined) noise[executor] = measured;
    }
    return noise;
  }
}
