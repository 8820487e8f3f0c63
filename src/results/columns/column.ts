// What a column of a CSV file is: its header, its data package and its rows follow from it. An
// empty cell means "not measured"; a zero was measured.

export interface Column {
  readonly name: string;
  readonly type: "string" | "integer" | "number" | "boolean";
  /** `ns`, `pages`, `1/s` …; empty for names and pure numbers. */
  readonly unit: string;
  readonly meaning: string;
}

export type Cell = string | number | boolean | undefined;
export type RowOf<Columns extends readonly Column[]> = Record<Columns[number]["name"], Cell>;
