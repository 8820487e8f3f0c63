// The files of a validation: a row for each prediction, and how it came about.

import type { Profile } from "../engine/profile/profile.ts";
import { VALIDATION_COLUMNS, type ValidationRow } from "./columns/calibration.ts";
import { toCsv } from "./csv.ts";
import { dataPackage, type Table } from "./datapackage.ts";
import { toJson } from "./files.ts";
import type { ResultFolder } from "./folder.ts";
import { manifestOf, type RunFacts } from "./manifest.ts";

export const VALIDATION: Table = {
  file: "validation.csv",
  title: "One row for each prediction",
  columns: VALIDATION_COLUMNS,
  primaryKey: ["cell"],
};

/** Throws a UsageError if the disk does not take it. */
export async function writeValidation(
  folder: ResultFolder,
  rows: readonly ValidationRow[],
  profile: Profile,
  facts: RunFacts,
): Promise<void> {
  await folder.write(VALIDATION.file, toCsv(VALIDATION_COLUMNS, rows));
  await folder.write("datapackage.json", toJson(dataPackage("validate", [VALIDATION])));
  await folder.write("manifest.json", toJson({ ...manifestOf(facts, []), profiles: [profile] }));
}
