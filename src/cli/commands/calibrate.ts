// `shootdown calibrate`: what real shootdowns take on this host.

import type { Command } from "commander";
import { fittedProfileText } from "../../calibration/fitted-profile.ts";
import { hostProfile } from "../../calibration/host-profile.ts";
import { type HostMeasurement, measureHost } from "../../calibration/measure-host.ts";
import { refuseTooFew, warningsOf } from "../../calibration/quality.ts";
import { calibrationRow } from "../../calibration/rows.ts";
import { UsageError } from "../../engine/errors.ts";
import { isFree, type Profile } from "../../engine/profile/profile.ts";
import { type CalibrationFacts, writeCalibration } from "../../results/calibration-files.ts";
import { CALIBRATION_COLUMNS } from "../../results/columns/calibration.ts";
import { ResultFolder } from "../../results/folder.ts";
import { describeHost, type Host } from "../../results/host.ts";
import { calibrationTable } from "../calibration.ts";
import { CalibrationProgress } from "../calibration-progress.ts";
import { Interrupt, InterruptedError } from "../interrupt.ts";
import { DEFAULT_SEED, formatOption, MAX_SEED, numberFrom, outOption } from "../options.ts";
import { type Format, print, renderRows } from "../output.ts";
import { parseProfile } from "../profile-file.ts";
import { defaultFolder, warn } from "../run.ts";
import { environmentLine } from "../summary.ts";
import { calibrateFrom } from "../trace-calibration.ts";

/** The profiles of what stands nearest to most hosts of these makers. */
const AMD_BASE = "zen3-2s";
const ARM_BASE = "arm-broadcast";
const OTHER_BASE = "icelake-2s";

/** Of what is written: `host` is the profile that costs nothing. */
const PROFILE_NAME = "this-host";

interface CalibrateOptions {
  readonly from?: string;
  readonly profile?: string;
  readonly seed: number;
  readonly out?: string;
  readonly format: Format;
  readonly quick?: true;
  readonly quiet?: true;
}

export function addCalibrate(program: Command): void {
  program
    .command("calibrate")
    .summary("measure real shootdowns on this host")
    .description(
      "Causes real TLB shootdowns, by taking pages away from a process with worker threads, and " +
        "measures what they take: without other threads, with threads that sleep, with threads " +
        "that run. Needs Linux and two CPUs, no privileges, and about a minute.",
    )
    .option(
      "--from <trace>",
      "measure nothing: fit a profile to a recorded kernel's shootdowns in the text of perf script",
    )
    .option(
      "--profile <name>",
      "whose values stand for what cannot be measured here, or a JSON file of your own (default: " +
        `${AMD_BASE} on AMD, ${ARM_BASE} on Arm, else ${OTHER_BASE}, as with --from)`,
    )
    .option(
      "--seed <n>",
      "of the order of measuring, and of what intervals are drawn from",
      numberFrom("--seed", 0, MAX_SEED),
      DEFAULT_SEED,
    )
    .option("--quick", "some cells and few samples, in seconds; never refused for lack of them")
    .option("--quiet", "no progress on standard error")
    .addOption(outOption("folder of the results; must not exist (default: results/calibrate-TIME)"))
    .addOption(formatOption())
    .addHelpText(
      "after",
      `
A sample counts only if nobody took a CPU away meanwhile: spinning threads show that they run, and
the kernel says whether the measuring thread had to wait. On a busy machine samples are dropped; if
too few are left for most cells nothing is written (exit status 2).

Examples:
  shootdown calibrate
  shootdown calibrate --out results/mine --profile skylake-2s
  shootdown calibrate --quick --format csv
  shootdown calibrate --from bench/traces/node-gc.perf.txt.gz
`,
    )
    .action(calibrate);
}

async function calibrate(options: CalibrateOptions): Promise<void> {
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
  announce(options, host, base.name);
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
    if (interrupted) {
      throw new InterruptedError(
        `interrupted: the rounds that were finished are in ${folder.path}`,
      );
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
  const { profile, problem } = fittedText(measured, base, host, seed);
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

/** First the environment, on standard output only where people read that. */
function announce({ seed, format, quiet }: CalibrateOptions, host: Host, base: string): void {
  const line = `${environmentLine(host, ["real shootdowns"], [base], seed)}\n`;
  if (format === "table") process.stdout.write(line);
  else if (quiet !== true) process.stderr.write(line);
}

/** Parts of all samples, and what the kernel counted. */
function noiseOf({ drops, sendsPerCall }: HostMeasurement): Record<string, number> {
  const { samples, initiator, peer } = drops;
  return {
    samples,
    dropped_initiator_not_running: initiator,
    dropped_peer_not_running: peer,
    ...(sendsPerCall !== undefined && { sends_per_call: sendsPerCall }),
  };
}
