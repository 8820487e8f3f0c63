// What is compared of a point, and which way is better.

import { SEGMENT_NAMES } from "../../engine/probe/segments.ts";
import type { SummaryRow } from "../columns/summary.ts";

/** How it is known by how much a metric varies from run to run of the same program. */
export type Spread =
  /** From the whole distribution of latencies. */
  | { readonly from: "quantile"; readonly fraction: number }
  | { readonly from: "mean" }
  /** It counts events, of each operation or of the whole run, that policies cause and not time. */
  | { readonly from: "events"; readonly per: "operation" | "run" }
  /** From three repetitions or more. */
  | { readonly from: "repetitions" };

export interface Metric {
  /** As `--gate` and the rows of a comparison name it. */
  readonly name: string;
  readonly column: keyof SummaryRow;
  readonly unit: "ns" | "";
  readonly moreIs: "worse" | "better";
  readonly spread: Spread;
}

export const METRICS: readonly Metric[] = [
  latency("p50", { from: "quantile", fraction: 0.5 }),
  latency("p90", { from: "quantile", fraction: 0.9 }),
  latency("p99", { from: "quantile", fraction: 0.99 }),
  latency("mean", { from: "mean" }),
  { ...plain("ops_per_s"), moreIs: "better" },
  events("ipis_per_op"),
  events("broadcasts_per_op"),
  events("iotlb_invalidations_per_op"),
  events("iommu_waits_per_op"),
  events("full_flushes_per_op"),
  plain("tlb_misses_per_op"), // Programs go on while the host delays a core: not only policies.
  { ...plain("responder_ns_per_op"), unit: "ns" },
  { ...plain("background_ns_per_op"), unit: "ns" },
  plain("held_pages_max"),
  plain("held_page_us_per_op"),
  { ...plain("exposure_ns_p50"), unit: "ns" },
  { ...plain("exposure_ns_max"), unit: "ns" },
  events("late_accesses", "run"),
  events("stale_uses", "run"),
  events("stale_uses_same_owner", "run"),
];

/** In front of a segment of the critical path, where it stands beside metrics. */
const SEGMENT = "path:";

/** A segment of the critical path: noise treats it as the mean latency, which it is a part of. */
export function segmentMetric(segment: string): Metric {
  return { ...latency("mean", { from: "mean" }), name: `${SEGMENT}${segment}` };
}

export function isSegmentName(name: string): boolean {
  return name.startsWith(SEGMENT);
}

/** All that a gate can name: metrics first. */
export const GATE_NAMES: readonly string[] = [...METRICS, ...SEGMENT_NAMES.map(segmentMetric)].map(
  ({ name }) => name,
);

function latency(name: "p50" | "p90" | "p99" | "mean", spread: Spread): Metric {
  return { name, column: `latency_ns_${name}`, unit: "ns", moreIs: "worse", spread };
}

function events(column: keyof SummaryRow, per: "operation" | "run" = "operation"): Metric {
  return { ...plain(column), spread: { from: "events", per } };
}

function plain(column: keyof SummaryRow): Metric {
  return { name: column, column, unit: "", moreIs: "worse", spread: { from: "repetitions" } };
}
