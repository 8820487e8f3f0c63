// Reads a CSV file of a run: row by row, as the whole of a large one is never needed at once.

import { csvParseRows } from "d3-dsv";
import { UsageError } from "../../engine/errors.ts";
import { unescapeFormula } from "../formulas.ts";

export type Cells = readonly string[];

/** Spreadsheets put it in front of UTF-8. */
const BYTE_ORDER_MARK = /^\ufeff/;

/** Where each column stands. */
export class Header {
  private readonly path: string;
  private readonly names: Cells;

  constructor(path: string, names: Cells) {
    this.path = path;
    this.names = names;
  }

  /** Its place in each row. @throws UsageError where there is no such column. */
  place(column: string): number {
    const place = this.names.indexOf(column);
    if (place < 0) throw new UsageError(`${this.path} has no column "${column}"`);
    return place;
  }

  /** The same; undefined where there is no such column, as in files of before there was one. */
  placeIfAny(column: string): number | undefined {
    const place = this.names.indexOf(column);
    return place < 0 ? undefined : place;
  }

  /** What stands in a row, by column: text as it was before it was written. */
  record(cells: Cells): Record<string, string> {
    return Object.fromEntries(
      this.names.map((name, place) => [name, unescapeFormula(cells[place])]),
    );
  }
}

/**
 * Calls `begin` with the header, and what that returns with each row.
 * @throws UsageError for what is no table.
 */
export function readTable(
  path: string,
  text: string,
  begin: (header: Header) => (cells: Cells) => void,
): void {
  let columns = 0;
  let visit: ((cells: Cells) => void) | undefined;
  csvParseRows(text.replace(BYTE_ORDER_MARK, ""), (cells, row) => {
    if (visit === undefined) {
      columns = cells.length;
      visit = begin(new Header(path, cells));
    } else if (cells.length === columns) {
      visit(cells);
    } else {
      throw new UsageError(
        `${path}: row ${row + 1} has ${cells.length} cells, not ${columns}: was it cut off?`,
      );
    }
    return undefined; // Keep none.
  });
  if (visit === undefined) throw new UsageError(`${path} is empty: it has no header`);
}
