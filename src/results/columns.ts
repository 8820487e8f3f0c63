// Every column of every CSV file: the one place that its header, its data package and its rows
// follow from. An empty cell means "not measured"; a zero was measured.

export interface Column {
  readonly name: string;
  readonly type: "string" | "integer" | "number" | "boolean";
  /** `ns`, `pages`, `1/s` …; empty for names and pure numbers. */
  readonly unit: string;
  readonly meaning: string;
}

export type Cell = string | number | boolean | undefined;
export type RowOf<Columns extends readonly Column[]> = Record<Columns[number]["name"], Cell>;

const EXPERIMENT_COLUMN = {
  name: "experiment",
  type: "string",
  unit: "",
  meaning: "The experiment that asked for it.",
} as const satisfies Column;

const POINT_COLUMN = {
  name: "point",
  type: "string",
  unit: "",
  meaning: "Hash of the configuration: the same in every run of the same configuration.",
} as const satisfies Column;

const REPETITION_COLUMN = {
  name: "repetition",
  type: "integer",
  unit: "",
  meaning: "Which run of the point, from 1.",
} as const satisfies Column;

/** Which run of which point: the first columns of most files. */
const POINT_COLUMNS = [
  EXPERIMENT_COLUMN,
  POINT_COLUMN,
  REPETITION_COLUMN,
] as const satisfies readonly Column[];

const POLICY_COLUMN = {
  name: "policy",
  type: "string",
  unit: "",
  meaning: "The policy, parameters included.",
} as const satisfies Column;

/** What a point is. */
export const CONFIGURATION_COLUMNS = [
  {
    name: "executor",
    type: "string",
    unit: "",
    meaning:
      "Who ran it: threads (this host), virtual (virtual time), kernel (a trace of a real one).",
  },
  { name: "profile", type: "string", unit: "", meaning: "The machine's costs (see profiles)." },
  {
    name: "workload",
    type: "string",
    unit: "",
    meaning: "What ran, and its variant: munmap, mprotect:widen, tlb-bench:MODE, trace:NAME.",
  },
  POLICY_COLUMN,
  {
    name: "when_cores",
    type: "string",
    unit: "",
    meaning:
      "When cores are told: at each unmap, per batch(pages), per queue(entries,timeout), at " +
      "their own tick(states,period), or before a frame's reuse.",
  },
  { name: "when_iommu", type: "string", unit: "", meaning: "When IOTLBs are flushed: as above." },
  { name: "whom", type: "string", unit: "", meaning: "Which cores are told, and how." },
  {
    name: "ack",
    type: "string",
    unit: "",
    meaning: "When a core acknowledges: none, early (handler entry) or late (after its flush).",
  },
  {
    name: "local",
    type: "string",
    unit: "",
    meaning: "The initiator's own flush: serial (before the IPIs) or concurrent with them.",
  },
  {
    name: "iommu",
    type: "string",
    unit: "",
    meaning: "How an IOTLB is flushed: interface/scope/order, and how many flushes share one wait.",
  },
  {
    name: "reuse",
    type: "string",
    unit: "",
    meaning: "When frames, addresses and page-table pages may be handed out again.",
  },
  {
    name: "extent",
    type: "string",
    unit: "",
    meaning: "When cores flush everything instead of pages: full (always) or full-above(pages).",
  },
  { name: "cores", type: "integer", unit: "cores", meaning: "Cores of the machine." },
  {
    name: "responders",
    type: "integer",
    unit: "cores",
    meaning: "Cores other than the initiator with the address space loaded at the start.",
  },
  {
    name: "idle_cores",
    type: "integer",
    unit: "cores",
    meaning: "Of the responders, those that are asleep all the while.",
  },
  {
    name: "other_cores",
    type: "integer",
    unit: "cores",
    meaning: "Cores that run another process: no responders.",
  },
  {
    name: "masked_every_ns",
    type: "integer",
    unit: "ns",
    meaning: "User time of a responder from one time with interrupts off to the next.",
  },
  {
    name: "masked_ns",
    type: "integer",
    unit: "ns",
    meaning: "How long a responder then has interrupts off; 0 where it never has.",
  },
  { name: "iommus", type: "integer", unit: "IOMMUs", meaning: "IOMMUs that have it attached." },
  { name: "devices", type: "integer", unit: "devices", meaning: "Devices that do DMA." },
  {
    name: "rate",
    type: "number",
    unit: "1/s",
    meaning:
      "Operations a second that were due, of all initiators; empty: each came when the one " +
      "before was done.",
  },
  {
    name: "pages",
    type: "integer",
    unit: "pages",
    meaning: "Pages that one operation takes away; empty where that varies or there are none.",
  },
] as const satisfies readonly Column[];

const KEY_COLUMNS = [...POINT_COLUMNS, ...CONFIGURATION_COLUMNS] as const;

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
  },
] as const satisfies readonly Column[];

