// What a plot is: a picture as Vega-Lite draws it, one sentence, a table, and where these are from.

import type { Scene } from "./scenes.ts";

/** A part of a Vega-Lite specification. Its colours are names of theme.ts. */
export type Spec = Readonly<Record<string, unknown>>;

export interface TableColumn {
  readonly title: string;
  readonly align: "left" | "right";
}

export interface TableRow {
  /** Whose row it is; undefined where it belongs to no policy. */
  readonly policy: string | undefined;
  readonly cells: readonly string[];
}

export interface PlotTable {
  /** What a row is. */
  readonly caption: string;
  readonly columns: readonly TableColumn[];
  readonly rows: readonly TableRow[];
}

export interface Plot {
  readonly scene: Scene;
  readonly spec: Spec;
  /** What it shows, computed from the data. */
  readonly sentence: string;
  readonly table: PlotTable;
  /** Paths of the files that it was read from. */
  readonly sources: readonly string[];
}

/** All plots of a kind: one for each scene that has what it takes. */
export interface Chapter {
  /** Names its files and its place in the page. */
  readonly name: string;
  readonly title: string;
  /** How to read such a plot. */
  readonly reading: string;
  readonly plots: readonly Plot[];
}
