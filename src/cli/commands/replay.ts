// `shootdown replay`: a recorded program as the workload.

import type { Command } from "commander";
import { BASIC_POLICIES } from "../../engine/policy/presets.ts";
import { MAX_PID } from "../experiments/limits.ts";
import { addRunOptions, numberFrom, type RunOptions } from "../options.ts";

const MAX_GAP_LIMIT_NS = 1_000_000_000_000;
export const QUICK_OPERATIONS = 1000;
const BASIC_NAMES = BASIC_POLICIES.map(({ name }) => name).join(", ");

export interface ReplayOptions extends RunOptions {
  readonly pid?: number;
  readonly maxGap?: number;
  readonly strict?: true;
}

export function addReplay(program: Command): void {
  const command = program
    .command("replay")
    .summary("run a recorded program under each policy")
    .description(
      "Runs what one process of a trace did to its mappings: the same operations at the same " +
        "times, by as " +
        "many cores. With IOMMUs, a device does DMA to the pages that are mapped. " +
        "counts.csv says how often other cores were told, by the recorded kernel and by each " +
        "policy.",
    )
    .argument("<trace>", "text of perf script, perhaps gzip-compressed; - is standard input")
    .option(
      "--pid <n>",
      "the process; default: the one that flushes most",
      numberFrom("--pid", 1, MAX_PID),
    )
    .option(
      "--max-gap <ns>",
      "cut stretches in which nothing happens; none: keep them (default: 100000 where the replay " +
        "is dilated or in virtual time, else none)",
      parseMaxGap,
    )
    .option("--strict", "stop at the first line that is no event");
  addRunOptions(
    command,
    `take the first operations of the trace (default: all; with --quick ${QUICK_OPERATIONS})`,
  )
    .addHelpText(
      "after",
      `
Without --policy ${BASIC_NAMES} run; without --iommus there is none; with some, --devices is 1.

Examples:
  shootdown replay bench/traces/munmap-loop.perf.txt.gz --policy strict,overlapped
  shootdown replay bench/traces/node-gc.perf.txt.gz --iommus 0,1 --ops 2000
  perf script --ns -F comm,pid,tid,cpu,time,event,trace | shootdown replay - --executor virtual
`,
    )
    .action(async (trace: string, options: ReplayOptions) => {
      const { replay } = await import("../actions/replay.ts");
      await replay(trace, options);
    });
}

function parseMaxGap(text: string): number {
  if (text === "none") return Number.POSITIVE_INFINITY;
  return numberFrom("--max-gap", 1, MAX_GAP_LIMIT_NS)(text);
}
