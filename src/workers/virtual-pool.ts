// Points in virtual time: each runs in one worker thread, as many at once as the host has CPUs.

import { availableParallelism } from "node:os";
import type { Piscina } from "piscina";
import { NoProgressError } from "../engine/errors.ts";
import { type BrokenRun, BrokenRunError } from "./broken-run.ts";
import type { Point, PointResult, RunRecord } from "./point.ts";
import { startPool } from "./pool.ts";
import { resultOf } from "./sums.ts";
import type { StuckRun, VirtualRun } from "./virtual.ts";

const VIRTUAL_ROOT = new URL("../../virtual/", import.meta.url);

export class VirtualPool {
  private readonly pool: Piscina<Point, VirtualRun | StuckRun | BrokenRun>;

  /**
   * Starts no more workers than there are CPUs or `points`; they stay until `close`. They run the
   * program in the form that virtual time has, or another one that stands at `root`.
   */
  constructor(points: number, root = VIRTUAL_ROOT) {
    const threads = Math.min(availableParallelism(), points);
    this.pool = startPool(new URL("src/workers/virtual.js", root), threads);
  }

  /** Runs a point to its end, once. Errors are those of `record`. */
  async run(point: Point, signal?: AbortSignal): Promise<PointResult> {
    return resultOf(point, [await this.record(point, signal)]);
  }

  /**
   * What comes out of one run of a point, which begins as soon as a CPU is free.
   * @throws NoProgressError if nobody in it can go on, BrokenRunError if an invariant does not
   *   hold, AbortError when `signal` fires.
   */
  async record(point: Point, signal?: AbortSignal): Promise<RunRecord> {
    const run = await this.pool.run(point, signal ? { signal } : {});
    if ("stuck" in run) throw new NoProgressError(run.stuck);
    if ("broken" in run) throw new BrokenRunError(run);
    return run;
  }

  async close(): Promise<void> {
    await this.pool.destroy();
  }
}
