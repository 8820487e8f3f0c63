// `shootdown policies`: what there is, and what one does.

import type { Command } from "commander";
import { parsePolicy } from "../../engine/policy/parse.ts";
import {
  describeExtent,
  describeReuse,
  describeWhen,
  describeWhom,
  type Policy,
} from "../../engine/policy/policy.ts";
import { PRESETS } from "../../engine/policy/presets.ts";
import { formatOption } from "../options.ts";
import { type Format, print, renderList } from "../output.ts";

export function addPolicies(program: Command): void {
  program
    .command("policies")
    .summary("policies there are, or what one does")
    .description("Lists the policies with what they do, or explains one.")
    .argument("[name]", "a policy, parameters included")
    .addOption(formatOption())
    .addHelpText(
      "after",
      `
batch(PAGES) and deferred(ENTRIES,TIMEOUT) take a last parameter that leaves them one half of a
shootdown: cores or iommus. The other half is then flushed at each unmap.

Examples:
  shootdown policies
  shootdown policies 'deferred(128,5ms,cores)'
`,
    )
    .action((name: string | undefined, { format }: { format: Format }) => {
      if (name === undefined) {
        print(renderList(["name", "summary", "source"], [...PRESETS], format));
      } else {
        print(renderList(["choice", "value"], describePolicy(parsePolicy(name)), format));
      }
    });
}

function describePolicy(policy: Policy): { choice: string; value: string }[] {
  const { iommu, reuse } = policy;
  return [
    { choice: "name", value: policy.name },
    { choice: "summary", value: policy.summary },
    { choice: "source", value: policy.source },
    { choice: "when, cores", value: describeWhen(policy.whenCores) },
    { choice: "when, IOMMUs", value: describeWhen(policy.whenIommu) },
    { choice: "whom", value: describeWhom(policy.whom) },
    { choice: "ack", value: policy.ack },
    { choice: "local flush", value: policy.local },
    { choice: "IOMMU interface", value: iommu.interface },
    { choice: "IOMMU scope", value: iommu.scope },
    { choice: "IOMMU order", value: iommu.order },
    { choice: "leaf hint", value: iommu.leafHint ? "yes" : "no" },
    { choice: "reuse of frames", value: describeReuse(reuse.frames) },
    { choice: "reuse of addresses", value: describeReuse(reuse.addresses) },
    { choice: "reuse of page tables", value: describeReuse(reuse.tables) },
    { choice: "extent", value: describeExtent(policy.extent) },
  ];
}
