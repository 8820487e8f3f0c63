// Columns of `distributions.csv` and `samples.csv.gz`.

import type { Column, RowOf } from "./column.ts";
import { POINT_COLUMN, REPETITION_COLUMN } from "./keys.ts";

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

export type DistributionRow = RowOf<typeof DISTRIBUTION_COLUMNS>;
export type SampleRow = RowOf<typeof SAMPLE_COLUMNS>;
