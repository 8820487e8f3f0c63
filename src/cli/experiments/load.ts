// Experiments from files: those of bench/experiments by name, others by path.

import { readdirSync } from "node:fs";
import { basename, dirname, isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import { unknownName } from "../../engine/names.ts";
import { isFile, JsonFile } from "../../results/json-file.ts";
import { PACKAGE_ROOT } from "../../results/package.ts";
import { type Experiment, experimentSchema } from "./schema.ts";

const FOLDER = new URL("bench/experiments/", PACKAGE_ROOT);
const EXTENSION = ".json";
const WHAT = "the experiment";
/** Whose items may be files. */
const LISTS_OF_FILES: ReadonlySet<string> = new Set(["profiles", "policies"]);

export interface LoadedExperiment {
  readonly file: string;
  readonly experiment: Experiment;
  /** As it stands in the file. */
  readonly definition: object;
}

/** Names of the experiments that come with the program. */
export function experimentNames(): string[] {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith(EXTENSION));
  return files.map((file) => basename(file, EXTENSION)).sort();
}

/** An experiment by its name or by the path of its file. Throws a UsageError. */
export function loadExperiment(nameOrFile: string): LoadedExperiment {
  if (isFile(nameOrFile)) return experimentOf(JsonFile.read(WHAT, nameOrFile));
  const names = experimentNames();
  if (!names.includes(nameOrFile)) throw unknownName("experiment", nameOrFile, names);
  const file = fileURLToPath(new URL(nameOrFile + EXTENSION, FOLDER));
  return experimentOf(JsonFile.read(WHAT, file));
}

/** Parses and checks the text of an experiment. Throws a UsageError. */
export function parseExperiment(file: string, text: string): LoadedExperiment {
  return experimentOf(new JsonFile(WHAT, file, text));
}

function experimentOf(file: JsonFile): LoadedExperiment {
  const located = withLocatedFiles(file.value, dirname(file.path));
  const experiment = file.check(experimentSchema, located);
  return { file: file.path, experiment, definition: file.value as object };
}

/** A copy in which the files of profiles and policies are found from where the program runs. */
function withLocatedFiles(value: unknown, folder: string): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => withLocatedFiles(item, folder));
  const entries = Object.entries(value).map(([key, inner]) => {
    if (!LISTS_OF_FILES.has(key) || !Array.isArray(inner)) {
      return [key, withLocatedFiles(inner, folder)];
    }
    return [key, inner.map((item) => locate(item, folder))];
  });
  return Object.fromEntries(entries);
}

function locate(item: unknown, folder: string): unknown {
  if (typeof item !== "string" || !isFile(item) || isAbsolute(item)) return item;
  return join(folder, item);
}
