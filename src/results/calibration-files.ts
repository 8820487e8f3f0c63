// The files of a calibration: a row a cell, and how it came about.

import type { Profile } from "../engine/profile/profile.ts";
import type { CalibrationRow } from "./columns/calibration.ts";
import { toCsv } from "./csv.ts";
import { dataPackage } from "./datapackage.ts";
import { toJson } from "./files.ts";
import type { ResultFolder } from "./folder.ts";
import { manifestOf, type RunFacts } from "./manifest.ts";
import { CALIBRATION } from "./tables.ts";

/** Of a run that measures the host itself. */
export interface HostFacts extends Omit<RunFacts, "noise"> {
  /** How restless the host was, and what else was measured of it. */
  readonly noise: Readonly<Record<string, number>>;
}

export interface CalibrationFacts extends HostFacts {
  /** The profile from which what cannot be measured is taken. */
  readonly base: Profile;
}

/**
 * `profile` is the text of host.json; undefined if the cells do not say enough for one. Throws a
 * UsageError if the disk does not take it.
 */
export async function writeCalibration(
  folder: ResultFolder,
  rows: readonly CalibrationRow[],
  profile: string | undefined,
  { noise, base, ...facts }: CalibrationFacts,
): Promise<void> {
  await folder.write(CALIBRATION.file, toCsv(CALIBRATION.columns, rows));
  if (profile !== undefined) await folder.write("host.json", profile);
  await folder.write("datapackage.json", toJson(dataPackage("calibrate", [CALIBRATION])));
  const manifest = { ...manifestOf(facts, []), noise, profiles: [base] };
  await folder.write("manifest.json", toJson(manifest));
}

/** A profile that was fitted to a trace: there are no cells. */
export async function writeFittedProfile(
  folder: ResultFolder,
  text: string,
  profile: Profile,
  facts: RunFacts,
): Promise<void> {
  await folder.write("host.json", text);
  await folder.write("manifest.json", toJson({ ...manifestOf(facts, []), profiles: [profile] }));
}
