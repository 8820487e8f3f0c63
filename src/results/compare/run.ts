// A result folder as `compare` needs it: its points, each with all of its repetitions.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../../engine/errors.ts";
import type { Table } from "../datapackage.ts";
import { CRITICAL_PATH, DISTRIBUTIONS, SUMMARY } from "../tables.ts";
import { checkOperations, checkPoint, PathSums, type PointRows } from "./complete.ts";
import { Distribution } from "./distribution.ts";
import { parseManifest, type RunManifest } from "./run-manifest.ts";
import { readTable } from "./table-file.ts";

const MANIFEST = "manifest.json";
/** Which run of which point a row is, by whom, of how many operations: never empty. */
const FILLED_COLUMNS = ["point", "repetition", "executor", "ops"] as const;
/** What each run has that did anything. */
const LATENCY_COLUMNS = ["p50", "p90", "p99", "mean"].map((of) => `latency_ns_${of}`);

/** A row of summary.csv; an empty cell was not measured. */
export type RunRow = Readonly<Record<string, string>>;

export interface RunPoint {
  readonly id: string;
  /** One for each repetition; not empty. */
  readonly rows: readonly RunRow[];
  /** Latencies of all repetitions; undefined where none were written, or there were none. */
  readonly distribution: Distribution | undefined;
  /** Of the critical path. */
  readonly segments: ReadonlyMap<string, SegmentTimes>;
}

/** How long a segment is on the critical path. */
export interface SegmentTimes {
  /** On average over the repetitions. */
  readonly meanNs: number;
  readonly medianNs: number;
  /** Of each repetition that has it. */
  readonly means: readonly number[];
  /** Between operations, on average over these; undefined where the file does not say. */
  readonly variance: number | undefined;
}

export interface Run {
  readonly folder: string;
  readonly manifest: RunManifest;
  /** By hash, in the order of the file. */
  readonly points: ReadonlyMap<string, RunPoint>;
}

/** @throws UsageError if the folder is not that of a run of points. */
export function readRun(folder: string): Run {
  const manifest = parseManifest(join(folder, MANIFEST), readText(folder, MANIFEST));
  const rows = readRows(folder);
  const distributions = readDistributions(folder, rows);
  const segments = readSegments(folder, rows);
  const points = [...rows].map(([id, own]): [string, RunPoint] => {
    const times = [...(segments.get(id) ?? [])].map(([name, rows]): [string, SegmentTimes] => {
      return [name, timesOf(rows, own.length)];
    });
    return [id, { id, rows: own, distribution: distributions.get(id), segments: new Map(times) }];
  });
  return { folder, manifest, points: new Map(points) };
}

/** A number of a row; undefined where it was not measured, or the file has no such column. */
export function numberIn(row: RunRow, column: string): number | undefined {
  const cell = row[column] ?? "";
  return cell === "" ? undefined : Number(cell);
}

/** Rows of summary.csv by point. @throws UsageError if there are none. */
export function readRows(folder: string): Map<string, RunRow[]> {
  const rows = new Map<string, RunRow[]>();
  readFile(folder, SUMMARY, (header) => {
    for (const of of FILLED_COLUMNS) header.placeFilled(of);
    const [point, ops] = [header.place("point"), header.place("ops")];
    const latencies = LATENCY_COLUMNS.map((of) => header.place(of));
    return (cells, row) => {
      if (Number(cells[ops]) > 0) header.refuseEmpty(row, cells, latencies);
      entryOf(rows, cells[point], (): RunRow[] => []).push(header.record(cells));
    };
  });
  if (rows.size === 0) throw new UsageError(`${folder} has no points in its summary.csv`);
  return rows;
}

/**
 * Of all repetitions, by point: `points` are those of summary.csv. @throws UsageError if the folder
 * has none, or other operations than these.
 */
export function readDistributions(folder: string, points: PointRows): Map<string, Distribution> {
  const samples = new Map<string, Map<number, number>>();
  const path = join(folder, DISTRIBUTIONS.file);
  readFile(folder, DISTRIBUTIONS, (header) => {
    const [point, latency, count] = ["point", "latency_ns", "count"].map((of) => {
      return header.placeFilled(of);
    });
    return (cells, row) => {
      checkPoint(path, row, cells[point], points);
      const own = entryOf(samples, cells[point], () => new Map<number, number>());
      const ns = Number(cells[latency]);
      own.set(ns, (own.get(ns) ?? 0) + Number(cells[count]));
    };
  });
  const distributions = new Map([...samples].map(([id, own]) => [id, new Distribution(own)]));
  checkOperations(path, points, distributions);
  return distributions;
}

/** A segment in one repetition. */
interface SegmentRow {
  readonly meanNs: number;
  readonly medianNs: number;
  readonly deviationNs: number | undefined;
}

/** By point and segment: one for each repetition that has it. */
function readSegments(folder: string, points: PointRows): Map<string, Map<string, SegmentRow[]>> {
  const rows = new Map<string, Map<string, SegmentRow[]>>();
  let sums: PathSums | undefined;
  readFile(folder, CRITICAL_PATH, (header) => {
    const all = new PathSums(join(folder, CRITICAL_PATH.file), header, points);
    sums = all;
    const [point, segment] = ["point", "segment"].map((of) => header.placeFilled(of));
    const [mean, median] = ["ns_mean", "ns_p50"].map((of) => header.placeFilled(of));
    const deviation = header.placeIfAny("ns_sd");
    return (cells, row) => {
      all.add(row, cells, Number(cells[mean]));
      const own = entryOf(rows, cells[point], () => new Map<string, SegmentRow[]>());
      const cell = deviation === undefined ? "" : cells[deviation];
      entryOf(own, cells[segment], (): SegmentRow[] => []).push({
        meanNs: Number(cells[mean]),
        medianNs: Number(cells[median]),
        deviationNs: cell === "" ? undefined : Number(cell),
      });
    };
  });
  sums?.check();
  return rows;
}

/** Repetitions without the segment count 0. */
function timesOf(rows: readonly SegmentRow[], repetitions: number): SegmentTimes {
  const averageOf = (value: (row: SegmentRow) => number): number => {
    return rows.reduce((sum, row) => sum + value(row), 0) / repetitions;
  };
  const isKnown = rows.every(({ deviationNs }) => deviationNs !== undefined);
  return {
    meanNs: averageOf(({ meanNs }) => meanNs),
    medianNs: averageOf(({ medianNs }) => medianNs),
    means: rows.map(({ meanNs }) => meanNs),
    variance: isKnown ? averageOf(({ deviationNs = 0 }) => deviationNs * deviationNs) : undefined,
  };
}

function entryOf<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

/** @throws UsageError for what cannot be read, or is no such table. */
export function readFile(
  folder: string,
  table: Table,
  begin: Parameters<typeof readTable>[3],
): void {
  readTable(join(folder, table.file), readText(folder, table.file), table, begin);
}

function readText(folder: string, name: string): string {
  try {
    return readFileSync(join(folder, name), "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isMissing = code === "ENOENT" || code === "ENOTDIR";
    const why = isMissing ? "there is none: name the --out folder of a bench or a replay" : message;
    throw new UsageError(`cannot read ${name} in ${folder}: ${why}`);
  }
}
