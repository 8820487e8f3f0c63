// `shootdown experiments`: what there is to run, and what one asks.

import type { Command } from "commander";
import { addListOptions, type ListOptions } from "../options.ts";

export function addExperiments(program: Command): void {
  addListOptions(program.command("experiments"))
    .summary("experiments there are, or what one asks")
    .description(
      "Lists the experiments with the points that they have on this machine, or shows one.",
    )
    .argument("[name]", "an experiment or a file")
    .addHelpText(
      "after",
      `
Examples:
  shootdown experiments
  shootdown experiments seed
`,
    )
    .action(async (name: string | undefined, options: ListOptions) => {
      const { experiments } = await import("../actions/experiments.ts");
      experiments(name, options);
    });
}
