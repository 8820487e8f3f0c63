// `npm run conformance`: the same points on threads and in virtual time, and whether their median
// latencies agree: within the larger of 10 % and this host's round trip where the actors fit the
// CPUs and time is not dilated, within 2 % elsewhere. CSV, one row a pair; exit status 1 if any
// pair disagrees. Counts and orders of steps are compared by the tests, exactly.

import { availableParallelism } from "node:os";
import { expand } from "../../src/cli/experiments/expand.ts";
import { loadExperiment } from "../../src/cli/experiments/load.ts";
import { Interrupt } from "../../src/cli/interrupt.ts";
import { measure } from "../../src/cli/measure/measure.ts";
import { outliveReaders, print } from "../../src/cli/output.ts";
import { Progress } from "../../src/cli/progress.ts";
import { renderRows } from "../../src/cli/render.ts";
import type { MeasuredPoint } from "../../src/results/rows.ts";
import { type Agreement, COLUMNS, compare } from "./compare.ts";

const SEED = 42;

outliveReaders();
const { experiment } = loadExperiment("conformance");
const { points } = expand(experiment, {
  quick: process.argv.includes("--quick"),
  seed: SEED,
  jitter: undefined,
  check: "off",
  hostCpus: availableParallelism(),
  overrides: {},
});
const interrupt = new Interrupt();
const progress = new Progress(points.length, false);
const {
  points: measured,
  failure,
  floorNs = 0,
} = await measure(
  { points, seed: SEED, sampling: undefined, logsSamples: false, measuresNoise: false },
  progress,
  interrupt.signal,
);
interrupt.dispose();
if (failure !== undefined) throw failure;
const agreements = pairsOf(measured).map(([threads, virtual]) =>
  compare(threads, virtual, floorNs),
);
print(renderRows(COLUMNS, agreements, "csv"));
summarize(agreements);

/** What ran on threads, each with the same in virtual time. */
function pairsOf(all: readonly MeasuredPoint[]): [MeasuredPoint, MeasuredPoint][] {
  const virtual = new Map(
    all.filter(({ point }) => point.executor === "virtual").map((run) => [keyOf(run), run]),
  );
  return all
    .filter(({ point }) => point.executor === "threads")
    .map((run) => {
      const same = virtual.get(keyOf(run));
      if (same === undefined) throw new Error(`nothing in virtual time like ${keyOf(run)}`);
      return [run, same];
    });
}

function keyOf({ workload, pages, point }: MeasuredPoint): string {
  const { profile, policy, cores, iommus, devices } = point;
  return JSON.stringify([workload, profile.name, policy.name, cores, iommus, devices, pages]);
}

function summarize(all: readonly Agreement[]): void {
  const apart = all.filter(({ agrees }) => !agrees).length;
  process.stderr.write(`${all.length - apart} of ${all.length} pairs agree\n`);
  if (apart > 0) process.exitCode = 1;
}