/** One row for each policy of a stress run. */
export const STRESS_COLUMNS = [
  { name: "policy", type: "string", unit: "", meaning: "The policy, parameters included." },
  { name: "executor", type: "string", unit: "", meaning: "Who ran it: threads or virtual." },
  { name: "seed", type: "integer", unit: "", meaning: "Seed of the whole run." },
  {
    name: "ops",
    type: "integer",
    unit: "operations",
    meaning: "Changes of the address space and accesses, of all cores.",
  },
  {
    name: "ops_per_s",
    type: "number",
    unit: "1/s",
    meaning: "Operations of all cores in a second of modelled time.",
  },
  { name: "shootdowns", type: "integer", unit: "shootdowns", meaning: "Shootdowns of all cores." },
  {
    name: "faults",
    type: "integer",
    unit: "faults",
    meaning: "Faults that were injected, and workers that were ended by force.",
  },
  {
    name: "late_accesses",
    type: "integer",
    unit: "accesses",
    meaning: "Accesses through a translation whose end had been promised.",
  },
  {
    name: "stale_uses",
    type: "integer",
    unit: "accesses",
    meaning: "Late accesses that reached a frame with a new owner.",
  },
  {
    name: "verdict",
    type: "string",
    unit: "",
    meaning: "The worst of its rounds: safe, exposed or unsafe.",
  },
] as const satisfies readonly Column[];

/** One row for each point, repetition and segment that occurred. */
export const CRITICAL_PATH_COLUMNS = [
  ...KEY_COLUMNS,
  { name: "segment", type: "string", unit: "", meaning: "The segment; they sum to the latency." },
  {
    name: "ns_mean",
    type: "number",
    unit: "ns",
    meaning: "Its mean share of an operation's critical path; operations without it count as 0.",
  },
  {
    name: "ns_p50",
    type: "integer",
    unit: "ns",
    meaning: "Median over the operations, those without it counting as 0.",
  },
  { name: "ns_p99", type: "integer", unit: "ns", meaning: "99th percentile, likewise." },
  { name: "share", type: "number", unit: "", meaning: "Its part of the mean latency, 0 to 1." },
  {
    name: "slack_ns_mean",
    type: "number",
    unit: "ns",
    meaning: "How much later it could have ended without delaying the initiator, on average.",
  },
] as const satisfies readonly Column[];

/** One row for each point, repetition and latency that occurred, to the width of a bucket. */
export const DISTRIBUTION_COLUMNS = [
  POINT_COLUMN,
  REPETITION_COLUMN,
  {
    name: "latency_ns",
    type: "integer",
    unit: "ns",
    meaning: "The latency: exact below 2048 ns; above, the least of a bucket 1/1024 of it wide.",
  },
  { name: "count", type: "integer", unit: "operations", meaning: "Operations that took it." },
] as const satisfies readonly Column[];

/** One row for each series of points that differ in one size, and each model. */
export const FIT_COLUMNS = [
  EXPERIMENT_COLUMN,
  ...CONFIGURATION_COLUMNS,
  {
    name: "dilation",
    type: "number",
    unit: "",
    meaning: "Nanoseconds of the host that one modelled nanosecond lasted.",
  },
  {
    name: "over",
    type: "string",
    unit: "",
    meaning: "In what the points differ: cores or pages; n below.",
  },
  {
    name: "model",
    type: "string",
    unit: "",
    meaning: "linear: a + b n; usl: a + b (n-1) + c n (n-1); amortized: of one page, a + b / n.",
  },
  { name: "sizes", type: "integer", unit: "", meaning: "How many different n there were." },
  ...coefficientColumns("a", "What does not depend on n."),
  ...coefficientColumns(
    "b",
    "linear, usl: what each core adds; amortized: paid once for all pages.",
  ),
  ...coefficientColumns("c", "usl: what each pair of cores adds."),
  {
    name: "residual_rms",
    type: "number",
    unit: "",
    meaning: "Root of the mean square of the relative residuals.",
  },
  {
    name: "residual_max",
    type: "number",
    unit: "",
    meaning: "The largest relative residual.",
  },
  {
    name: "knee",
    type: "number",
    unit: "",
    meaning:
      "The n where the curve turns. linear: from there b n is the larger part; usl: more " +
      "cores get less done in all; amortized: a is the larger part.",
  },
  {
    name: "break_even",
    type: "number",
    unit: "",
    meaning: "The n from which on this policy costs less than break_even_with; empty: never.",
  },
  { name: "break_even_with", type: "string", unit: "", meaning: "The policy it is compared with." },
] as const satisfies readonly Column[];

