// Columns of `counts.csv`.

import { ANY_SIGN, type Column, type RowOf } from "./column.ts";
import { EXECUTOR_COLUMN, POINT_COLUMNS, POLICY_COLUMN } from "./keys.ts";

/** One row for each point, repetition, cause and metric of a replay. */
export const COUNTS_COLUMNS = [
  ...POINT_COLUMNS,
  EXECUTOR_COLUMN,
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
    least: ANY_SIGN,
  },
] as const satisfies readonly Column[];

export type CountsRow = RowOf<typeof COUNTS_COLUMNS>;
