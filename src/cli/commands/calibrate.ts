// `shootdown calibrate`: what real shootdowns take on this host.

import type { Command } from "commander";
import { DEFAULT_SEED, formatOption, MAX_SEED, numberFrom, outOption } from "../options.ts";
import type { Format } from "../output.ts";

/** The profiles of what stands nearest to most hosts of these makers. */
export const AMD_BASE = "zen3-2s";
export const ARM_BASE = "arm-broadcast";
export const OTHER_BASE = "icelake-2s";

export interface CalibrateOptions {
  readonly from?: string;
  readonly profile?: string;
  readonly seed: number;
  readonly out?: string;
  readonly format: Format;
  readonly quick?: true;
  readonly quiet?: true;
}

export function addCalibrate(program: Command): void {
  program
    .command("calibrate")
    .summary("measure real shootdowns on this host")
    .description(
      "Causes real TLB shootdowns, by taking pages away from a process with worker threads, and " +
        "measures what they take: without other threads, with threads that sleep, with threads " +
        "that run. Needs Linux and two CPUs, no privileges, and about a minute.",
    )
    .option(
      "--from <trace>",
      "measure nothing: fit a profile to a recorded kernel's shootdowns in the text of perf script",
    )
    .option(
      "--profile <name>",
      "whose values stand for what cannot be measured here, or a JSON file of your own (default: " +
        `${AMD_BASE} on AMD, ${ARM_BASE} on Arm, else ${OTHER_BASE}, as with --from)`,
    )
    .option(
      "--seed <n>",
      "of the order of measuring, and of what intervals are drawn from",
      numberFrom("--seed", 0, MAX_SEED),
      DEFAULT_SEED,
    )
    .option("--quick", "some cells and few samples, in seconds; never refused for lack of them")
    .option("--quiet", "no progress on standard error")
    .addOption(outOption("folder of the results; must not exist (default: results/calibrate-TIME)"))
    .addOption(formatOption())
    .addHelpText(
      "after",
      `
A sample counts only if nobody took a CPU away meanwhile: spinning threads show that they run, and
the kernel says whether the measuring thread had to wait. On a busy machine samples are dropped; if
too few are left for most cells nothing is written (exit status 2).

Examples:
  shootdown calibrate
  shootdown calibrate --out results/mine --profile skylake-2s
  shootdown calibrate --quick --format csv
  shootdown calibrate --from bench/traces/node-gc.perf.txt.gz
`,
    )
    .action(async (options: CalibrateOptions) => {
      const { calibrate } = await import("../actions/calibrate.ts");
      await calibrate(options);
    });
}
