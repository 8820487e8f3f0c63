// `shootdown policies`: what there is, and what one does.

import type { Command } from "commander";
import { addListOptions, type ListOptions } from "../options.ts";

export function addPolicies(program: Command): void {
  addListOptions(program.command("policies"))
    .summary("policies there are, or what one does")
    .description("Lists the policies with what they do, or explains one.")
    .argument("[name]", "a policy in its notation, or a file of your own (JSON, ES module)")
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
    .action(async (name: string | undefined, options: ListOptions) => {
      const { policies } = await import("../actions/policies.ts");
      await policies(name, options);
    });
}
