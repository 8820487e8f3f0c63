// Where runs leave what came out of them, until all are over.

import { Histogram } from "../../engine/probe/histogram.ts";
import type { NoiseByExecutor } from "../../results/noise.ts";
import type { MeasuredPoint } from "../../results/rows.ts";
import type { RunRecord } from "../../workers/point.ts";
import { latencyOf, resultOf } from "../../workers/sums.ts";
import type { PlannedPoint } from "../experiments/expand.ts";
import { Pairs } from "./noise.ts";
import { pointOf, type Run } from "./order.ts";

export class Results {
  private readonly planned: readonly PlannedPoint[];
  private readonly pairs = new Pairs();
  /** By place, by repetition from 1, by round. */
  private readonly records: RunRecord[][][];
  /** By place, by repetition: of all rounds. */
  private readonly latencies: Histogram[][];

  constructor(planned: readonly PlannedPoint[]) {
    this.planned = planned;
    this.records = planned.map(() => []);
    this.latencies = planned.map(() => []);
  }

  keep(run: Run, record: RunRecord): void {
    const { place, repetition, round, isAgain } = run;
    if (isAgain) {
      this.pairs.add(run, record);
      return;
    }
    this.records[place][repetition] ??= [];
    this.records[place][repetition][round] = record;
    this.latencies[place][repetition] ??= new Histogram();
    this.latencies[place][repetition].merge(latencyOf([record]).toData());
  }

  /** Of all rounds so far of the point and repetition that this is a run of. */
  latencyOf({ place, repetition }: Run): Histogram {
    return this.latencies[place][repetition] ?? new Histogram();
  }

  /** What is finished, in the order of the plan, whichever ended first. */
  get points(): MeasuredPoint[] {
    return this.planned.flatMap((planned, place) => {
      return this.records[place].flatMap((rounds, repetition) => {
        const { repetitions, ...named } = planned;
        const point = pointOf({ place, planned, repetition, round: 0, isAgain: false });
        // Those of a run that was interrupted may have ended in another order.
        const finished = rounds.filter((record) => record !== undefined);
        return { ...named, point, repetition, result: resultOf(point, finished) };
      });
    });
  }

  get noise(): NoiseByExecutor {
    return this.pairs.noise(({ place, repetition }) => this.records[place][repetition]?.[0]);
  }
}
