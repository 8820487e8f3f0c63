// A run from its points to its files, what is printed, and how it ends.

import { UsageError } from "../engine/errors.ts";
import { printPolicy } from "../engine/policy/print.ts";
import type { CountsRow } from "../results/columns/counts.ts";
import type { FitRow } from "../results/columns/fits.ts";
import { SUMMARY_COLUMNS } from "../results/columns/summary.ts";
import { countsRows } from "../results/counts.ts";
import { writeRun } from "../results/files.ts";
import { fitRows } from "../results/fits.ts";
import { defaultFolder, ResultFolder } from "../results/folder.ts";
import { describeHost, type Host } from "../results/host.ts";
import { type MeasuredPoint, summaryRow } from "../results/rows.ts";
import { findingsOf, warningsOf } from "../results/warnings.ts";
import type { CountsByCause } from "../workloads/traces/index.ts";
import { countsTable } from "./counts.ts";
import type { PlannedPoint } from "./experiments/expand.ts";
import { fitsTable } from "./fits.ts";
import { Interrupt, InterruptedError } from "./interrupt.ts";
import { type Measurement, measure } from "./measure/measure.ts";
import type { Sampling } from "./measure/precision.ts";
import { announce, type Format, print, warn } from "./output.ts";
import { Progress } from "./progress.ts";
import { renderRows } from "./render.ts";
import { environmentLine, summaryTable } from "./summary.ts";

export interface RunRequest {
  /** What the folder is called unless `out` says. */
  readonly name: string;
  readonly points: readonly PlannedPoint[];
  readonly seed: number;
  /** How many samples are enough; undefined: those of --ops. */
  readonly sampling: Sampling | undefined;
  /** Whether each operation is kept by itself. */
  readonly logsSamples: boolean;
  /** Of a replay: whether it takes all operations of its trace, so that --ops gives no more. */
  readonly takesAll?: boolean;
  /** For the manifest: what was asked for. */
  readonly experiment: readonly object[];
  /** Said before the run, and kept with the warnings. */
  readonly notes: readonly string[];
  /** Of a replay: what the recorded kernel did, if the trace shows it. */
  readonly kernel?: CountsByCause;
  readonly out: string | undefined;
  readonly format: Format;
  readonly quiet: boolean;
}

/** Measures the points, writes the files, prints the rows. Throws what ended the run early. */
export async function runPoints(request: RunRequest): Promise<void> {
  const { points } = request;
  refuseSharedNames("profiles", points, ({ point: { profile } }) => [
    profile.name,
    JSON.stringify(profile),
  ]);
  refuseSharedNames("policies", points, ({ point: { policy } }) => [
    policy.name,
    printPolicy(policy),
  ]);
  const started = new Date();
  const host = describeHost();
  announce(environmentOf(request, host), request.quiet);
  for (const note of request.notes) warn(note);
  const folder = await ResultFolder.create(request.out ?? defaultFolder(request.name, started));
  const interrupt = new Interrupt();
  try {
    const runs = points.reduce((sum, { repetitions }) => sum + repetitions, 0);
    const progress = new Progress(runs, request.quiet);
    const measurement = await measure(
      { ...request, measuresNoise: true },
      progress,
      interrupt.signal,
    );
    await report(request, folder, measurement, host, started);
    if (interrupt.signal.aborted) throw interruption(measurement, folder);
    if (measurement.failure !== undefined) throw measurement.failure;
  } finally {
    interrupt.dispose();
    await folder.removeIfEmpty();
  }
}

/** Rows name their profile and their policy: a UsageError where two have the same name. */
function refuseSharedNames(
  what: string,
  points: readonly PlannedPoint[],
  namedOf: (point: PlannedPoint) => readonly [name: string, whole: string],
): void {
  const known = new Map<string, string>();
  for (const [name, whole] of points.map(namedOf)) {
    if ((known.get(name) ?? whole) !== whole) {
      throw new UsageError(`two different ${what} are called "${name}": give one another "name"`);
    }
    known.set(name, whole);
  }
}

/** Files, rows and warnings of whatever was finished. */
async function report(
  request: RunRequest,
  folder: ResultFolder,
  { points, noise, failure, floorNs, checks }: Measurement,
  host: Host,
  started: Date,
): Promise<void> {
  if (points.length === 0) return;
  const found = [
    ...findingsOf(points),
    ...warningsOf(host, checks, noise, points, request.sampling?.precision, request.takesAll),
  ];
  const { kernel } = request;
  const counts = kernel === undefined ? [] : points.flatMap((point) => countsRows(point, kernel));
  const fits = fitRows(points);
  const facts = {
    command: process.argv.slice(2),
    seed: request.seed,
    started,
    ended: new Date(),
    host,
    noise,
    floorNs,
    checks,
    warnings: [...request.notes, ...found],
    experiment: request.experiment,
    interrupted: failure !== undefined,
  };
  try {
    await writeRun(folder, request.name, points, facts, counts, fits);
  } finally {
    printPoints(points, counts, fits, floorNs, request.format); // A full disk must not take them.
  }
  for (const warning of found) warn(warning);
  if (!request.quiet) process.stderr.write(`written: ${folder.path}\n`);
}

function interruption({ points }: Measurement, folder: ResultFolder): InterruptedError {
  return new InterruptedError(
    points.length === 0
      ? "interrupted before anything was finished: nothing is written"
      : `interrupted: the ${points.length} results that were finished are in ${folder.path}`,
  );
}

function environmentOf({ points, seed }: RunRequest, host: Host): string {
  const executors = new Set(points.map(({ point }) => point.executor));
  const profiles = new Set(points.map(({ point }) => point.profile.name));
  return environmentLine(host, [...executors], [...profiles], seed);
}

function printPoints(
  points: readonly MeasuredPoint[],
  counts: readonly CountsRow[],
  fits: readonly FitRow[],
  floorNs: number | undefined,
  format: Format,
): void {
  if (format === "table") {
    print(summaryTable(points));
    if (counts.length > 0) print(`\n${countsTable(counts, points)}`);
    if (fits.length > 0) print(`\n${fitsTable(fits, points)}`);
    return;
  }
  const rows = points.map((point) => summaryRow(point, floorNs));
  print(renderRows(SUMMARY_COLUMNS, rows, format));
}
