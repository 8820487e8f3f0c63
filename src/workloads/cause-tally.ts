// What each cause of a replay's operations made the policy do: one core's part.

import type { CoreCounters } from "../engine/probe/counters.ts";
import type { CriticalPath } from "../engine/probe/critical-path.ts";
import { Histogram } from "../engine/probe/histogram.ts";
import { SEGMENTS } from "../engine/probe/segments.ts";
import { OPERATION_CAUSES } from "./traces/index.ts";

/** What is told apart by cause: counters, and how many operations sent IPIs. */
export const CAUSE_METRICS = ["requests", "ipis", "fullRequests", "tellings"] as const;

export class CauseTally {
  /** By cause, and in that by metric. */
  readonly counts = new Float64Array(OPERATION_CAUSES.length * CAUSE_METRICS.length);
  /** By segment: how long it was on the path of each operation that sent IPIs. */
  readonly telling = Array.from({ length: SEGMENTS }, () => new Histogram());
  private readonly before = new Float64Array(CAUSE_METRICS.length);
  private readonly beforeNs = new Float64Array(SEGMENTS);

  /** An operation begins: what was counted before is not its. */
  begin({ requests, ipis, fullRequests }: CoreCounters, path: CriticalPath): void {
    this.before[0] = requests;
    this.before[1] = ipis;
    this.before[2] = fullRequests;
    for (let segment = 0; segment < SEGMENTS; segment++) {
      this.beforeNs[segment] = path.sumNs(segment);
    }
  }

  end({ requests, ipis, fullRequests }: CoreCounters, path: CriticalPath, cause: number): void {
    const { counts, before } = this;
    const first = cause * CAUSE_METRICS.length;
    counts[first] += requests - before[0];
    counts[first + 1] += ipis - before[1];
    counts[first + 2] += fullRequests - before[2];
    if (ipis === before[1]) return;
    counts[first + 3]++;
    this.telling.forEach((histogram, segment) => {
      histogram.record(path.sumNs(segment) - this.beforeNs[segment]);
    });
  }
}
