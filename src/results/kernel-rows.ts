// An analyzed trace as rows of critical-path.csv: executor `kernel`, and no policy, since it is
// the kernel's.

import type { TraceAnalysis } from "../workloads/traces/index.ts";
import type { CriticalPathRow } from "./columns/critical-path.ts";
import { rounded } from "./rows.ts";

/** `workload` is `trace:NAME`; `id` identifies the trace. */
export function kernelRows(
  analysis: TraceAnalysis,
  workload: string,
  id: string,
): CriticalPathRow[] {
  return analysis.critical_path.map((row) => ({
    experiment: "analyze",
    point: id,
    repetition: 1,
    executor: "kernel",
    profile: undefined,
    workload,
    policy: undefined,
    when_cores: undefined,
    when_iommu: undefined,
    whom: undefined,
    ack: undefined,
    local: undefined,
    iommu: undefined,
    reuse: undefined,
    extent: undefined,
    cores: undefined,
    responders: undefined,
    idle_cores: undefined,
    other_cores: undefined,
    masked_every_ns: undefined,
    masked_ns: undefined,
    iommus: undefined,
    devices: undefined,
    rate: undefined,
    arrivals: undefined,
    pages: undefined,
    segment: row.segment,
    ns_mean: rounded(row.ns_mean),
    ns_sd: undefined,
    ns_p50: row.ns_p50,
    ns_p99: row.ns_p99,
    share: rounded(row.share),
    slack_ns_mean: rounded(row.slack_ns_mean),
  }));
}
