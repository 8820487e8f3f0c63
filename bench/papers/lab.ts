// Where set-ups are run: in virtual time, as many at once as there are CPUs, each no more than once.

import type { PointResult } from "../../src/workers/point.ts";
import { VirtualPool } from "../../src/workers/virtual-pool.ts";
import type { Metric } from "./metrics.ts";
import { percent } from "./paper.ts";
import { pointOf, type Setup } from "./setup.ts";
import { type Range, solve } from "./solve.ts";

/** A number of a set-up that a workload has for itself. */
export type Parameter = "gapNs" | "accessGapNs" | "serialNs";

export interface Calibrated {
  readonly setup: Setup;
  /** What was set, and from which figure. */
  readonly parameter: string;
}

/** How close to a figure is close enough, as a part of it. */
const TOLERANCE = 0.002;
/** In the short form, whose runs vary by more than that. */
const SHORT_TOLERANCE = 0.1;
const SHORT_STEPS = 3;
/** More runs at once than any host has CPUs: the pool starts no more than these. */
const MANY = Number.MAX_SAFE_INTEGER;

export class Lab {
  /** Whether set-ups do a fiftieth of their operations. */
  readonly quick: boolean;
  private readonly pool = new VirtualPool(MANY);
  private readonly runs = new Map<string, Promise<PointResult>>();

  constructor(quick: boolean) {
    this.quick = quick;
  }

  run(setup: Setup): Promise<PointResult> {
    const key = JSON.stringify(setup);
    let run = this.runs.get(key);
    if (run === undefined) {
      run = this.pool.run(pointOf(setup, this.quick));
      this.runs.set(key, run);
    }
    return run;
  }

  async measure(setup: Setup, metric: Metric): Promise<number> {
    return metric.of(await this.run(setup));
  }

  /** By how many per cent the metric changes from one set-up to another. */
  async change(from: Setup, to: Setup, metric: Metric): Promise<number> {
    const [before, after] = await Promise.all([
      this.measure(from, metric),
      this.measure(to, metric),
    ]);
    return percent(before, after);
  }

  /**
   * The set-up of a baseline with the parameter at which its metric is the published figure, or as
   * near to it as the range allows.
   */
  async calibrate(
    baseline: Setup,
    parameter: Parameter,
    metric: Metric,
    figure: number,
    range: Range,
  ): Promise<Calibrated> {
    const at = (value: number): Setup => ({ ...baseline, [parameter]: value });
    const value = await this.solve((value) => this.measure(at(value), metric), figure, range);
    const reached = await this.measure(at(value), metric);
    return {
      setup: at(value),
      parameter: `${parameter} ${value}: ${metric.name} ${rounded(reached)} of ${rounded(figure)}`,
    };
  }

  /** The whole number at which something is as published, see solve.ts. */
  solve(
    measure: (value: number) => Promise<number>,
    figure: number,
    range: Range,
  ): Promise<number> {
    if (this.quick) return solve(measure, figure, range, SHORT_TOLERANCE, SHORT_STEPS);
    return solve(measure, figure, range, TOLERANCE);
  }

  async close(): Promise<void> {
    await this.pool.close();
  }
}

/** Four digits. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
