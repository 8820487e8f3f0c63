// A user's own policies from an ES module: its default export is a Policy made as the presets are
// (`shootdown/policy`), or a list of them. A policy is data: what the module computes it from is
// its own affair, and none of its code runs while anything is measured.

import { existsSync, realpathSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { UsageError } from "../engine/errors.ts";
import {
  MAX_BATCH_PAGES,
  MAX_BROADCAST_FROM,
  MAX_FULL_ABOVE_PAGES,
  MAX_QUEUE_ENTRIES,
  MAX_TICKS,
  MAX_TIME_NS,
  MAX_WAIT_EVERY,
  MIN_QUEUE_ENTRIES,
  MIN_TICK_NS,
} from "../engine/policy/limits.ts";
import type { Policy } from "../engine/policy/policy.ts";
import { refuseUnfit } from "../engine/policy/refusals.ts";
import { oneOf, wholeNumber } from "../results/json-file.ts";
import { refuseTakenName } from "./policy-file.ts";
import { noteUserCode } from "./user-code.ts";

/** A module that takes longer to load is waiting for something. */
const LOADING_MS = 5000;
const NOT_LOADED: { readonly default?: unknown } = {};

/** What is wrong with a module, as it is to be said: whatever else is thrown is the module's. */
class NotTakenError extends Error {}

const flag = z.boolean("true or false");
const entries = wholeNumber(MIN_QUEUE_ENTRIES, MAX_QUEUE_ENTRIES);
const never = z.literal(Number.POSITIVE_INFINITY);

const when = z.discriminatedUnion(
  "kind",
  [
    z.strictObject({ kind: z.literal("each") }),
    z.strictObject({ kind: z.literal("batch"), pages: wholeNumber(1, MAX_BATCH_PAGES) }),
    z.strictObject({
      kind: z.literal("queue"),
      entries,
      timeoutNs: z.union(
        [wholeNumber(1, MAX_TIME_NS), never],
        `a whole number from 1 to ${MAX_TIME_NS}, or Infinity`,
      ),
    }),
    z.strictObject({
      kind: z.literal("tick"),
      states: entries,
      periodNs: wholeNumber(MIN_TICK_NS, MAX_TIME_NS),
    }),
    z.strictObject({ kind: z.literal("reuse"), sameOwner: flag, readOnly: flag }),
  ],
  { error: "an object whose kind is one of each, batch, queue, tick, reuse" },
);

const reuse = z.discriminatedUnion(
  "kind",
  [
    z.strictObject({ kind: z.literal("at-once") }),
    z.strictObject({ kind: z.literal("after-flush") }),
    z.strictObject({ kind: z.literal("after-ticks"), ticks: wholeNumber(1, MAX_TICKS) }),
  ],
  { error: "an object whose kind is one of at-once, after-flush, after-ticks" },
);

const text = z.string("a text");
const AS_IN_A_PRESET = "an object as in a preset";

const policySchema = z.strictObject(
  {
    name: z.string("a name").regex(/^\S+$/, "a name without blanks"),
    summary: text,
    source: text,
    assumed: text,
    whenCores: when,
    whenIommu: when,
    whom: z.strictObject(
      {
        among: oneOf(["loaded", "accessed"]),
        skipIdle: flag,
        broadcastFrom: wholeNumber(0, MAX_BROADCAST_FROM),
      },
      AS_IN_A_PRESET,
    ),
    ack: oneOf(["none", "early", "late"]),
    local: oneOf(["serial", "concurrent"]),
    iommu: z.strictObject(
      {
        interface: oneOf(["register", "queue"]),
        scope: oneOf(["page", "domain", "global"]),
        order: oneOf(["after-cores", "overlapped"]),
        leafHint: flag,
        waitEvery: wholeNumber(1, MAX_WAIT_EVERY),
      },
      AS_IN_A_PRESET,
    ),
    reuse: z.strictObject({ frames: reuse, addresses: reuse, tables: reuse }, AS_IN_A_PRESET),
    extent: z.strictObject(
      {
        fullAbovePages: wholeNumber(0, MAX_FULL_ABOVE_PAGES),
        generations: flag,
      },
      AS_IN_A_PRESET,
    ),
  },
  "a Policy, such as compose() of shootdown/policy makes one, or a list of them",
);

/** The policies that a module exports by default. Throws a UsageError for all that is wrong. */
export async function importPolicies(path: string): Promise<Policy[]> {
  if (!existsSync(path)) {
    throw new UsageError(`cannot read the policy ${path}: there is no such file`);
  }
  noteUserCode();
  const settled = new AbortController();
  try {
    const loaded = import(pathToFileURL(resolve(path)).href);
    const module = await Promise.race([loaded, delay(LOADING_MS, NOT_LOADED, settled)]);
    if (module === NOT_LOADED) {
      throw new NotTakenError(`${path}: it has not been loaded after ${LOADING_MS / 1000} s`);
    }
    return policiesOf(path, module.default); // To look at what it exports may run code of its own.
  } catch (error) {
    if (error instanceof NotTakenError) throw new UsageError(error.message);
    throw new UsageError(`${path}: ${reasonOf(error, path)}`);
  } finally {
    settled.abort();
  }
}

/** What a module exports by default as policies. Throws a NotTakenError. */
function policiesOf(path: string, value: unknown): Policy[] {
  if (value === undefined) {
    throw new NotTakenError(
      `${path} has no default export: write "export default compose(…)" (see examples/policies)`,
    );
  }
  if (Array.isArray(value)) {
    if (value.length > 0) return value.map((one, i) => checked(path, [i], one));
    throw new NotTakenError(`${path}: the default export is an empty list`);
  }
  if (typeof Object(value).then === "function") {
    throw new NotTakenError(
      `${path}: the default export is a promise: write "export default await …"`,
    );
  }
  return [checked(path, [], value)];
}

/** What a module threw while it was loaded or looked at, with where if that is known. */
function reasonOf(error: unknown, path: string): string {
  if (!(error instanceof Error)) return `it throws ${String(error)}`;
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ERR_MODULE_NOT_FOUND" && error.message.includes("'shootdown'")) {
    return (
      "shootdown/policy is not found from there: install shootdown beside it (npm install), or " +
      "import dist/src/engine/policy/index.js by its path"
    );
  }
  const place = placeIn(error.stack ?? "", path);
  return `it throws ${error.name}: ${error.message}${place === undefined ? "" : ` (${place})`}`;
}

