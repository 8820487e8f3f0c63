// The files of a run.

import { COUNTS_COLUMNS, type CountsRow } from "./columns/counts.ts";
import { CRITICAL_PATH_COLUMNS, type CriticalPathRow } from "./columns/critical-path.ts";
import { DISTRIBUTION_COLUMNS, SAMPLE_COLUMNS } from "./columns/distributions.ts";
import { FIT_COLUMNS, type FitRow } from "./columns/fits.ts";
import { SUMMARY_COLUMNS } from "./columns/summary.ts";
import { toCsv } from "./csv.ts";
import { dataPackage, type Table } from "./datapackage.ts";
import { distributionRows } from "./distributions.ts";
import type { ResultFolder } from "./folder.ts";
import { manifestOf, type RunFacts } from "./manifest.ts";
import { criticalPathRows, type MeasuredPoint, summaryRow } from "./rows.ts";
import { samplesFile } from "./samples.ts";

const SUMMARY: Table = {
  file: "summary.csv",
  title: "One row for each point and repetition",
  columns: SUMMARY_COLUMNS,
  primaryKey: ["experiment", "point", "repetition"],
};

const CRITICAL_PATH: Table = {
  file: "critical-path.csv",
  title: "One row for each point, repetition and segment of the critical path",
  columns: CRITICAL_PATH_COLUMNS,
  primaryKey: ["experiment", "point", "repetition", "segment"],
};

const DISTRIBUTIONS: Table = {
  file: "distributions.csv",
  title: "One row for each point, repetition and latency that occurred",
  columns: DISTRIBUTION_COLUMNS,
  primaryKey: ["point", "repetition", "latency_ns"],
};

const FITS: Table = {
  file: "fits.csv",
  title: "One row for each series of points that differ in one size only, and each law",
  columns: FIT_COLUMNS,
  primaryKey: [
    ...["experiment", "executor", "profile", "workload", "policy", "cores", "idle_cores"],
    ...["other_cores", "masked_every_ns", "masked_ns", "iommus", "devices", "rate"],
    ...["arrivals", "pages", "dilation", "over", "model", "n_min"],
  ],
};

const SAMPLES: Table = {
  file: "samples.csv.gz",
  title: "One row for each operation",
  columns: SAMPLE_COLUMNS,
  primaryKey: ["point", "repetition", "sample"],
};

const COUNTS: Table = {
  file: "counts.csv",
  title: "One row for each point, repetition, cause and metric of a replay",
  columns: COUNTS_COLUMNS,
  primaryKey: ["experiment", "point", "repetition", "cause", "metric"],
};

/**
 * Writes what was measured; `counts` are those of a replay, `fits` what points say together. Throws
 * a UsageError if the disk does not take it.
 */
export async function writeRun(
  folder: ResultFolder,
  name: string,
  points: readonly MeasuredPoint[],
  facts: RunFacts,
  counts: readonly CountsRow[],
  fits: readonly FitRow[],
): Promise<void> {
  const hasSamples = points.some(({ result }) => result.samples !== undefined);
  const tables = [
    ...[SUMMARY, CRITICAL_PATH, DISTRIBUTIONS],
    ...(fits.length > 0 ? [FITS] : []),
    ...(hasSamples ? [SAMPLES] : []),
    ...(counts.length > 0 ? [COUNTS] : []),
  ];
  const summary = points.map((point) => summaryRow(point, facts.floorNs));
  const paths = points.flatMap(criticalPathRows);
  await folder.write(SUMMARY.file, toCsv(SUMMARY_COLUMNS, summary));
  await folder.write(CRITICAL_PATH.file, toCsv(CRITICAL_PATH_COLUMNS, paths));
  await folder.write(DISTRIBUTIONS.file, toCsv(DISTRIBUTION_COLUMNS, distributionRows(points)));
  if (fits.length > 0) await folder.write(FITS.file, toCsv(FIT_COLUMNS, fits));
  if (hasSamples) await folder.write(SAMPLES.file, await samplesFile(points));
  if (counts.length > 0) await folder.write(COUNTS.file, toCsv(COUNTS_COLUMNS, counts));
  await folder.write("datapackage.json", toJson(dataPackage(name, tables)));
  await folder.write("manifest.json", toJson(manifestOf(facts, points)));
}

/** Writes what an analysis found in a trace. */
export async function writeAnalysis(
  folder: ResultFolder,
  name: string,
  paths: readonly CriticalPathRow[],
  analysis: object,
  facts: RunFacts,
): Promise<void> {
  await folder.write(CRITICAL_PATH.file, toCsv(CRITICAL_PATH_COLUMNS, paths));
  await folder.write("analysis.json", toJson(analysis));
  await folder.write("datapackage.json", toJson(dataPackage(name, [CRITICAL_PATH])));
  await folder.write("manifest.json", toJson(manifestOf(facts, [])));
}

export function toJson(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
