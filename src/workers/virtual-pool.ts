// Points in virtual time: each runs in one worker thread, as many at once as the host has CPUs.

import { availableParallelism } from "node:os";
import { Piscina } from "piscina";
import { NoProgressError } from "../engine/errors.ts";
import type { Point, PointResult } from "./point.ts";
import { resultOf } from "./sums.ts";
import type { StuckRun, VirtualRun } from "./virtual.ts";

export class VirtualPool {
  private readonly pool: Piscina<Point, VirtualRun | StuckRun>;

  /** Starts no more workers than there are CPUs or `points`; they stay until `close`. */
  constructor(points: number) {
    const threads = Math.min(availableParallelism(), points);
    this.pool = new Piscina({
      filename: new URL("../../virtual/src/workers/virtual.js", import.meta.url).href,
      minThreads: threads,
      maxThreads: threads,
      concurrentTasksPerWorker: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
    });
  }

  /**
   * Runs a point to its end as soon as a CPU is free.
   * @throws NoProgressError if nobody in it can go on, AbortError when `signal` fires.
   */
  async run(point: Point, signal?: AbortSignal): Promise<PointResult> {
    const run = await this.pool.run(point, signal ? { signal } : {});
    if ("stuck" in run) throw new NoProgressError(run.stuck);
    return resultOf(point, run.reports, run.wallS, run.atRest);
  }

  async close(): Promise<void> {
    await this.pool.destroy();
  }
}
