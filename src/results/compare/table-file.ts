// Reads a CSV file of a run: its cells by column.

import { csvParseRows } from "d3-dsv";
import { UsageError } from "../../engine/errors.ts";

/** Spreadsheets put it in front of UTF-8. */
const BYTE_ORDER_MARK = /^\ufeff/;

export class TableFile {
  /** Rows of cells, in the order of the columns. */
  readonly rows: readonly (readonly string[])[];
  private readonly path: string;
  private readonly places: ReadonlyMap<string, number>;

  /** @throws UsageError for what is no such table. */
  constructor(path: string, text: string) {
    this.path = path;
    const [header = [], ...rows] = csvParseRows(text.replace(BYTE_ORDER_MARK, ""));
    this.places = new Map(header.map((name, place) => [name, place]));
    const ragged = rows.findIndex((cells) => cells.length !== header.length);
    if (ragged >= 0) {
      throw new UsageError(
        `${path}: row ${ragged + 2} has ${rows[ragged].length} cells, not ${header.length}: ` +
          "was it cut off?",
      );
    }
    this.rows = rows;
  }

  /** Where a column stands in each row. @throws UsageError where the file has no such column. */
  place(column: string): number {
    const place = this.places.get(column);
    if (place === undefined) throw new UsageError(`${this.path} has no column "${column}"`);
    return place;
  }

  /** What stands in a row, by column. */
  record(row: readonly string[]): Record<string, string> {
    return Object.fromEntries([...this.places].map(([name, place]) => [name, row[place]]));
  }
}
