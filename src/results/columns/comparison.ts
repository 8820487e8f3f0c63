// Columns of what `compare` prints.

import { ANY_SIGN, type Column, type RowOf } from "./column.ts";
import { CONFIGURATION_COLUMNS, EXPERIMENT_COLUMN, POINT_COLUMN } from "./keys.ts";

/** One row for each point and metric that two runs have in common. */
export const COMPARISON_COLUMNS = [
  EXPERIMENT_COLUMN,
  POINT_COLUMN,
  ...CONFIGURATION_COLUMNS,
  {
    name: "metric",
    type: "string",
    unit: "",
    meaning: "p50, p90, p99, mean, a column, or path:SEGMENT.",
  },
  {
    name: "base",
    type: "number",
    unit: "",
    meaning:
      "In the first run, in the unit of its column; of repetitions the geometric mean. Of a " +
      "segment the mean ns of an operation.",
  },
  { name: "new", type: "number", unit: "", meaning: "In the second run, likewise." },
  { name: "difference", type: "number", unit: "", meaning: "New less base.", least: ANY_SIGN },
  {
    name: "ratio",
    type: "number",
    unit: "",
    meaning:
      "New to base; empty where one of them is 0. Of a segment what its change alone makes of " +
      "the mean latency.",
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
    least: ANY_SIGN,
  },
] as const satisfies readonly Column[];

export type ComparisonRow = RowOf<typeof COMPARISON_COLUMNS>;
