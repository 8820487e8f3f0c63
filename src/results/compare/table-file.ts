// Reads a CSV file of a run: row by row, as the whole of a large one is never needed at once; of
// each only what tells it apart is kept.

import { csvParseRows } from "d3-dsv";
import { UsageError } from "../../engine/errors.ts";
import { withoutByteOrderMark } from "../byte-order-mark.ts";
import type { Column } from "../columns/column.ts";
import type { Table } from "../datapackage.ts";
import { unescapeFormula } from "../formulas.ts";

export type Cells = readonly string[];

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

/** What a cell must be that was measured, by the type of its column; texts are what they are. */
const EXPECTED = {
  integer: { is: (cell: string) => /^-?\d+$/.test(cell), what: "a whole number" },
  number: { is: (cell: string) => Number.isFinite(Number(cell)), what: "a number" },
  boolean: { is: (cell: string) => cell === "true" || cell === "false", what: "true or false" },
} as const;

/** In no cell of ours. */
const BETWEEN = "\0";

/** Rows by what tells them apart, to refuse those that are there twice. */
class Keys {
  private readonly names: Cells;
  private readonly places: readonly number[];
  private readonly rows = new Map<string, number>();

  /** Of a file without one of the key's columns nothing is refused. */
  constructor(key: Cells, header: Cells) {
    const isWhole = key.length > 0 && key.every((name) => header.includes(name));
    this.names = isWhole ? key : [];
    this.places = this.names.map((name) => header.indexOf(name));
  }

  add(path: string, row: number, cells: Cells): void {
    if (this.names.length === 0) return;
    const values = this.places.map((place) => cells[place]);
    const key = values.join(BETWEEN);
    const first = this.rows.get(key);
    if (first === undefined) {
      this.rows.set(key, row);
      return;
    }
    const which = this.names.map((name, i) => `${name} ${values[i]}`).join(", ");
    throw new UsageError(`${path}: row ${row} has what row ${first} has already: ${which}`);
  }
}

/**
 * Calls `begin` with the header, and what that returns with each row. `table` says what is to
 * stand in columns that have its names, and which of them tell rows apart.
 * @throws UsageError for what is no table, has cells of another type, or has a row twice.
 */
export function readTable(
  path: string,
  text: string,
  { columns, primaryKey }: Pick<Table, "columns" | "primaryKey">,
  begin: (header: Header) => (cells: Cells) => void,
): void {
  let names: Cells = [];
  let types: readonly Column["type"][] = [];
  let keys = new Keys(primaryKey, []);
  let visit: ((cells: Cells) => void) | undefined;
  csvParseRows(withoutByteOrderMark(text), (cells, row) => {
    if (visit === undefined) {
      names = cells;
      types = names.map((of) => columns.find(({ name }) => name === of)?.type ?? "string");
      keys = new Keys(primaryKey, cells);
      visit = begin(new Header(path, cells));
      return undefined; // Keep none.
    }
    if (cells.length !== names.length) {
      throw new UsageError(
        `${path}: row ${row + 1} has ${cells.length} cells, not ${names.length}: was it cut off?`,
      );
    }
    for (let place = 0; place < cells.length; place++) {
      const type = types[place];
      if (type === "string" || cells[place] === "") continue;
      const expected = EXPECTED[type];
      if (expected.is(cells[place])) continue;
      const where = `${path}: row ${row + 1}, column ${names[place]}`;
      throw new UsageError(`${where}: "${cells[place]}" is not ${expected.what}`);
    }
    keys.add(path, row + 1, cells);
    visit(cells);
    return undefined;
  });
  if (visit === undefined) throw new UsageError(`${path} is empty: it has no header`);
}