/**
 * Line and column of the first of a stack's frames that is of the file: what stands above it may be
 * this program's own. An ES module goes by its URL, any other by its path.
 */
function placeIn(stack: string, path: string): string | undefined {
  const file = realpathSync(path);
  for (const line of stack.split("\n").filter((text) => /^ +at /.test(text))) {
    const name = [pathToFileURL(file).href, file].find((known) => line.includes(`${known}:`));
    if (name === undefined) continue;
    const [place] = /^(:\d+)+/.exec(line.slice(line.indexOf(name) + name.length)) ?? [];
    if (place !== undefined) return `${file}${place}`;
  }
  return undefined;
}

/** Throws a NotTakenError. */
function checked(path: string, at: readonly PropertyKey[], value: unknown): Policy {
  const result = policySchema.safeParse(value);
  if (!result.success) {
    const all = result.error.issues;
    const issues = all.map((issue) => ({ ...issue, path: [...at, ...issue.path] }));
    const lines = issues.flatMap((issue, i) => describe(issue, isMissing(value, all[i].path)));
    throw new NotTakenError(lines.map((line) => `${path}: ${line}`).join("\n"));
  }
  const policy = result.data as Policy;
  try {
    refuseTakenName(policy);
    refuseUnfit(policy.name, policy);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new NotTakenError(`${path}: ${error.message}`);
  }
  return policy;
}

/** Whether an object has no such field. */
function isMissing(value: unknown, path: readonly PropertyKey[]): boolean {
  const at = path.reduce((part: unknown, key) => Object(part)[key], value);
  return path.length > 0 && at === undefined;
}

function describe(issue: z.core.$ZodIssue, missing: boolean): string[] {
  if (issue.code !== "unrecognized_keys") {
    return [`${fieldOf(issue.path, missing ? " is missing" : "")}${issue.message}`];
  }
  return issue.keys.map((key) => `${fieldOf(issue.path)}there is no field "${key}"`);
}

/** `[1].whenCores.pages: `, or with what is to be said of the field; nothing for the export. */
function fieldOf(path: readonly PropertyKey[], what = ""): string {
  if (path.length === 0) return "";
  const names = path.map((key, i) => {
    if (typeof key === "number") return `[${key}]`;
    return i > 0 ? `.${String(key)}` : String(key);
  });
  return `${names.join("")}${what}: `;
}
