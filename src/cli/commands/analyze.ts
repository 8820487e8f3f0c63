// `shootdown analyze`: where the time of a real kernel's shootdowns went.

import type { Command } from "commander";
import { formatOption, outOption } from "../options.ts";
import type { Format } from "../output.ts";

export interface AnalyzeOptions {
  readonly out?: string;
  readonly strict?: true;
  readonly format: Format;
}

export function addAnalyze(program: Command): void {
  program
    .command("analyze")
    .summary("cut a real kernel's shootdowns into segments")
    .description(
      "Cuts the shootdowns of the kernel that a trace was recorded on into the segments of " +
        "their critical path. csv and json: rows of critical-path.csv, and one object with " +
        "everything.",
    )
    .argument("<trace>", "text of perf script, perhaps gzip-compressed; - is standard input")
    .addOption(outOption("write critical-path.csv, analysis.json, manifest and data package there"))
    .option("--strict", "stop at the first line that is no event")
    .addOption(formatOption())
    .option("--quiet", "as everywhere; reading a trace prints no progress anyway")
    .addHelpText(
      "after",
      `
The table's mean and share are of what a segment adds to the critical path, over all complete
shootdowns; its slack and percentiles are of the segment itself where it occurs, also beside the
path. So a segment that delays nobody has a mean of 0 and a median above it.

Examples:
  shootdown analyze bench/traces/munmap-loop.perf.txt.gz
  shootdown analyze bench/traces/redis.perf.txt.gz --format json --out results/redis
  perf script --ns -F comm,pid,tid,cpu,time,event,trace | shootdown analyze - --strict
`,
    )
    .action(async (trace: string, options: AnalyzeOptions) => {
      const { analyze } = await import("../actions/analyze.ts");
      await analyze(trace, options);
    });
}
