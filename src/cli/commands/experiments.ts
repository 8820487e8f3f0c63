// `shootdown experiments`: what there is to run, and what one asks.

import type { Command } from "commander";
import { formatOption, type ListOptions } from "../options.ts";

export function addExperiments(program: Command): void {
  program
    .command("experiments")
    .summary("experiments there are, or what one asks")
    .description(
      "Lists the experiments with the points that they have on this machine, or shows one.",
    )
    .argument("[name]", "an experiment or a file")
    .addOption(formatOption())
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
