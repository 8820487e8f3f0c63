// The files of a run.

import type { CountsRow } from "./columns/counts.ts";
import type { CriticalPathRow } from "./columns/critical-path.ts";
import type { FitRow } from "./columns/fits.ts";
import { toCsv } from "./csv.ts";
import { dataPackage } from "./datapackage.ts";
import { distributionRows } from "./distributions.ts";
import type { ResultFolder } from "./folder.ts";
import { manifestOf, type RunFacts } from "./manifest.ts";
import { criticalPathRows, type MeasuredPoint, summaryRow } from "./rows.ts";
import { samplesFile } from "./samples.ts";
import { COUNTS, CRITICAL_PATH, DISTRIBUTIONS, FITS, SAMPLES, SUMMARY } from "./tables.ts";

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
  await folder.write(SUMMARY.file, toCsv(SUMMARY.columns, summary));
  await folder.write(CRITICAL_PATH.file, toCsv(CRITICAL_PATH.columns, paths));
  await folder.write(DISTRIBUTIONS.file, toCsv(DISTRIBUTIONS.columns, distributionRows(points)));
  if (fits.length > 0) await folder.write(FITS.file, toCsv(FITS.columns, fits));
  if (hasSamples) await folder.write(SAMPLES.file, await samplesFile(points));
  if (counts.length > 0) await folder.write(COUNTS.file, toCsv(COUNTS.columns, counts));
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
  await folder.write(CRITICAL_PATH.file, toCsv(CRITICAL_PATH.columns, paths));
  await folder.write("analysis.json", toJson(analysis));
  await folder.write("datapackage.json", toJson(dataPackage(name, [CRITICAL_PATH])));
  await folder.write("manifest.json", toJson(manifestOf(facts, [])));
}

export function toJson(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
