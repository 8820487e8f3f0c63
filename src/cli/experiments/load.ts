// Experiments from files: those of bench/experiments by name, others by path. What is wrong in a
// file is said with its line and column, the field, and what would be right.

import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { closest } from "fastest-levenshtein";
import {
  findNodeAtLocation,
  getNodeValue,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from "jsonc-parser";
import type { z } from "zod";
import { UsageError } from "../../engine/errors.ts";
import { unknownName } from "../../engine/names.ts";
import { PACKAGE_ROOT } from "../../results/package.ts";
import { type Experiment, experimentSchema, gridSchema, quickSchema } from "./schema.ts";

const FOLDER = new URL("bench/experiments/", PACKAGE_ROOT);
const EXTENSION = ".json";

type Issue = z.core.$ZodIssue;

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
  if (nameOrFile.endsWith(EXTENSION) || nameOrFile.includes("/")) return readExperiment(nameOrFile);
  const names = experimentNames();
  if (!names.includes(nameOrFile)) throw unknownName("experiment", nameOrFile, names);
  return readExperiment(fileURLToPath(new URL(nameOrFile + EXTENSION, FOLDER)));
}

function readExperiment(file: string): LoadedExperiment {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "there is no such file" : message;
    throw new UsageError(`cannot read the experiment ${file}: ${why}`);
  }
  return parseExperiment(file, text);
}

/** Parses and checks the text of an experiment; comments are allowed. Throws a UsageError. */
export function parseExperiment(file: string, text: string): LoadedExperiment {
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { allowTrailingComma: true });
  if (tree === undefined || errors.length > 0) {
    const { offset, error } = errors[0];
    const place = placeOf(file, text, { offset });
    throw new UsageError(`${place}: this is no JSON (${printParseErrorCode(error)})`);
  }
  const definition = getNodeValue(tree);
  const checked = experimentSchema.safeParse(definition);
  if (checked.success) return { file, experiment: checked.data, definition };
  const { issues } = checked.error;
  throw new UsageError(issues.map((issue) => describe(file, text, tree, issue)).join("\n"));
}

/** `FILE:LINE:COLUMN: FIELD: what would be right`. */
function describe(file: string, text: string, tree: Node, issue: Issue): string {
  const path = issue.path as (string | number)[];
  const node = nearestNode(tree, path);
  const field = fieldName(path);
  if (issue.code !== "unrecognized_keys") {
    return `${placeOf(file, text, node)}: ${field}: ${issue.message}`;
  }
  const key = issue.keys[0];
  const known = knownFields(path);
  const keyNode = node.children?.find(({ children }) => children?.[0].value === key) ?? node;
  return (
    `${placeOf(file, text, keyNode)}: ${field} has no field "${key}": ` +
    `did you mean "${closest(key, known)}"? There are ${known.join(", ")}`
  );
}

/** Fields that the object at `path` can have. */
function knownFields(path: readonly (string | number)[]): string[] {
  if (path.length === 0) return Object.keys(experimentSchema.shape);
  return path.at(-1) === "quick" ? Object.keys(quickSchema.shape) : Object.keys(gridSchema.shape);
}

/** What stands at `path`, or where it is missing, what should hold it. */
function nearestNode(tree: Node, path: readonly (string | number)[]): Node {
  for (let length = path.length; length > 0; length--) {
    const node = findNodeAtLocation(tree, path.slice(0, length));
    if (node !== undefined) return node;
  }
  return tree;
}

function fieldName(path: readonly (string | number)[]): string {
  if (path.length === 0) return "the experiment";
  return path
    .map((key, i) => (typeof key === "number" ? `[${key}]` : i > 0 ? `.${key}` : key))
    .join("");
}

function placeOf(file: string, text: string, { offset }: { readonly offset: number }): string {
  const before = text.slice(0, offset).split("\n");
  return `${file}:${before.length}:${before.at(-1)!.length + 1}`;
}