/** One row for each operation. */
export const SAMPLE_COLUMNS = [
  POINT_COLUMN,
  REPETITION_COLUMN,
  { name: "sample", type: "integer", unit: "", meaning: "Which operation, from 1, as they began." },
  {
    name: "start_ns",
    type: "integer",
    unit: "ns",
    meaning: "When it began, in modelled time from the start of the first run.",
  },
  { name: "latency_ns", type: "integer", unit: "ns", meaning: "How long it took." },
  {
    name: "gc",
    type: "boolean",
    unit: "",
    meaning: "Whether a worker collected garbage meanwhile; empty in virtual time.",
  },
] as const satisfies readonly Column[];

/** One row for each point, repetition, cause and metric of a replay. */
export const COUNTS_COLUMNS = [
  ...POINT_COLUMNS,
  POLICY_COLUMN,
  {
    name: "cause",
    type: "string",
    unit: "",
    meaning:
      "The system call, or page_fault; other: outside of any operation, or not to be seen in the " +
      "trace; all: their sum.",
  },
  {
    name: "metric",
    type: "string",
    unit: "",
    meaning:
      "requests (flushes while other cores counted as having the space), ipis (really sent), " +
      "full_flushes and ranged_flushes (of the requests).",
  },
  { name: "kernel", type: "integer", unit: "", meaning: "By the kernel that was recorded." },
  { name: "replayed", type: "integer", unit: "", meaning: "By the policy, in the replay." },
  {
    name: "error",
    type: "number",
    unit: "",
    meaning: "Replayed less kernel, as a part of kernel; empty where that is 0 or unknown.",
  },
] as const satisfies readonly Column[];

/** One row for each point and metric that two runs have in common. */
export const COMPARISON_COLUMNS = [
  EXPERIMENT_COLUMN,
  POINT_COLUMN,
  ...CONFIGURATION_COLUMNS,
  { name: "metric", type: "string", unit: "", meaning: "p50, p90, p99, mean, or a column." },
  {
    name: "base",
    type: "number",
    unit: "",
    meaning: "In the first run, in the unit of its column; of repetitions the geometric mean.",
  },
  { name: "new", type: "number", unit: "", meaning: "In the second run, likewise." },
  { name: "difference", type: "number", unit: "", meaning: "New less base." },
  {
    name: "ratio",
    type: "number",
    unit: "",
    meaning: "New to base; empty where one of them is 0.",
  },
  { name: "low", type: "number", unit: "", meaning: "Lower end of the ratio's 95 % interval." },
  { name: "high", type: "number", unit: "", meaning: "Upper end of the ratio's 95 % interval." },
  {
    name: "p",
    type: "number",
    unit: "",
    meaning: "How likely such a difference is without a change; of p50, by Mann-Whitney.",
  },
  {
    name: "q",
    type: "number",
    unit: "",
    meaning:
      "The least false discovery rate at which this is a change beyond noise, among all rows.",
  },
  {
    name: "superiority",
    type: "number",
    unit: "",
    meaning: "Of p50: how often an operation of the second run takes longer than one of the first.",
  },
  {
    name: "verdict",
    type: "string",
    unit: "",
    meaning:
      "worse, better, same (larger changes than 5 % or the noise are excluded), inconclusive.",
  },
  {
    name: "reason",
    type: "string",
    unit: "",
    meaning: "Why it is inconclusive: samples, chance, repetitions, noise, late, oversubscribed.",
  },
  {
    name: "segment",
    type: "string",
    unit: "",
    meaning: "Of a latency that changed: the segment that changed most with it.",
  },
  {
    name: "segment_ns",
    type: "number",
    unit: "ns",
    meaning: "By how much that segment changed: its median for p50, otherwise its mean.",
  },
] as const satisfies readonly Column[];

export type StressRow = RowOf<typeof STRESS_COLUMNS>;
export type KeyRow = RowOf<typeof KEY_COLUMNS>;
export type SummaryRow = RowOf<typeof SUMMARY_COLUMNS>;
export type DistributionRow = RowOf<typeof DISTRIBUTION_COLUMNS>;
export type FitRow = RowOf<typeof FIT_COLUMNS>;
export type SampleRow = RowOf<typeof SAMPLE_COLUMNS>;
export type ComparisonRow = RowOf<typeof COMPARISON_COLUMNS>;
export type CountsRow = RowOf<typeof COUNTS_COLUMNS>;
export type CriticalPathRow = RowOf<typeof CRITICAL_PATH_COLUMNS>;

function latencyColumn<Suffix extends string>(suffix: Suffix, meaning: string) {
  return { name: `latency_ns_${suffix}`, type: "integer", unit: "ns", meaning } as const;
}

/** A coefficient of a fit, and its interval. */
function coefficientColumns<Name extends string>(name: Name, meaning: string) {
  const column = <Suffix extends string>(suffix: Suffix, what: string) => {
    return { name: `${name}_ns${suffix}`, type: "number", unit: "ns", meaning: what } as const;
  };
  return [
    column("", meaning),
    column("_low", "Lower end of its 95 % interval."),
    column("_high", "Upper end of its 95 % interval."),
  ] as const;
}
