// Result folders as a report needs them: whatever of bench, replay, stress, analyze and validate
// is there.

import { existsSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { medianSorted } from "simple-statistics";
import { z } from "zod";
import { UsageError } from "../../engine/errors.ts";
import type { Distribution } from "../compare/distribution.ts";
import { numberIn, type RunRow, readDistributions, readFile, readRows } from "../compare/run.ts";
import type { Table } from "../datapackage.ts";
import { JsonFile } from "../json-file.ts";
import { CRITICAL_PATH, DISTRIBUTIONS, FITS, STRESS, SUMMARY, VALIDATION } from "../tables.ts";

/** A row with the folder that it comes from: `folder` is a column like any other here. */
export type KeyedRow = RunRow & { readonly folder: string };

export interface ReportPoint {
  readonly key: KeyedRow;
  /** One for each repetition; not empty. */
  readonly rows: readonly RunRow[];
  readonly distribution: Distribution | undefined;
}

/** A segment of a point's critical path; means over its repetitions. */
export interface PathSegment {
  readonly name: string;
  readonly meanNs: number;
  readonly slackNs: number;
}

export interface PointPath {
  readonly key: KeyedRow;
  readonly segments: readonly PathSegment[];
}

/** A time that was predicted, and measured. */
export interface Prediction {
  readonly folder: string;
  readonly cell: string;
  readonly isFitted: boolean;
  readonly predictedNs: number;
  /** By a straight line. */
  readonly nullNs: number | undefined;
  readonly measuredNs: number;
  /** Parts of what was measured; undefined where that part of nothing is meant. */
  readonly error: number | undefined;
  readonly nullError: number | undefined;
}

/** What a page costs where a policy gathers n of them, as it was fitted: a + b / n. */
export interface BatchLaw {
  /** Its policy is a family: `batch(n)`. */
  readonly key: KeyedRow;
  readonly fromN: number;
  readonly toN: number;
  readonly aNs: number;
  readonly bNs: number;
}

/** What came of a policy under stress. */
export interface Ordeal {
  readonly key: KeyedRow;
  readonly operations: number;
  readonly opsPerS: number | undefined;
  readonly shootdowns: number;
  readonly faults: number;
  readonly lateAccesses: number;
  readonly staleUses: number;
  /** Empty where none of its rounds came to an end. */
  readonly verdict: string;
}

/** What a report says of how a run came about; what is missing or strange is left out. */
const manifestSchema = z.looseObject({
  command: z.array(z.string()).catch([]),
  package: z.looseObject({ version: z.string() }).optional().catch(undefined),
  seed: z.number().nullable().catch(null),
  started: z.string().catch(""),
  host: z
    .looseObject({ cpu: z.string(), cpus: z.number(), node: z.string() })
    .optional()
    .catch(undefined),
  warnings: z.array(z.string()).catch([]),
  interrupted: z.boolean().catch(false),
});

export type ReportManifest = z.infer<typeof manifestSchema>;

export interface Folder {
  /** Unique among the folders of a report. */
  readonly name: string;
  readonly path: string;
  readonly manifest: ReportManifest;
}

export interface Inputs {
  readonly folders: readonly Folder[];
  readonly points: readonly ReportPoint[];
  readonly paths: readonly PointPath[];
  readonly laws: readonly BatchLaw[];
  readonly predictions: readonly Prediction[];
  readonly ordeals: readonly Ordeal[];
}

/** @throws UsageError where a folder has no results, or torn ones. */
export function readInputs(paths: readonly string[]): Inputs {
  const folders = paths.map((path, i) => readFolder(path, uniqueName(paths, i)));
  return {
    folders,
    points: folders.flatMap(readPoints),
    paths: folders.flatMap(readPaths),
    laws: folders.flatMap(readLaws),
    predictions: folders.flatMap(readPredictions),
    ordeals: folders.flatMap(readOrdeals),
  };
}

/** `AMD EPYC, 2 CPUs, node 20.20.2`; empty where the manifest does not say. */
export function computerOf({ manifest: { host } }: Folder): string {
  return host === undefined ? "" : `${host.cpu}, ${host.cpus} CPUs, node ${host.node}`;
}

/** A number of a point: the median of its repetitions; undefined where it was not measured. */
export function medianOver({ rows }: ReportPoint, column: string): number | undefined {
  const values = rows.flatMap((row) => numberIn(row, column) ?? []);
  return values.length === 0 ? undefined : medianSorted(values.sort((a, b) => a - b));
}

function readFolder(path: string, name: string): Folder {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(`${path} is no folder: name the --out folder of a run`);
  }
  const files = [SUMMARY, CRITICAL_PATH, VALIDATION, STRESS].map(({ file }) => file);
  if (!files.some((file) => existsSync(join(path, file)))) {
    throw new UsageError(`${path} has no results to plot: none of ${files.join(", ")}`);
  }
  return { name, path, manifest: readManifest(path) };
}

