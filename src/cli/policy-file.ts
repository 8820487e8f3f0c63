// Policies by name or from a user's JSON.
//
// field                  what
// name                   not that of another policy
// base                   a policy in the notation, whose choices hold where the file says nothing;
//                        strict unless given
// when_cores … extent    choices, in the words of the columns of summary.csv
// summary, source,       for whoever reads the results
// assumed

import { z } from "zod";
import { UsageError } from "../engine/errors.ts";
import { unknownName } from "../engine/names.ts";
import { choicesOf, decisionsOf } from "../engine/policy/choices.ts";
import { COLUMN_NAMES, type ColumnName, parseColumn } from "../engine/policy/columns.ts";
import { assumedOf } from "../engine/policy/compose.ts";
import { parsePolicy } from "../engine/policy/parse.ts";
import type { Policy } from "../engine/policy/policy.ts";
import { STRICT } from "../engine/policy/presets.ts";
import { printPolicy } from "../engine/policy/print.ts";
import { refuseUnfit } from "../engine/policy/refusals.ts";
import { isFile, JsonFile, named, nameField } from "../results/json-file.ts";

const WHAT = "the policy";
const MODULE = /\.m?js$/;

const columns = Object.fromEntries(COLUMN_NAMES.map((name) => [name, cellOf(name)])) as Record<
  ColumnName,
  ReturnType<typeof cellOf>
>;

const givenSchema = z.strictObject({
  name: nameField(),
  base: named(parsePolicy).optional(),
  summary: z.string("what it does, in one line").optional(),
  source: z.string("who does it this way").optional(),
  assumed: z.string("what the source leaves open").optional(),
  ...columns,
});

/** What stands where experiments take a policy: its notation, its JSON file, or its fields. */
export const policyField = z.unknown().transform((value, context): Policy => {
  if (typeof value === "string") return orIssue(context, () => parsePolicyName(value));
  const checked = givenSchema.safeParse(value);
  if (checked.success) return orIssue(context, () => policyOf(checked.data));
  for (const issue of checked.error.issues) addIssue(context, issue);
  return z.NEVER;
});

/** Whether what stands where a name could is the path of an ES module. */
export function isModule(nameOrFile: string): boolean {
  return MODULE.test(nameOrFile);
}

/** One policy by its notation, or from a JSON file. Throws a UsageError. */
export function parsePolicyName(notationOrFile: string): Policy {
  if (isModule(notationOrFile)) {
    throw new UsageError(`${notationOrFile} is an ES module, which only --policy loads`);
  }
  return isFile(notationOrFile) ? readPolicy(notationOrFile) : parsePolicy(notationOrFile);
}

function readPolicy(path: string): Policy {
  return policyOfFile(JsonFile.read(WHAT, path));
}

/** Parses and checks the text of a policy. Throws a UsageError. */
export function parsePolicyText(path: string, text: string): Policy {
  return policyOfFile(new JsonFile(WHAT, path, text));
}

/** Rows of results name their policy: one name must not stand for two. Throws a UsageError. */
export function refuseTakenName(policy: Policy): void {
  let other: Policy;
  try {
    other = parsePolicy(policy.name);
  } catch {
    return; // It is no notation.
  }
  if (printPolicy(other) === printPolicy(policy)) return;
  throw new UsageError(`"${policy.name}" is another policy already: choose another name`);
}

function policyOfFile(file: JsonFile): Policy {
  const value = file.value;
  if (typeof value === "object" && value !== null) return file.check(policyField);
  throw file.problem([], 'an object such as {"name": "mine", "ack": "early"}');
}

function policyOf({ name, base = STRICT, summary, source, assumed, ...chosen }: Given): Policy {
  const decisions = decisionsOf(Object.assign(choicesOf(base), ...Object.values(chosen)));
  const policy = {
    name,
    summary: summary ?? `${base.name} but for what ${name} says`,
    source: source ?? `${base.name}: ${base.source}; what is different is the user's`,
    assumed: assumed ?? assumedOf(base),
    ...decisions,
  };
  refuseTakenName(policy);
  refuseUnfit(name, policy);
  return policy;
}

type Given = z.infer<typeof givenSchema>;
type Context = z.core.$RefinementCtx;

function cellOf(name: ColumnName) {
  return named((text) => parseColumn(name, text)).optional();
}

function orIssue(context: Context, make: () => Policy): Policy {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    context.addIssue({ code: "custom", message: error.message });
    return z.NEVER;
  }
}

/** Hands on what is wrong with one of the fields, with the field that was probably meant. */
function addIssue(context: Context, issue: z.core.$ZodIssue): void {
  if (issue.code !== "unrecognized_keys") {
    context.addIssue({ code: "custom", path: issue.path, message: issue.message });
    return;
  }
  for (const key of issue.keys) {
    const { message } = unknownName("field", key, Object.keys(givenSchema.shape));
    context.addIssue({ code: "custom", path: [...issue.path, key], message });
  }
}
