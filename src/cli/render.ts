// Results as text: as a table for people, or as CSV or JSON for programs.

import Table from "cli-table3";
import picocolors from "picocolors";
import type { Cell, Column } from "../results/columns/column.ts";
import { toCsv } from "../results/csv.ts";
import type { Format } from "./output.ts";

/** Bold on a terminal only: elsewhere, a build server included, tables are read by programs too. */
const { bold } = picocolors.createColors(
  process.stdout.isTTY === true && picocolors.isColorSupported,
);

/** A column of a table for people. */
export interface Heading {
  readonly title: string;
  /** Numbers stand on the right. */
  readonly align: "left" | "right";
}

const COLUMN_GAP = 3;
const NO_BORDERS = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "",
} as const;

/** Aligned columns without borders. */
export function renderTable(
  headings: readonly Heading[],
  rows: readonly (readonly string[])[],
): string {
  const table = new Table({
    chars: NO_BORDERS,
    head: headings.map(({ title }) => bold(title)),
    colAligns: headings.map(({ align }) => align),
    style: { head: [], border: [], "padding-left": 0, "padding-right": COLUMN_GAP, compact: true },
  });
  table.push(...rows.map((row) => [...row]));
  return table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

/** Rows as CSV or as a JSON array of objects; what was not measured is empty, and null. */
export function renderRows<Name extends string>(
  columns: readonly (Column & { readonly name: Name })[],
  rows: readonly Readonly<Record<Name, Cell>>[],
  format: Exclude<Format, "table">,
): string {
  if (format === "csv") return toCsv(columns, rows);
  const objects = rows.map((row) => {
    return Object.fromEntries(columns.map(({ name }) => [name, row[name] ?? null]));
  });
  return JSON.stringify(objects, null, 2);
}

/** A list of named things, all text; the first column is the name. */
export function renderList<Name extends string>(
  names: readonly Name[],
  rows: readonly Readonly<Record<Name, string>>[],
  format: Format,
): string {
  if (format === "table") {
    return renderTable(
      names.map((title) => ({ title, align: "left" })),
      rows.map((row) => names.map((name) => row[name])),
    );
  }
  const columns = names.map((name) => ({ name, type: "string", unit: "", meaning: "" }) as const);
  return renderRows(columns, rows, format);
}
