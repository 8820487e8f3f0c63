// What came out beside what was published: rows of the table and of the CSV, and when a row counts.

import type { Cell, Column } from "../../src/results/columns/column.ts";
import { isFittedTo } from "./fits.ts";
import { fittedOf } from "./machines.ts";
import type { Effect, Paper, Reproduction } from "./paper.ts";

/** An effect is reproduced within the larger of these: a part of it, and so much of its unit. */
const RELATIVE_TOLERANCE = 0.2;
const ABSOLUTE_TOLERANCE = 1;

export const COLUMNS = [
  { name: "row", type: "integer", unit: "", meaning: "Which published result." },
  { name: "setup", type: "string", unit: "", meaning: "What ran, and from which policy to which." },
  { name: "metric", type: "string", unit: "", meaning: "What changes." },
  { name: "published", type: "number", unit: "unit", meaning: "How much, as the source has it." },
  { name: "reproduced", type: "number", unit: "unit", meaning: "How much in the model." },
  { name: "unit", type: "string", unit: "", meaning: "Of these two and of the error." },
  { name: "error", type: "number", unit: "unit", meaning: "Reproduced less published." },
  { name: "direction_ok", type: "boolean", unit: "", meaning: "Both have the same sign." },
  { name: "fitted", type: "string", unit: "", meaning: "Values of the machine that were fitted." },
  {
    name: "within",
    type: "boolean",
    unit: "",
    meaning: "The error is within 20 % of what was published, or within 1 of its unit.",
  },
  {
    name: "own_fit",
    type: "boolean",
    unit: "",
    meaning: "The machine was fitted to this very effect, which therefore does not count.",
  },
  {
    name: "machine",
    type: "string",
    unit: "",
    meaning: "A shipped profile, or a file in bench/papers/machines.",
  },
  {
    name: "set_from_baseline",
    type: "string",
    unit: "",
    meaning: "Parameters of the workload, and the figure of the baseline that each was set from.",
  },
  {
    name: "note",
    type: "string",
    unit: "",
    meaning: "What is left out or assumed; why it is not.",
  },
  { name: "source", type: "string", unit: "", meaning: "Where it was published." },
] as const satisfies readonly Column[];

export type Row = Record<(typeof COLUMNS)[number]["name"], Cell>;

export function rowOf(paper: Paper, effect: Effect, { value, parameters }: Reproduction): Row {
  const { published } = effect;
  const error = value - published;
  const tolerance = Math.max(RELATIVE_TOLERANCE * Math.abs(published), ABSOLUTE_TOLERANCE);
  return {
    row: paper.row,
    setup: effect.setup,
    metric: effect.metric,
    published: rounded(published),
    reproduced: rounded(value),
    unit: effect.unit,
    error: rounded(error),
    // Where nothing was to change, nothing does within the tolerance.
    direction_ok: published === 0 ? Math.abs(error) <= tolerance : published * value > 0,
    fitted: fittedOf(effect.machine).join("; "),
    within: Math.abs(error) <= tolerance,
    own_fit: isFittedTo(effect),
    machine: effect.machine,
    set_from_baseline: parameters.join("; "),
    note: effect.note,
    source: paper.source,
  };
}

/**
 * A published result counts as reproduced when more than half of its effects are within, of those
 * that its machine was not fitted to.
 */
export function isReproduced(rows: readonly Row[]): boolean {
  return isMost(rows, ({ within }) => within);
}

/** Likewise, its direction is right when that of more than half of its effects is. */
export function isDirectionRight(rows: readonly Row[]): boolean {
  return isMost(rows, ({ direction_ok }) => direction_ok);
}

function isMost(rows: readonly Row[], of: (row: Row) => Cell): boolean {
  const counted = rows.filter(({ own_fit }) => !own_fit);
  return 2 * counted.filter(of).length > counted.length;
}

/**
 * `10 of 14 results reproduced, the direction right in 13; row 19 does not count: its machine was
 * fitted to it`
 */
export function summaryOf(papers: readonly Paper[], rows: readonly Row[]): string {
  const results = papers.map((paper) => rows.filter(({ row }) => row === paper.row));
  const counted = results.filter((effects) => effects.some(({ own_fit }) => !own_fit));
  const uncounted = results
    .filter((effects) => !counted.includes(effects))
    .map(([{ row }]) => `; row ${row} does not count: its machine was fitted to it`);
  return (
    `${counted.filter(isReproduced).length} of ${counted.length} results reproduced, the ` +
    `direction right in ${counted.filter(isDirectionRight).length}${uncounted.join("")}`
  );
}

/** Two decimals. */
function rounded(value: number): number {
  return Math.round(100 * value) / 100;
}
