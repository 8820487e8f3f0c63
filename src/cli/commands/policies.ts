// `shootdown policies`: what there is, and what one does.

import type { Command } from "commander";
import {
  describeExtent,
  describeReuse,
  describeWhen,
  describeWhom,
  type Policy,
} from "../../engine/policy/policy.ts";
import { PRESETS } from "../../engine/policy/presets.ts";
import { printPolicy } from "../../engine/policy/print.ts";
import { formatOption } from "../options.ts";
import { type Format, print, renderList } from "../output.ts";
import { loadPolicies } from "../policy-list.ts";

export function addPolicies(program: Command): void {
  program
    .command("policies")
    .summary("policies there are, or what one does")
    .description("Lists the policies with what they do, or explains one.")
    .argument("[name]", "a policy in its notation, or a file of your own (JSON, ES module)")
    .addOption(formatOption())
    .addHelpText(
      "after",
      `
A policy is parts joined by +. The first is one of the names that this command lists, with its
parameters if it has any, or says when; each further part sets one choice of it.
  when    each, batch(PAGES), queue(ENTRIES,TIMEOUT or never), tick(STATES,PERIOD), reuse,
          reuse(other-owner), reuse(read-only); a last parameter cores or iommus: that half only
  whom    loaded, accessed; skip-idle, tell-idle; broadcast(TARGETS), no-broadcast
  ack     no-ack, early-ack, late-ack
  local   serial, concurrent
  iommu   register, queued; page, domain, global; after-cores, overlapped; leaf-hint,
          no-leaf-hint; wait-every(SUBMISSIONS)
  reuse   frames(WHEN), addresses(WHEN), tables(WHEN): at-once, after-flush, after-ticks(TICKS)
  extent  full, full-above(PAGES); generations, no-generations
A policy that is so put together goes by its canonical text: strict and what differs from it.

A file of your own is JSON, in the words of the columns of summary.csv (the base is strict unless
said):
  {"name": "mine", "base": "linux-x86", "when_iommu": "queue(256,10ms)", "ack": "early"}
or an ES module whose default export is a policy or a list of them (examples/policies).

Examples:
  shootdown policies
  shootdown policies 'deferred(128,5ms,cores)'
  shootdown policies 'linux-x86+early-ack+queue(256,10ms,iommus)+domain'
  shootdown policies ./mine.json
`,
    )
    .action(async (name: string | undefined, { format }: { format: Format }) => {
      const policies = name === undefined ? PRESETS : await loadPolicies(name);
      print(policies.length === 1 ? explain(policies[0], format) : list(policies, format));
    });
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
