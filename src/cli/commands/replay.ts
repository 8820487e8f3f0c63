// `shootdown replay`: a recorded program as the workload.

import { availableParallelism } from "node:os";
import type { Command } from "commander";
import { BASIC_POLICIES } from "../../engine/policy/presets.ts";
import {
  kernelCounts,
  readWorkload,
  type TraceOperationsData,
} from "../../workloads/traces/index.ts";
import { expand } from "../experiments/expand.ts";
import {
  addRunOptions,
  commonOverrides,
  numberFrom,
  type RunOptions,
  samplingOf,
} from "../options.ts";
import { replayExperiment, SLOW_MAX_GAP_NS } from "../replay.ts";
import { runPoints } from "../run.ts";
import { firstOperations, traceName, withoutGaps } from "../trace-times.ts";

const MAX_GAP_LIMIT_NS = 1_000_000_000_000;
const GAP_NOTE =
  `stretches of more than ${SLOW_MAX_GAP_NS / 1000} µs in which nothing happens are cut to that. ` +
  "Use --max-gap none to keep them.";
const MAX_PID = 2 ** 22;
const QUICK_OPERATIONS = 1000;
const BASIC_NAMES = BASIC_POLICIES.map(({ name }) => name).join(", ");

interface ReplayOptions extends RunOptions {
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
  addRunOptions(command)
    .addHelpText(
      "after",
      `
--ops limits the operations that are taken from the trace; --quick takes ${QUICK_OPERATIONS}.
Without --policy ${BASIC_NAMES} run; without --iommus there is none; with some, --devices is 1.

Examples:
  shootdown replay bench/traces/munmap-loop.perf.txt.gz --policy strict,overlapped
  shootdown replay bench/traces/node-gc.perf.txt.gz --iommus 0,1 --ops 2000
  perf script --ns -F comm,pid,tid,cpu,time,event,trace | shootdown replay - --max-gap none
`,
    )
    .action(replay);
}

async function replay(trace: string, options: ReplayOptions): Promise<void> {
  const { strict = false, quick = false, quiet = false, pid, seed, maxGap } = options;
  const read = await readWorkload(trace, { strict, ...(pid !== undefined && { pid }) });
  const limit = options.ops ?? (quick ? QUICK_OPERATIONS : Number.POSITIVE_INFINITY);
  const recorded = firstOperations(read.operations.data, limit);
  const name = traceName(trace);
  const { points, notes } = expand(
    replayExperiment(name, recorded, retimed(recorded, maxGap), options),
    {
      quick,
      seed,
      jitter: options.jitter,
      check: options.check,
      hostCpus: availableParallelism(),
      overrides: commonOverrides(options),
    },
  );
  const isSlow = points.some(({ point: { executor, dilation } }) => {
    return executor === "virtual" || dilation > 1;
  });
  await runPoints({
    name: `replay-${name}`,
    points,
    seed,
    sampling: samplingOf(options),
    logsSamples: options.samples === true,
    experiment: [
      { file: trace, pid: read.pid, comm: read.comm, operations: recorded.byTime.length },
    ],
    ...(read.kernelRequests !== undefined && {
      kernel: kernelCounts(
        read.kernelRequests,
        lastNs(recorded, recorded === read.operations.data),
      ),
    }),
    notes: [...read.warnings, ...notes, ...(isSlow && maxGap === undefined ? [GAP_NOTE] : [])],
    out: options.out,
    format: options.format,
    quiet,
  });
}

/** Up to when the kernel's requests count: all of them, unless operations are left out. */
function lastNs({ byTime, atNs }: TraceOperationsData, isWhole: boolean): number {
  return isWhole ? Number.POSITIVE_INFINITY : atNs[byTime[byTime.length - 1]];
}

/** The operations with their gaps cut as asked for; points that cut the same share one copy. */
function retimed(
  recorded: TraceOperationsData,
  maxGapNs: number | undefined,
): (isSlow: boolean) => TraceOperationsData {
  const copies = new Map<number, TraceOperationsData>();
  return (isSlow) => {
    const gapNs = maxGapNs ?? (isSlow ? SLOW_MAX_GAP_NS : Number.POSITIVE_INFINITY);
    const copy = copies.get(gapNs) ?? withoutGaps(recorded, gapNs);
    copies.set(gapNs, copy);
    return copy;
  };
}

function parseMaxGap(text: string): number {
  if (text === "none") return Number.POSITIVE_INFINITY;
  return numberFrom("--max-gap", 1, MAX_GAP_LIMIT_NS)(text);
}
