// Columns of `calibration.csv` and `validation.csv`.

import { ANY_SIGN, type Column, type RowOf } from "./column.ts";

/** One row for each cell of a calibration. */
export const CALIBRATION_COLUMNS = [
  {
    name: "cell",
    type: "string",
    unit: "",
    meaning: "Its name: state-peers/pages/calls, such as spinning-1/34/one-call.",
  },
  {
    name: "peers",
    type: "integer",
    unit: "threads",
    meaning: "Other threads that share the address space, each on a CPU of its own.",
  },
  { name: "state", type: "string", unit: "", meaning: "What they do: none, asleep or spinning." },
  { name: "pages", type: "integer", unit: "pages", meaning: "Pages that a sample takes away." },
  {
    name: "calls",
    type: "integer",
    unit: "calls",
    meaning: "In how many calls: 1, or one a page.",
  },
  { name: "samples", type: "integer", unit: "samples", meaning: "Samples that count." },
  {
    name: "dropped",
    type: "integer",
    unit: "samples",
    meaning: "Samples that do not, as the initiator or a peer was not running.",
  },
  calibrationColumn("min", "Shortest sample: all its calls, on this host's clock."),
  calibrationColumn("p50", "Median sample."),
  calibrationColumn("p90", "90th percentile of the samples."),
  calibrationColumn("p99", "99th percentile of the samples."),
  {
    name: "excess_ns",
    type: "integer",
    unit: "ns",
    meaning: "Over the cell without a peer: median of the rounds' differences; there empty.",
    least: ANY_SIGN,
  },
  calibrationColumn("p50_low", "Lower end of the median's 95 % bootstrap interval."),
  calibrationColumn("p50_high", "Upper end of the median's 95 % bootstrap interval."),
  {
    name: "excess_ns_low",
    type: "integer",
    unit: "ns",
    meaning: "Lower end of the excess's 95 % bootstrap interval.",
    least: ANY_SIGN,
  },
  {
    name: "excess_ns_high",
    type: "integer",
    unit: "ns",
    meaning: "Upper end of the excess's 95 % bootstrap interval.",
    least: ANY_SIGN,
  },
] as const satisfies readonly Column[];

/** Rows of `validation.csv` that say what one page more makes of a call: no times of their own. */
export const STEP_PREFIX = "step-34/";

/** One row for each cell with peers, step, or segment of a trace. */
export const VALIDATION_COLUMNS = [
  {
    name: "cell",
    type: "string",
    unit: "",
    meaning:
      "A cell, as in calibration.csv, for its excess over no peer; step-34/STATE: what a call " +
      "takes more with 34 pages than with 33; of a trace segment/NAME or total/telling.",
  },
  {
    name: "fitted",
    type: "boolean",
    unit: "",
    meaning: "The profile was fitted to it, so that it says nothing of how good predictions are.",
  },
  {
    name: "predicted_ns",
    type: "integer",
    unit: "ns",
    meaning: "By the executor in virtual time.",
    least: ANY_SIGN,
  },
  {
    name: "null_ns",
    type: "integer",
    unit: "ns",
    meaning: "By the straight line base + a·pages + b·sends; empty where it says nothing.",
    least: ANY_SIGN,
  },
  {
    name: "measured_ns",
    type: "integer",
    unit: "ns",
    meaning: "What was measured: a median.",
    least: ANY_SIGN,
  },
  {
    name: "error",
    type: "number",
    unit: "",
    meaning:
      "Predicted less measured, as a part of measured; where peers sleep, of what one that spins " +
      "adds.",
    least: ANY_SIGN,
  },
  {
    name: "null_error",
    type: "number",
    unit: "",
    meaning: "The same of the straight line.",
    least: ANY_SIGN,
  },
] as const satisfies readonly Column[];

export type ValidationRow = RowOf<typeof VALIDATION_COLUMNS>;
export type CalibrationRow = RowOf<typeof CALIBRATION_COLUMNS>;

function calibrationColumn<Suffix extends string>(suffix: Suffix, meaning: string) {
  return { name: `ns_${suffix}`, type: "integer", unit: "ns", meaning } as const;
}
