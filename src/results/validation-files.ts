// The files of a validation: a row for each prediction, and how it came about.

import type { Profile } from "../engine/profile/profile.ts";
import type { HostFacts } from "./calibration-files.ts";
import type { ValidationRow } from "./columns/calibration.ts";
import { toCsv } from "./csv.ts";
import { dataPackage } from "./datapackage.ts";
import { toJson } from "./files.ts";
import type { ResultFolder } from "./folder.ts";
import { manifestOf } from "./manifest.ts";
import { VALIDATION } from "./tables.ts";

/** Throws a UsageError if the disk does not take it. */
export async function writeValidation(
  folder: ResultFolder,
  rows: readonly ValidationRow[],
  profile: Profile,
  { noise, ...facts }: HostFacts,
): Promise<void> {
  await folder.write(VALIDATION.file, toCsv(VALIDATION.columns, rows));
  await folder.write("datapackage.json", toJson(dataPackage("validate", [VALIDATION])));
  await folder.write(
    "manifest.json",
    toJson({ ...manifestOf(facts, []), noise, profiles: [profile] }),
  );
}
