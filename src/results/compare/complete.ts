// Whether the tables of a run belong together: distributions.csv has all operations of each point
// that summary.csv has, critical-path.csv all of their time, and neither has those of another. What
// is missing would count as nothing, and pass for an improvement.

import { UsageError } from "../../engine/errors.ts";
import type { Distribution } from "./distribution.ts";
import type { RunRow } from "./run.ts";
import type { Cells, Header } from "./table-file.ts";

/** Rows of summary.csv by point. */
export type PointRows = ReadonlyMap<string, readonly RunRow[]>;

/** Each number has three decimals. */
const ROUNDING_NS = 0.001;
/** What tells runs apart, in both files. */
const RUN_COLUMNS = ["experiment", "point", "repetition"] as const;

/** @throws UsageError for operations that are in one of the two files only. */
export function checkOperations(
  path: string,
  points: PointRows,
  distributions: ReadonlyMap<string, Distribution>,
): void {
  for (const [id, rows] of points) {
    const operations = rows.reduce((sum, { ops }) => sum + Number(ops), 0);
    const known = distributions.get(id)?.total ?? 0;
    if (known === operations) continue;
    throw new UsageError(
      `${path} has ${known} operations of point ${id}, summary.csv ${operations}: ` +
        "were rows lost or changed?",
    );
  }
}

/** @throws UsageError for a point that summary.csv has not. */
export function checkPoint(path: string, row: number, id: string, points: PointRows): void {
  if (points.has(id)) return;
  throw new UsageError(
    `${path}: row ${row}, column point: summary.csv has no "${id}": are they of one run?`,
  );
}

/** Adds up the segments of each run of a point. */
export class PathSums {
  private readonly path: string;
  private readonly places: readonly number[];
  private readonly sums = new Map<string, { row: RunRow; ns: number; segments: number }>();

  constructor(path: string, header: Header, points: PointRows) {
    this.path = path;
    this.places = RUN_COLUMNS.map((column) => header.placeFilled(column));
    for (const row of [...points.values()].flat()) {
      const key = RUN_COLUMNS.map((column) => row[column]).join();
      this.sums.set(key, { row, ns: 0, segments: 0 });
    }
  }

  /** @throws UsageError for a run that summary.csv has not. */
  add(row: number, cells: Cells, ns: number): void {
    const values = this.places.map((place) => cells[place]);
    const sum = this.sums.get(values.join());
    if (sum === undefined) {
      const which = RUN_COLUMNS.map((column, i) => `${column} "${values[i]}"`).join(", ");
      throw new UsageError(
        `${this.path}: row ${row}: summary.csv has no ${which}: are they of one run?`,
      );
    }
    sum.ns += ns;
    sum.segments++;
  }

  /** @throws UsageError for a run whose segments do not make up its mean latency. */
  check(): void {
    for (const { row, ns, segments } of this.sums.values()) {
      const latencyNs = Number(row.latency_ns_mean);
      if (Math.abs(ns - latencyNs) <= ROUNDING_NS * (segments + 1)) continue;
      throw new UsageError(
        `${this.path}: the segments of point ${row.point}, repetition ${row.repetition} take ` +
          `${Number(ns.toFixed(3))} ns, its latency_ns_mean in summary.csv is ${latencyNs}: ` +
          "were rows lost or changed?",
      );
    }
  }
}
