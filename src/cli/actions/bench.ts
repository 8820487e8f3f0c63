// What `shootdown bench` does.

import { availableParallelism } from "node:os";
import { UsageError } from "../../engine/errors.ts";
import type { BenchOptions } from "../commands/bench.ts";
import { type Expansion, expand } from "../experiments/expand.ts";
import { type LoadedExperiment, loadExperiment } from "../experiments/load.ts";
import type { Grid } from "../experiments/schema.ts";
import { commonOverrides, samplingOf } from "../options.ts";
import { runPoints } from "../run.ts";

export async function bench(names: string[], options: BenchOptions): Promise<void> {
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
