// Standard output: nothing but results, as a table for people or as CSV or JSON for programs.

import Table from "cli-table3";
import picocolors from "picocolors";
import type { Cell, Column } from "../results/columns/column.ts";
import { toCsv } from "../results/csv.ts";

/** Bold on a terminal only: elsewhere, a build server included, tables are read by programs too. */
const { bold } = picocolors.createColors(
  process.stdout.isTTY === true && picocolors.isColorSupported,
);

/** The exit status of what the user asked for and cannot have. */
const CANNOT_WRITE = 2;

export const FORMATS = ["table", "csv", "json"] as const;
export type Format = (typeof FORMATS)[number];

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

/**
 * What is printed unless the user says: a table on a terminal, CSV into a file or another program.
 */
export function defaultFormat(): Format {
  return process.stdout.isTTY ? "table" : "csv";
}

/** Ends the program when nobody can or wants to read on: a full disk, or `| head`. */
export function endWithOutput(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "ENOSPC") {
      process.stderr.write("error: cannot write to standard output: no space left where it goes\n");
      process.exit(CANNOT_WRITE);
    }
    if (error.code !== "EPIPE") throw error;
    process.exit();
  });
}

export function print(text: string): void {
  process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
}

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