function uniqueName(paths: readonly string[], place: number): string {
  const name = basename(resolve(paths[place]));
  const isTaken = paths.some((path, i) => i !== place && basename(resolve(path)) === name);
  return isTaken ? `${name} (${place + 1})` : name;
}

function readManifest(folder: string): ReportManifest {
  const path = join(folder, "manifest.json");
  if (!existsSync(path)) {
    throw new UsageError(
      `${folder} has no manifest.json: the run that wrote it has not ended well`,
    );
  }
  return JsonFile.read("the manifest", path).check(manifestSchema);
}

function readPoints({ name, path }: Folder): ReportPoint[] {
  if (!existsSync(join(path, SUMMARY.file))) return [];
  const points = readRows(path);
  const distributions = existsSync(join(path, DISTRIBUTIONS.file))
    ? readDistributions(path, points)
    : new Map<string, Distribution>();
  return [...points].map(([id, rows]) => {
    return { key: keyOf(rows[0], name), rows, distribution: distributions.get(id) };
  });
}

function readPaths({ name, path }: Folder): PointPath[] {
  const rowsByPoint = new Map<string, RunRow[]>();
  for (const row of rowsOf(path, CRITICAL_PATH, ["point", "segment", "ns_mean", "slack_ns_mean"])) {
    const own = rowsByPoint.get(row.point);
    if (own === undefined) rowsByPoint.set(row.point, [row]);
    else own.push(row);
  }
  return [...rowsByPoint.values()].map((rows) => {
    return { key: keyOf(rows[0], name), segments: segmentsOf(rows) };
  });
}

/** A real kernel has no policy of ours: it goes by its executor's name. */
function keyOf(row: RunRow, folder: string): KeyedRow {
  return { ...row, policy: row.policy || row.executor, folder };
}

/** A repetition in which a segment does not occur counts 0. */
function segmentsOf(rows: readonly RunRow[]): PathSegment[] {
  const runs = new Set(rows.map((row) => `${row.experiment} ${row.repetition}`)).size;
  return [...new Set(rows.map(({ segment }) => segment))].map((name) => {
    const own = rows.filter(({ segment }) => segment === name);
    const mean = (column: string) =>
      own.reduce((sum, row) => sum + (numberIn(row, column) ?? 0), 0) / runs;
    return { name, meanNs: mean("ns_mean"), slackNs: mean("slack_ns_mean") };
  });
}

/** None of a file from before there were such laws. */
function readLaws({ name, path }: Folder): BatchLaw[] {
  const laws = rowsOf(path, FITS, ["policy", "over"]).filter(({ over }) => over === "batch");
  return laws.flatMap((row) => {
    const [fromN, toN] = ["n_min", "n_max"].map((column) => numberIn(row, column));
    const [aNs, bNs] = ["a_ns", "b_ns"].map((column) => numberIn(row, column));
    if (fromN === undefined || toN === undefined) return [];
    if (aNs === undefined || bNs === undefined) return [];
    return { key: keyOf(row, name), fromN, toN, aNs, bNs };
  });
}

function readOrdeals({ name, path }: Folder): Ordeal[] {
  const columns = ["policy", "executor", "ops", "ops_per_s", "shootdowns", "faults"];
  const counts = ["late_accesses", "stale_uses", "verdict"];
  return rowsOf(path, STRESS, [...columns, ...counts]).map((row) => {
    const count = (column: string) => numberIn(row, column) ?? 0;
    return {
      // The machine is in the manifest: a run has one.
      key: { ...keyOf(row, name), profile: "", workload: "" },
      operations: count("ops"),
      opsPerS: numberIn(row, "ops_per_s"),
      shootdowns: count("shootdowns"),
      faults: count("faults"),
      lateAccesses: count("late_accesses"),
      staleUses: count("stale_uses"),
      verdict: row.verdict,
    };
  });
}

function readPredictions({ name, path }: Folder): Prediction[] {
  const columns = ["cell", "fitted", "predicted_ns", "null_ns", "measured_ns", "error"];
  return rowsOf(path, VALIDATION, columns).flatMap((row) => {
    const predictedNs = numberIn(row, "predicted_ns");
    const measuredNs = numberIn(row, "measured_ns");
    if (predictedNs === undefined || measuredNs === undefined) return [];
    return {
      folder: name,
      cell: row.cell,
      isFitted: row.fitted === "true",
      predictedNs,
      nullNs: numberIn(row, "null_ns"),
      measuredNs,
      error: numberIn(row, "error"),
      nullError: numberIn(row, "null_error"),
    };
  });
}

/** Rows of a file that has at least the `required` columns; none where there is no such file. */
function rowsOf(folder: string, table: Table, required: readonly string[]): RunRow[] {
  if (!existsSync(join(folder, table.file))) return [];
  const rows: RunRow[] = [];
  readFile(folder, table, (header) => {
    for (const column of required) header.place(column);
    return (cells) => rows.push(header.record(cells));
  });
  return rows;
}
