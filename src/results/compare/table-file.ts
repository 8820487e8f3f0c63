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
  private readonly filled = new Set<number>();

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

  /** The same of a column in which each row has to say something: what is missing is never 0. */
  placeFilled(column: string): number {
    const place = this.place(column);
    this.filled.add(place);
    return place;
  }

  /** Throws a UsageError where one of these columns says nothing in a row. */
  refuseEmpty(row: number, cells: Cells, places: Iterable<number> = this.filled): void {
    for (const place of places) {
      if (cells[place] !== "") continue;
      throw new UsageError(
        `${this.path}: row ${row}, column ${this.names[place]}: it is empty, as if it had not ` +
          "been measured: was the file changed?",
      );
    }
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

/** What a cell must be that was measured, by the type of its column. */
const EXPECTED = {
  integer: { is: (cell: string) => /^-?\d+$/.test(cell), what: "a whole number" },
  number: { is: (cell: string) => Number.isFinite(Number(cell)), what: "a number" },
  boolean: { is: (cell: string) => cell === "true" || cell === "false", what: "true or false" },
} as const;

/** What a cell would have to be and is not; undefined: it is that. */
function faultOf(cell: string, { type, least = 0, words }: Column): string | undefined {
  if (type === "string") {
    return words === undefined || words.includes(cell) ? undefined : `one of ${words.join(", ")}`;
  }
  if (!EXPECTED[type].is(cell)) return EXPECTED[type].what;
  return type !== "boolean" && Number(cell) < least ? `${least} or more` : undefined;
}

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

/** Called with the cells of a row, and with its number, from 2 on: the header is row 1. */
export type Visit = (cells: Cells, row: number) => void;

/**
 * Calls `begin` with the header, and what that returns with each row. `table` says what is to
 * stand in columns that have its names, and which of them tell rows apart.
 * @throws UsageError for what is no table, has cells that cannot be, or has a row twice.
 */
export function readTable(
  path: string,
  text: string,
  { columns, primaryKey }: Pick<Table, "columns" | "primaryKey">,
  begin: (header: Header) => Visit,
): void {
  let header = new Header(path, []);
  let names: Cells = [];
  let known: readonly (Column | undefined)[] = [];
  let keys = new Keys(primaryKey, []);
  let visit: Visit | undefined;
  csvParseRows(withoutByteOrderMark(text), (cells, row) => {
    if (visit === undefined) {
      names = cells;
      known = names.map((of) => columns.find(({ name }) => name === of));
      keys = new Keys(primaryKey, cells);
      header = new Header(path, cells);
      visit = begin(header);
      return undefined; // Keep none.
    }
    if (cells.length !== names.length) {
      throw new UsageError(
        `${path}: row ${row + 1} has ${cells.length} cells, not ${names.length}: was it cut off?`,
      );
    }
    for (let place = 0; place < cells.length; place++) {
      const column = known[place];
      if (column === undefined || cells[place] === "") continue;
      const fault = faultOf(cells[place], column);
      if (fault === undefined) continue;
      const where = `${path}: row ${row + 1}, column ${names[place]}`;
      throw new UsageError(`${where}: "${cells[place]}" is not ${fault}`);
    }
    header.refuseEmpty(row + 1, cells);
    keys.add(path, row + 1, cells);
    visit(cells, row + 1);
    return undefined;
  });
  if (visit === undefined) throw new UsageError(`${path} is empty: it has no header`);
}
