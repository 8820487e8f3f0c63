// What each cause of a replay's operations made the policy do: one core's part.

import type { CoreCounters } from "../engine/probe/counters.ts";
import type { CriticalPath } from "../engine/probe/critical-path.ts";
import { OPERATION_CAUSES } from "./traces/index.ts";

/**
 * What is told apart by cause: counters, and of the operations that sent IPIs how many these were
 * and what they took.
 */
export const CAUSE_METRICS = ["requests", "ipis", "fullRequests", "tellings", "tellingNs"] as const;

export class CauseTally {
  /** By cause, and in that by metric. */
  readonly counts = new Float64Array(OPERATION_CAUSES.length * CAUSE_METRICS.length);
  private readonly before = new Float64Array(CAUSE_METRICS.length);

  /** An operation begins: what was counted before is not its. */
  begin({ requests, ipis, fullRequests }: CoreCounters, { latency }: CriticalPath): void {
    this.before[0] = requests;
    this.before[1] = ipis;
    this.before[2] = fullRequests;
    this.before[4] = latency.sum;
  }

  end(
    { requests, ipis, fullRequests }: CoreCounters,
    { latency }: CriticalPath,
    cause: number,
  ): void {
    const { counts, before } = this;
    const first = cause * CAUSE_METRICS.length;
    counts[first] += requests - before[0];
    counts[first + 1] += ipis - before[1];
    counts[first + 2] += fullRequests - before[2];
    if (ipis === before[1]) return;
    counts[first + 3]++;
    counts[first + 4] += latency.sum - before[4];
  }
}
