// Columns of `summary.csv`.

import { VERDICTS } from "../../engine/check/sums.ts";
import type { Column, RowOf } from "./column.ts";
import { KEY_COLUMNS } from "./keys.ts";

/** One row for each point and repetition. */
export const SUMMARY_COLUMNS = [
  ...KEY_COLUMNS,
  {
    name: "ops",
    type: "integer",
    unit: "operations",
    meaning: "Operations that were measured, of all initiators.",
  },
  {
    name: "warmup_ops",
    type: "integer",
    unit: "operations",
    meaning: "Operations before them, of all initiators, until latencies had settled.",
  },
  {
    name: "rounds",
    type: "integer",
    unit: "runs",
    meaning: "Runs of the point in this repetition: their operations count as one sample.",
  },
  { name: "seed", type: "integer", unit: "", meaning: "Seed of this repetition's first run." },
  {
    name: "jitter",
    type: "integer",
    unit: "",
    meaning: "Seed of what perturbs the order of steps in virtual time; empty: nothing does.",
  },
  {
    name: "dilation",
    type: "number",
    unit: "",
    meaning: "Nanoseconds of the host that one modelled nanosecond lasted.",
  },
  { name: "host_cpus", type: "integer", unit: "CPUs", meaning: "CPUs this process could use." },
  {
    name: "oversubscribed",
    type: "boolean",
    unit: "",
    meaning: "More actors than CPUs at dilation 1: times are not comparable.",
  },
  latencyColumn("min", "Shortest operation, as its initiator sees it."),
  latencyColumn("p50", "Median operation."),
  latencyColumn("p90", "90th percentile of the operations."),
  latencyColumn("p99", "99th percentile of the operations."),
  latencyColumn("p999", "99.9th percentile of the operations."),
  latencyColumn("max", "Longest operation."),
  { ...latencyColumn("mean", "Mean of the operations."), type: "number" },
  latencyColumn("p50_low", "Lower end of the median's 95 % bootstrap interval."),
  latencyColumn("p50_high", "Upper end of the median's 95 % bootstrap interval."),
  latencyColumn("p99_low", "Lower end of the 99th percentile's 95 % bootstrap interval."),
  latencyColumn("p99_high", "Upper end of the 99th percentile's 95 % bootstrap interval."),
  {
    name: "outliers",
    type: "integer",
    unit: "operations",
    meaning: "Operations that took more than the upper quartile and 3 interquartile ranges.",
  },
  {
    name: "late_ns_p50",
    type: "integer",
    unit: "ns",
    meaning: "What the host added to the median operation.",
  },
  {
    name: "late_ns_p99",
    type: "integer",
    unit: "ns",
    meaning: "What the host added: 99th percentile.",
  },
  {
    name: "ops_per_s",
    type: "number",
    unit: "1/s",
    meaning: "Operations of all initiators in a second of modelled time.",
  },
  { name: "ipis_per_op", type: "number", unit: "IPIs", meaning: "IPIs sent, per operation." },
  {
    name: "broadcasts_per_op",
    type: "number",
    unit: "broadcasts",
    meaning: "Broadcast invalidations (TLBI and DSB, INVLPGB and TLBSYNC), per operation.",
  },
  {
    name: "iotlb_invalidations_per_op",
    type: "number",
    unit: "invalidations",
    meaning: "IOTLB invalidations submitted, per operation.",
  },
  {
    name: "iommu_waits_per_op",
    type: "number",
    unit: "waits",
    meaning: "Waits for an IOMMU, per operation.",
  },
  {
    name: "full_flushes_per_op",
    type: "number",
    unit: "flushes",
    meaning: "Full TLB flushes on any core, per operation.",
  },
  {
    name: "tlb_misses_per_op",
    type: "number",
    unit: "misses",
    meaning: "TLB misses on any core, per operation.",
  },
  {
    name: "responder_ns_per_op",
    type: "number",
    unit: "ns",
    meaning: "Time taken from other cores to answer, per operation.",
  },
  {
    name: "background_ns_per_op",
    type: "number",
    unit: "ns",
    meaning: "Flushing and freeing that the policy moved out of the latency, per operation.",
  },
  {
    name: "held_pages_max",
    type: "integer",
    unit: "pages",
    meaning: "Most pages that were unmapped and not yet reusable at any one time.",
  },
  {
    name: "held_page_us_per_op",
    type: "number",
    unit: "page·us",
    meaning: "Pages that waited to be reusable times how long they waited, per operation.",
  },
  {
    name: "exposure_ns_p50",
    type: "integer",
    unit: "ns",
    meaning:
      "How long an old translation could be used after the return: median of those that could.",
  },
  {
    name: "exposure_ns_max",
    type: "integer",
    unit: "ns",
    meaning: "How long an old translation could be used after the return: longest.",
  },
  {
    name: "late_accesses",
    type: "integer",
    unit: "accesses",
    meaning: "Accesses through a translation whose end had been promised, of all actors.",
  },
  {
    name: "stale_uses",
    type: "integer",
    unit: "accesses",
    meaning: "Accesses that reached a frame which had been handed to another process since.",
  },
  {
    name: "stale_uses_same_owner",
    type: "integer",
    unit: "accesses",
    meaning: "Accesses that reached a frame which the same process had again.",
  },
  {
    name: "floor_ns",
    type: "number",
    unit: "ns",
    meaning: "This host's round trip between two threads, measured in this run.",
  },
  {
    name: "verdict",
    type: "string",
    unit: "",
    meaning: "safe, exposed or unsafe; empty where the checker was off.",
    words: VERDICTS,
  },
] as const satisfies readonly Column[];

export type SummaryRow = RowOf<typeof SUMMARY_COLUMNS>;

function latencyColumn<Suffix extends string>(suffix: Suffix, meaning: string) {
  return { name: `latency_ns_${suffix}`, type: "integer", unit: "ns", meaning } as const;
}
