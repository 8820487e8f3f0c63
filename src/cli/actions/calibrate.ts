// What `shootdown calibrate` does.

import { fittedProfileText } from "../../calibration/fitted-profile.ts";
import { hostProfile } from "../../calibration/host-profile.ts";
import { type HostMeasurement, measureHost } from "../../calibration/measure-host.ts";
import { noiseOf } from "../../calibration/noise.ts";
import { refuseTooFew, warningsOf } from "../../calibration/quality.ts";
import { calibrationRow } from "../../calibration/rows.ts";
import { UsageError } from "../../engine/errors.ts";
import { isFree, type Profile } from "../../engine/profile/profile.ts";
import { type CalibrationFacts, writeCalibration } from "../../results/calibration-files.ts";
import { CALIBRATION_COLUMNS } from "../../results/columns/calibration.ts";
import { defaultFolder, ResultFolder } from "../../results/folder.ts";
import { describeHost, type Host } from "../../results/host.ts";
import { calibrationTable } from "../calibration.ts";
import { CalibrationProgress } from "../calibration-progress.ts";
import { AMD_BASE, ARM_BASE, type CalibrateOptions, OTHER_BASE } from "../commands/calibrate.ts";
import { Interrupt, InterruptedError } from "../interrupt.ts";
import { announce, print, warn } from "../output.ts";
import { parseProfile } from "../profile-file.ts";
import { renderRows } from "../render.ts";
import { environmentLine } from "../summary.ts";
import { calibrateFrom } from "../trace-calibration.ts";

/** Of what is written: `host` is the profile that costs nothing. */
const PROFILE_NAME = "this-host";

export async function calibrate(options: CalibrateOptions): Promise<void> {
  if (options.from !== undefined) {
    await calibrateFrom(options.from, parseProfile(options.profile ?? OTHER_BASE), options);
    return;
  }
  const interrupt = new Interrupt();
  try {
    await measureAndReport(options, interrupt.signal);
  } finally {
    interrupt.dispose();
  }
}

async function measureAndReport(options: CalibrateOptions, signal: AbortSignal): Promise<void> {
  const { seed, quick, quiet } = options;
  const started = new Date();
  const host = describeHost();
  const base = baseOf(options, host);
  announce(environmentLine(host, ["real shootdowns"], [base.name], seed), quiet);
  const folder = await ResultFolder.create(options.out ?? defaultFolder("calibrate", started));
  const progress = new CalibrationProgress(quiet === true);
  try {
    const measured = await measureHost({
      isQuick: quick === true,
      seed,
      signal,
      onStanding: (standing) => progress.show(standing),
    }).finally(() => progress.end());
    const interrupted = signal.aborted;
    if (interrupted && measured.cells.length === 0) {
      throw new InterruptedError("interrupted before a round was finished: nothing is written");
    }
    if (!interrupted && quick !== true) refuseTooFew(measured);
    await report(options, measured, folder, {
      command: process.argv.slice(2),
      seed,
      started,
      ended: new Date(),
      host,
      floorNs: measured.host.cacheLineRoundTrip?.ns,
      warnings: [...measured.notes, ...(interrupted ? [] : warningsOf(measured))],
      experiment: [{ cells: measured.plannedCells, base: base.name }],
      interrupted,
      noise: noiseOf(measured),
      base,
    });
    if (signal.aborted) {
      const what = interrupted ? "the rounds that were finished are" : "all was measured, and is";
      throw new InterruptedError(`interrupted: ${what} in ${folder.path}`);
    }
  } finally {
    await folder.removeIfEmpty();
  }
}

/** Prints and writes; without a profile if there is not enough to fit one to. */
async function report(
  { format, quiet, seed }: CalibrateOptions,
  measured: HostMeasurement,
  folder: ResultFolder,
  facts: CalibrationFacts,
): Promise<void> {
  const { base, host } = facts;
  const { profile, problem } =
    facts.interrupted && measured.short.length > 0
      ? { profile: undefined, problem: [tooEarly(measured)] }
      : fittedText(measured, base, host, seed);
  const warnings = [...facts.warnings, ...problem];
  const rows = measured.cells.map(calibrationRow);
  try {
    await writeCalibration(folder, rows, profile, { ...facts, warnings });
  } finally {
    print(
      format === "table"
        ? calibrationTable(measured)
        : renderRows(CALIBRATION_COLUMNS, rows, format),
    );
  }
  for (const warning of warnings) warn(warning);
  if (quiet === true) return;
  process.stderr.write(`written: ${folder.path}\n`);
  if (profile !== undefined) {
    process.stderr.write(`use it as --profile ${folder.path}/host.json\n`);
  }
}

/** Why an interrupted run has no profile. */
function tooEarly({ short, plannedCells }: HostMeasurement): string {
  return (
    `there is no host.json: ${short.length} of ${plannedCells} cells had too few samples when it ` +
    "was interrupted, and a fit to the others would look as good as any"
  );
}

function fittedText(
  { cells, host: times }: HostMeasurement,
  base: Profile,
  { cpu, cpus, kernel }: Host,
  seed: number,
): { profile: string | undefined; problem: readonly string[] } {
  const where = `this host (${cpu}, ${cpus} CPUs, Linux ${kernel})`;
  try {
    const fitted = hostProfile(cells, times, { name: PROFILE_NAME, base, where, seed });
    return { profile: fittedProfileText(fitted), problem: [] };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { profile: undefined, problem: [`there is no host.json: ${error.message}`] };
  }
}

/** Throws a UsageError before anything is measured. */
function baseOf({ profile }: CalibrateOptions, host: Host): Profile {
  const base = parseProfile(profile ?? baseFor(host));
  if (!isFree(base)) return base;
  throw new UsageError(
    `the profile ${base.name} has no costs: name one that stands for what cannot be measured ` +
      "(shootdown profiles)",
  );
}

function baseFor({ cpu }: Host): string {
  if (/AMD/i.test(cpu)) return AMD_BASE;
  return process.arch === "arm64" ? ARM_BASE : OTHER_BASE;
}
