// What `shootdown policies` does.

import {
  describeExtent,
  describeReuse,
  describeWhen,
  describeWhom,
  type Policy,
} from "../../engine/policy/policy.ts";
import { PRESETS } from "../../engine/policy/presets.ts";
import { printPolicy } from "../../engine/policy/print.ts";
import type { ListOptions } from "../options.ts";
import { type Format, print } from "../output.ts";
import { loadPolicies } from "../policy-list.ts";
import { renderList } from "../render.ts";

export async function policies(name: string | undefined, { format }: ListOptions): Promise<void> {
  const named = name === undefined ? PRESETS : await loadPolicies(name);
  print(named.length === 1 ? explain(named[0], format) : list(named, format));
}

function list(policies: readonly Policy[], format: Format): string {
  return renderList(["name", "summary", "source"], policies, format);
}

function explain(policy: Policy, format: Format): string {
  return renderList(["choice", "value"], describePolicy(policy), format);
}

function describePolicy(policy: Policy): { choice: string; value: string }[] {
  const { iommu, reuse } = policy;
  return [
    { choice: "name", value: policy.name },
    { choice: "notation", value: printPolicy(policy) },
    { choice: "summary", value: policy.summary },
    { choice: "source", value: policy.source },
    { choice: "assumed", value: policy.assumed },
    { choice: "when, cores", value: describeWhen(policy.whenCores) },
    { choice: "when, IOMMUs", value: describeWhen(policy.whenIommu) },
    { choice: "whom", value: describeWhom(policy.whom) },
    { choice: "ack", value: policy.ack },
    { choice: "local flush", value: policy.local },
    { choice: "IOMMU interface", value: iommu.interface },
    { choice: "IOMMU scope", value: iommu.scope },
    { choice: "IOMMU order", value: iommu.order },
    { choice: "leaf hint", value: iommu.leafHint ? "yes" : "no" },
    { choice: "one wait for", value: `${iommu.waitEvery} submissions` },
    { choice: "reuse of frames", value: describeReuse(reuse.frames) },
    { choice: "reuse of addresses", value: describeReuse(reuse.addresses) },
    { choice: "reuse of page tables", value: describeReuse(reuse.tables) },
    { choice: "extent", value: describeExtent(policy.extent) },
  ];
}
