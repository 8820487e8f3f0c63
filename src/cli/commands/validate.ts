// `shootdown validate`: what a fitted profile predicts, beside what is measured.

import type { Command } from "commander";
import { DEFAULT_SEED, formatOption, MAX_SEED, numberFrom, outOption } from "../options.ts";
import type { Format } from "../output.ts";

export interface ValidateOptions {
  readonly on?: string;
  readonly seed: number;
  readonly out?: string;
  readonly format: Format;
  readonly quick?: true;
  readonly quiet?: true;
}

export function addValidate(program: Command): void {
  program
    .command("validate")
    .summary("predict what a profile was not fitted to, and measure it")
    .description(
      "Predicts, in virtual time, what peers add to shootdowns of this host that the profile was " +
        "not fitted to, measures them, and prints both, beside a null model: a straight line in " +
        "pages and sends that was fitted to the same cells. With --on it predicts the segments " +
        "of a recorded kernel's shootdowns instead, and measures nothing.",
    )
    .argument("<profile>", "the JSON file of a profile that shootdown calibrate has fitted")
    .option("--on <trace>", "text of perf script, perhaps gzip-compressed")
    .option(
      "--seed <n>",
      "of the order of measuring, and of virtual time",
      numberFrom("--seed", 0, MAX_SEED),
      DEFAULT_SEED,
    )
    .option("--quick", "some cells and few samples, in seconds; never refused for lack of them")
    .option("--quiet", "no progress on standard error")
    .addOption(outOption("folder of the results; must not exist (default: results/validate-TIME)"))
    .addOption(formatOption())
    .addHelpText(
      "after",
      `
The last line says how good the predictions are, and in brackets how good the null model is. With
--format csv it stands on standard error, --quiet or not; json has its figures.

Examples:
  shootdown calibrate --out results/mine && shootdown validate results/mine/host.json
  shootdown calibrate --from bench/traces/node-gc.perf.txt.gz --out results/node
  shootdown validate results/node/host.json --on bench/traces/redis.perf.txt.gz
`,
    )
    .action(async (path: string, options: ValidateOptions) => {
      const { validate } = await import("../actions/validate.ts");
      await validate(path, options);
    });
}
