// Rows as CSV: RFC 4180 (CRLF, quotes doubled), UTF-8, `.` as decimal point, empty for what
// is undefined.

import { stringify } from "csv-stringify/sync";
import type { Cell, Column } from "./columns/column.ts";
import { escapeFormula } from "./formulas.ts";

/** Some readers end a row there, too. */
const LINE_BREAK = /[\r\n]/;

/**
 * The text of a CSV file with a header. A number that is none is empty: it was not measured.
 * Without `header`: its rows alone.
 */
export function toCsv<Name extends string>(
  columns: readonly (Column & { readonly name: Name })[],
  rows: readonly Readonly<Record<Name, Cell>>[],
  header = true,
): string {
  return stringify(rows as Readonly<Record<Name, Cell>>[], {
    header,
    columns: columns.map(({ name }) => name),
    record_delimiter: "windows",
    quoted_match: LINE_BREAK,
    cast: {
      string: escapeFormula,
      number: (value) => (Number.isFinite(value) ? `${value}` : ""),
      boolean: (value) => (value ? "true" : "false"),
    },
  });
}
