// Reads a CSV file of a run: its cells by column.

import { inferSchema, initParser } from "udsv";
import { UsageError } from "../../engine/errors.ts";

export class TableFile {
  /** Rows of cells, in the order of the columns. */
  readonly rows: readonly (readonly string[])[];
  private readonly path: string;
  private readonly places: ReadonlyMap<string, number>;

  /** @throws UsageError for what is no such table. */
  constructor(path: string, text: string) {
    this.path = path;
    const end = text.indexOf("\n");
    if (end < 0) throw new UsageError(`${path} is no CSV file: it has no header line`);
    const row = text[end - 1] === "\r" ? "\r\n" : "\n";
    const schema = inferSchema(text, { col: ",", row, encl: '"' });
    this.places = new Map(schema.cols.map(({ name }, place) => [name, place]));
    const rows: string[][] = initParser(schema).stringArrs(text);
    const ragged = rows.findIndex((cells) => cells.length !== schema.cols.length);
    if (ragged >= 0) {
      throw new UsageError(
        `${path}: row ${ragged + 2} has ${rows[ragged].length} cells, not ${schema.cols.length}: ` +
          "was it cut off?",
      );
    }
    this.rows = rows;
  }

  /** Where a column stands in each row; undefined where the file has none. */
  find(column: string): number | undefined {
    return this.places.get(column);
  }

  /** @throws UsageError where the file has no such column. */
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
