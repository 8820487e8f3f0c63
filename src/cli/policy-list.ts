// Lists of policies as --policy takes them: names in their notation, JSON files and ES modules.

import { UsageError } from "../engine/errors.ts";
import { splitOutsideParentheses } from "../engine/policy/parameters.ts";
import { parsePolicies } from "../engine/policy/parse.ts";
import type { Policy } from "../engine/policy/policy.ts";
import { printPolicy } from "../engine/policy/print.ts";
import { isFile } from "../results/json-file.ts";
import { isModule, parsePolicyName } from "./policy-file.ts";
import { importPolicies } from "./policy-module.ts";

/** Every policy of the list, once. Throws a UsageError if any of them is wrong. */
export async function loadPolicies(list: string): Promise<Policy[]> {
  const policies = new Map<string, Policy>();
  for (const item of splitOutsideParentheses(list, ",")) {
    for (const policy of await load(item.trim())) {
      const known = policies.get(policy.name);
      if (known !== undefined && printPolicy(known) !== printPolicy(policy)) {
        throw new UsageError(`two policies are called "${policy.name}": give them two names`);
      }
      policies.set(policy.name, policy);
    }
  }
  return [...policies.values()];
}

async function load(item: string): Promise<Policy[]> {
  if (isModule(item)) return importPolicies(item);
  return isFile(item) ? [parsePolicyName(item)] : parsePolicies(item);
}
