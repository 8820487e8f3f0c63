// `shootdown calibrate`: what real shootdowns take on this host.

import type { Command } from "commander";
import { type HostMeasurement, measureHost } from "../../calibration/measure-host.ts";
import { refuseTooFew, warningsOf } from "../../calibration/quality.ts";
import { calibrationRow } from "../../calibration/rows.ts";
import type { Profile } from "../../engine/profile/profile.ts";
import { writeCalibration } from "../../results/calibration-files.ts";
import { CALIBRATION_COLUMNS } from "../../results/columns.ts";
import { ResultFolder } from "../../results/folder.ts";
import { describeHost, type Host } from "../../results/host.ts";
import { calibrationTable } from "../calibration.ts";
import { CalibrationProgress } from "../calibration-progress.ts";
import { Interrupt, InterruptedError } from "../interrupt.ts";
import { DEFAULT_SEED, formatOption, MAX_SEED, numberFrom, outOption } from "../options.ts";
import { type Format, print, renderRows } from "../output.ts";
import { parseProfile } from "../profile-file.ts";
import { defaultFolder, warn } from "../session.ts";
import { environmentLine } from "../summary.ts";

/** The profiles of what stands nearest to most hosts of these makers. */
const AMD_BASE = "zen3-2s";
const ARM_BASE = "arm-broadcast";
const OTHER_BASE = "icelake-2s";

interface CalibrateOptions {
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
        "that run. Needs Linux and two CPUs, no privileges, and 20 s to 75 s.",
    )
    .option(
      "--profile <name>",
      "whose values stand for what cannot be measured here, or a JSON file of your own (default: " +
        `${AMD_BASE} on AMD, ${ARM_BASE} on Arm, else ${OTHER_BASE})`,
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
the kernel says whether the measuring thread had to wait. On a busy machine most samples are dropped,
and where too few are left nothing is written (exit status 2).

Examples:
  shootdown calibrate
  shootdown calibrate --out results/mine --profile skylake-2s
  shootdown calibrate --quick --format csv
`,
    )
    .action(calibrate);
}

async function calibrate(options: CalibrateOptions): Promise<void> {
  const { seed, quick, quiet } = options;
  const started = new Date();
  const host = describeHost();
  const baseName = options.profile ?? baseFor(host);
  const base = parseProfile(baseName);
  announce(options, host, base.name);
  const folder = await ResultFolder.create(options.out ?? defaultFolder("calibrate", started));
  const interrupt = new Interrupt();
  const progress = new CalibrationProgress(quiet === true);
  try {
    const measured = await measureHost({
      isQuick: quick === true,
      seed,
      signal: interrupt.signal,
      onStanding: (standing) => progress.show(standing),
    }).finally(() => progress.end());
    const isInterrupted = interrupt.signal.aborted;
    const { cells, short, drops, plannedCells } = measured;
    if (isInterrupted && cells.length === 0) {
      throw new InterruptedError("interrupted before a round was finished: nothing is written");
    }
    if (!isInterrupted && quick !== true) refuseTooFew(short, plannedCells, drops);
    const warnings = [...measured.notes, ...(isInterrupted ? [] : warningsOf(short, drops))];
    await report(options, measured, folder, warnings, {
      seed,
      started,
      ended: new Date(),
      host,
      base,
      interrupted: isInterrupted,
    });
    if (isInterrupted) {
      throw new InterruptedError(
        `interrupted: the rounds that were finished are in ${folder.path}`,
      );
    }
  } finally {
    interrupt.dispose();
    await folder.removeIfEmpty();
  }
}

/** What is known of a run besides what it measured. */
interface Circumstances {
  readonly seed: number;
  readonly started: Date;
  readonly ended: Date;
  readonly host: Host;
  readonly base: Profile;
  readonly interrupted: boolean;
}

async function report(
  { format, quiet }: CalibrateOptions,
  measured: HostMeasurement,
  folder: ResultFolder,
  warnings: readonly string[],
  { base, ...circumstances }: Circumstances,
): Promise<void> {
  const { host, plannedCells } = measured;
  const rows = measured.cells.map(calibrationRow);
  try {
    await writeCalibration(folder, rows, noiseOf(measured), base, {
      ...circumstances,
      command: process.argv.slice(2),
      floorNs: host.cacheLineRoundTrip?.ns,
      warnings,
      experiment: [{ cells: plannedCells, base: base.name }],
    });
  } finally {
    print(
      format === "table"
        ? calibrationTable(measured)
        : renderRows(CALIBRATION_COLUMNS, rows, format),
    );
  }
  for (const warning of warnings) warn(warning);
  if (quiet !== true) process.stderr.write(`written: ${folder.path}\n`);
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
