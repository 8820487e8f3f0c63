// `shootdown bench`: runs experiments.

import { availableParallelism } from "node:os";
import { Argument, type Command } from "commander";
import { UsageError } from "../../engine/errors.ts";
import { type Expansion, expand } from "../experiments/expand.ts";
import { type LoadedExperiment, loadExperiment } from "../experiments/load.ts";
import type { Grid } from "../experiments/schema.ts";
import {
  type ArrivalsChoice,
  addRunOptions,
  addSizeOptions,
  commonOverrides,
  type RunOptions,
  samplingOf,
} from "../options.ts";
import { runPoints } from "../run.ts";

const DEFAULT_EXPERIMENT = "amortization";

interface BenchOptions extends RunOptions {
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
  addRunOptions(addSizeOptions(command))
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
    .action(bench);
}

async function bench(names: string[], options: BenchOptions): Promise<void> {
  const { quick = false, quiet = false } = options;
  const loaded = [...new Set(names)].map(loadExperiment);
  const expansions = loaded.map((experiment) => expandLoaded(experiment, options));
  await runPoints({
    name: loaded.map(({ experiment }) => experiment.name).join("+"),
    points: expansions.flatMap(({ points }) => points),
    seed: options.seed,
    sampling: samplingOf(options),
    logsSamples: options.samples === true,
    experiment: loaded.map(({ file, definition }) => ({ file, definition, quick })),
    notes: expansions.flatMap(({ notes }) => notes),
    out: options.out,
    format: options.format,
    quiet,
  });
}

function expandLoaded({ file, experiment }: LoadedExperiment, options: BenchOptions): Expansion {
  const { quick = false } = options;
  if (quick && experiment.quick === undefined) {
    throw new UsageError(`${file} has no "quick": add one, or give --ops instead of --quick`);
  }
  return expand(experiment, {
    quick,
    seed: options.seed,
    jitter: options.jitter,
    check: options.check,
    hostCpus: availableParallelism(),
    overrides: overridesOf(options),
  });
}

/** What the command line sets wins over the file. */
function overridesOf(options: BenchOptions): Grid {
  const { cores, pages, rate, arrivals, iommus, devices, ops } = options;
  return {
    ...commonOverrides(options),
    ...(cores && { cores }),
    ...(pages && { pages }),
    ...(rate && { rates: rate }),
    ...(arrivals && { arrivals }),
    ...(iommus && { iommus }),
    ...(devices && { devices }),
    ...(ops !== undefined && { operations: ops }),
  };
}
