// How many samples are enough: points are run again, round after round, until the median of each is
// known as precisely as was asked for, or time is over. Rounds of a point count as one sample.

import { performance } from "node:perf_hooks";
import type { Histogram } from "../../engine/probe/histogram.ts";
import { isPrecise } from "../../results/intervals.ts";
import type { Run } from "./order.ts";

export interface Sampling {
  /** The median's 95 % interval may be so wide to either side, as a part of it: 0.02. */
  readonly precision: number;
  /** No round begins later than this after the first, in seconds. */
  readonly maxSeconds: number;
}

/** Rounds of a point after which more would not help: then its operations are not alike. */
export const MAX_ROUNDS = 1000;

/** The next round of those whose samples so far are not precise enough. */
export function nextRound(
  runs: readonly Run[],
  latencyOf: (run: Run) => Histogram,
  { precision }: Sampling,
): Run[] {
  return runs
    .filter((run) => run.round + 1 < MAX_ROUNDS && !isPrecise(latencyOf(run), precision))
    .map((run) => ({ ...run, round: run.round + 1 }));
}

/** Shares what time there is among parts of a measurement that come one after the other. */
export class Budget {
  private readonly endMs: number;
  private parts: number;

  constructor(maxSeconds: number, parts: number) {
    this.endMs = performance.now() + maxSeconds * 1000;
    this.parts = parts;
  }

  /** The next part begins: whether its time is over, whenever it asks. */
  nextPart(): () => boolean {
    const nowMs = performance.now();
    const untilMs = nowMs + (this.endMs - nowMs) / this.parts;
    this.parts--;
    return () => performance.now() >= untilMs;
  }
}
