// `shootdown bench`: runs experiments.

import { Argument, type Command } from "commander";
import { type ArrivalsChoice, addRunOptions, addSizeOptions, type RunOptions } from "../options.ts";

const DEFAULT_EXPERIMENT = "amortization";

export interface BenchOptions extends RunOptions {
  readonly cores?: number[];
  readonly pages?: number[];
  readonly rate?: number[];
  readonly arrivals?: ArrivalsChoice;
}

export function addBench(program: Command): void {
  const command = program
    .command("bench")
    .summary("run experiments")
    .description("Runs experiments, by name or from a JSON file, and writes what they measure.")
    .addArgument(
      new Argument("[experiments...]", "names (see shootdown experiments) or files").default(
        [DEFAULT_EXPERIMENT],
        DEFAULT_EXPERIMENT,
      ),
    );
  addRunOptions(addSizeOptions(command), "operations of each point")
    .addHelpText(
      "after",
      `
Lists (--policy, --cores and so on) replace those of the experiment.

Examples:
  shootdown bench --quick                            the default experiment, small
  shootdown bench seed akaros                        two experiments, one folder
  shootdown bench --cores 2 --iommus 0,1 --pages 8 --policy 'strict,batch(64,cores)'
  shootdown bench my-experiment.json --repetitions 5 --out results/mine
  shootdown bench --executor virtual --cores 64,256 --pages 1 --iommus 1 --ops 500
  shootdown bench --rate 50000,100000,200000 --cores 2 --pages 1 --iommus 0,1 --ops 5000
  shootdown bench --profile host --format json       what this machine itself costs
`,
    )
    .action(async (names: string[], options: BenchOptions) => {
      const { bench } = await import("../actions/bench.ts");
      await bench(names, options);
    });
}
