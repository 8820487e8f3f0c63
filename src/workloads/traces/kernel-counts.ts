// How often the recorded kernel asked for flushes, by cause: what a replay's counts stand beside.

import { ALL_PAGES, type Cause } from "./event.ts";
import type { FinishedShootdown } from "./shootdown.ts";

export const FLUSH_METRICS = ["requests", "ipis", "full_flushes", "ranged_flushes"] as const;
export type FlushMetric = (typeof FLUSH_METRICS)[number];
/** Undefined where the trace does not show it. */
export type CauseCounts = Readonly<Record<FlushMetric, number | undefined>>;
/** Causes that did not occur are missing. */
export type CountsByCause = ReadonlyMap<Cause, CauseCounts>;

export const NO_COUNTS: CauseCounts = {
  requests: 0,
  ipis: 0,
  full_flushes: 0,
  ranged_flushes: 0,
};

/** One request of the recorded kernel. */
export interface KernelRequest {
  readonly cause: Cause;
  /** On the time scale of the operations. */
  readonly atNs: number;
  /** ALL_PAGES for a full flush. */
  readonly pages: number;
  /** CPUs that were sent an IPI; undefined where the trace does not show it. */
  readonly ipis: number | undefined;
}

/** Those of shootdowns, on a time scale that begins at `originNs` of theirs. */
export function requestsOf(
  shootdowns: readonly FinishedShootdown[],
  originNs: number,
  showsIpis: boolean,
): KernelRequest[] {
  return shootdowns.map(({ cause, requestNs, pages, targets }) => {
    return { cause, atNs: requestNs - originNs, pages, ipis: showsIpis ? targets : undefined };
  });
}

/** Adds up the requests up to `untilNs`. */
export function kernelCounts(requests: readonly KernelRequest[], untilNs: number): CountsByCause {
  const counts = new Map<Cause, Record<FlushMetric, number | undefined>>();
  for (const { cause, atNs, pages, ipis } of requests) {
    if (atNs > untilNs) continue;
    const sum = counts.get(cause) ?? { ...NO_COUNTS };
    counts.set(cause, sum);
    sum.requests! += 1;
    sum.ipis = ipis === undefined || sum.ipis === undefined ? undefined : sum.ipis + ipis;
    if (pages === ALL_PAGES) sum.full_flushes! += 1;
    else sum.ranged_flushes! += 1;
  }
  return counts;
}
