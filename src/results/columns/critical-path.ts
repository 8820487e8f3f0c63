// Columns of `critical-path.csv`.

import { SEGMENT_NAMES } from "../../engine/probe/segments.ts";
import { KERNEL_SEGMENTS } from "../../workloads/traces/index.ts";
import type { Column, RowOf } from "./column.ts";
import { KEY_COLUMNS } from "./keys.ts";

/** One row for each point, repetition and segment that occurred. */
export const CRITICAL_PATH_COLUMNS = [
  ...KEY_COLUMNS,
  {
    name: "segment",
    type: "string",
    unit: "",
    meaning: "The segment; they sum to the latency.",
    words: [...new Set<string>([...SEGMENT_NAMES, ...KERNEL_SEGMENTS])],
  },
  {
    name: "ns_mean",
    type: "number",
    unit: "ns",
    meaning: "Its mean share of an operation's critical path; operations without it count as 0.",
  },
  {
    name: "ns_sd",
    type: "number",
    unit: "ns",
    meaning: "Standard deviation over the operations, those without it counting as 0.",
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

export type CriticalPathRow = RowOf<typeof CRITICAL_PATH_COLUMNS>;
