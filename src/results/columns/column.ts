// What a column of a CSV file is: its header, its data package and its rows follow from it. An
// empty cell means "not measured"; a zero was measured.

export interface Column {
  readonly name: string;
  readonly type: "string" | "integer" | "number" | "boolean";
  /** `ns`, `pages`, `1/s` …; empty for names and pure numbers. */
  readonly unit: string;
  readonly meaning: string;
  /** Of a number the least that it can be, if that is not 0. */
  readonly least?: number;
  /** Of a text all that it can be; undefined: anything. */
  readonly words?: readonly string[];
}

/** `least` of differences and of what a fit makes of them. */
export const ANY_SIGN = Number.NEGATIVE_INFINITY;

export type Cell = string | number | boolean | undefined;
export type RowOf<Columns extends readonly Column[]> = Record<Columns[number]["name"], Cell>;
