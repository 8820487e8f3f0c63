// What `shootdown validate` does.

import type { FittedProfile } from "../../calibration/fitted-profile.ts";
import { measureHost } from "../../calibration/measure-host.ts";
import { type MeasuredNoise, noiseOf } from "../../calibration/noise.ts";
import type { Prediction } from "../../calibration/predictions.ts";
import { refuseTooFew, warningsOf } from "../../calibration/quality.ts";
import { validationRow } from "../../calibration/rows.ts";
import { validateCells, validateTrace } from "../../calibration/validate.ts";
import { UsageError } from "../../engine/errors.ts";
import { VALIDATION_COLUMNS } from "../../results/columns/calibration.ts";
import { defaultFolder, ResultFolder } from "../../results/folder.ts";
import { describeHost } from "../../results/host.ts";
import { writeValidation } from "../../results/validation-files.ts";
import {
  analyzeTrace,
  type FinishedShootdown,
  readWorkload,
} from "../../workloads/traces/index.ts";
import { CalibrationProgress } from "../calibration-progress.ts";
import type { ValidateOptions } from "../commands/validate.ts";
import { Interrupt, InterruptedError } from "../interrupt.ts";
import { announce, print, warn } from "../output.ts";
import { readFittedProfile } from "../profile-file.ts";
import { renderRows } from "../render.ts";
import { SLOW_MAX_GAP_NS } from "../replay.ts";
import { environmentLine } from "../summary.ts";
import { traceWorkload, withoutGaps } from "../trace-times.ts";
import { meritLine, traceLine, validationTable } from "../validation.ts";

/** What there is to print and to write. */
interface Outcome {
  readonly predictions: readonly Prediction[];
  /** How good they are, in one line, and in figures. */
  readonly line: string;
  readonly figures: object;
  readonly warnings: readonly string[];
  /** Of a host that was measured: how restless it was, and its round trip. */
  readonly noise: MeasuredNoise;
  readonly floorNs: number | undefined;
}

export async function validate(path: string, options: ValidateOptions): Promise<void> {
  const interrupt = new Interrupt();
  try {
    await validateAndReport(path, options, interrupt.signal);
  } finally {
    interrupt.dispose();
  }
}

async function validateAndReport(
  path: string,
  options: ValidateOptions,
  signal: AbortSignal,
): Promise<void> {
  const { seed, quiet, on } = options;
  const started = new Date();
  const fitted = readFittedProfile(path);
  const host = describeHost();
  const what = on === undefined ? "real shootdowns" : "virtual";
  announce(environmentLine(host, [what], [fitted.profile.name], seed), quiet);
  const folder = await ResultFolder.create(options.out ?? defaultFolder("validate", started));
  try {
    const outcome = await (on === undefined
      ? validateHost(fitted, options, signal)
      : validateOn(on, fitted, options));
    if (signal.aborted) {
      throw new InterruptedError("interrupted before all was predicted: nothing is written");
    }
    const rows = outcome.predictions.map(validationRow);
    try {
      await writeValidation(folder, rows, fitted.profile, {
        command: process.argv.slice(2),
        seed,
        started,
        ended: new Date(),
        host,
        floorNs: outcome.floorNs,
        noise: outcome.noise,
        warnings: outcome.warnings,
        experiment: [{ profile: path, fit: fitted.fit, ...(on && { on }), ...outcome.figures }],
        interrupted: false, // From here on nothing is left out.
      });
    } finally {
      report(outcome, rows, options);
    }
    for (const warning of outcome.warnings) warn(warning);
    if (quiet !== true) process.stderr.write(`written: ${folder.path}\n`);
    if (signal.aborted) throw new InterruptedError(`interrupted: it is whole in ${folder.path}`);
  } finally {
    await folder.removeIfEmpty();
  }
}

/** Measures first, so that virtual time does not take a CPU from what is measured. */
async function validateHost(
  fitted: FittedProfile,
  { seed, quick, quiet }: ValidateOptions,
  signal: AbortSignal,
): Promise<Outcome> {
  const progress = new CalibrationProgress(quiet === true);
  const measured = await measureHost({
    isQuick: quick === true,
    seed,
    signal,
    onStanding: (standing) => progress.show(standing),
  }).finally(() => progress.end());
  if (signal.aborted) {
    throw new InterruptedError("interrupted before all was measured: nothing is written");
  }
  if (quick !== true) refuseTooFew(measured);
  const { predictions, merits } = await validateCells(fitted, measured.cells, seed);
  const warnings = [...measured.notes, ...warningsOf(measured)];
  return {
    predictions,
    line: meritLine(merits),
    figures: { merits },
    warnings,
    noise: noiseOf(measured),
    floorNs: measured.host.cacheLineRoundTrip?.ns,
  };
}

async function validateOn(
  trace: string,
  fitted: FittedProfile,
  { seed }: ValidateOptions,
): Promise<Outcome> {
  if (trace === "-") throw new UsageError("--on reads the trace twice: give it a file");
  const recorded: FinishedShootdown[] = [];
  await analyzeTrace(trace, { onShootdown: (shootdown) => recorded.push(shootdown) });
  const { operations, pid, warnings } = await readWorkload(trace);
  const validation = await validateTrace(
    fitted,
    withoutGaps(operations.data, SLOW_MAX_GAP_NS),
    recorded.filter((shootdown) => shootdown.pid === pid),
    fitted.fit.where === traceWorkload(trace),
    seed,
  );
  const { predictions, counts } = validation;
  const nothing = { noise: {}, floorNs: undefined };
  return { predictions, line: traceLine(validation), figures: { counts }, warnings, ...nothing };
}

function report(
  { predictions, line, figures }: Outcome,
  rows: ReturnType<typeof validationRow>[],
  { format }: ValidateOptions,
): void {
  if (format === "table") print(`${validationTable(predictions)}\n\n${line}`);
  else if (format === "csv") {
    print(renderRows(VALIDATION_COLUMNS, rows, format));
    process.stderr.write(`${line}\n`); // A result, for which CSV has no row.
  } else print(JSON.stringify({ cells: rows, ...figures }, null, 2));
}
