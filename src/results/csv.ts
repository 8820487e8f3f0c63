// Rows as CSV: RFC 4180 (CRLF, quotes doubled), UTF-8, `.` as decimal point, empty for what
// is undefined.

import { stringify } from "csv-stringify/sync";
import type { Cell, Column } from "./columns/column.ts";

/**
 * The text of a CSV file with a header. Strings that a spreadsheet would take for a formula are
 * escaped with an apostrophe. Without `header`: its rows alone.
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
    escape_formulas: true,
    cast: { boolean: (value) => (value ? "true" : "false") },
  });
}
