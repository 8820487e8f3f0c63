// What each cause of a replay's operations made the policy do: one core's part.

import type { CoreCounters } from "../engine/probe/counters.ts";
import { OPERATION_CAUSES } from "./traces/index.ts";

/** Counters that are told apart by cause. */
export const CAUSE_METRICS = ["requests", "ipis", "fullRequests"] as const;

export class CauseTally {
  /** By cause, and in that by metric. */
  readonly counts = new Float64Array(OPERATION_CAUSES.length * CAUSE_METRICS.length);
  private readonly before = new Float64Array(CAUSE_METRICS.length);

  /** An operation begins: what was counted before is not its. */
  begin({ requests, ipis, fullRequests }: CoreCounters): void {
    this.before[0] = requests;
    this.before[1] = ipis;
    this.before[2] = fullRequests;
  }

  end({ requests, ipis, fullRequests }: CoreCounters, cause: number): void {
    const { counts, before } = this;
    const first = cause * CAUSE_METRICS.length;
    counts[first] += requests - before[0];
    counts[first + 1] += ipis - before[1];
    counts[first + 2] += fullRequests - before[2];
  }
}
