// `shootdown timeline`: one shootdown, a few, or a time in which there are some, as a trace that
// Perfetto opens.

import { Argument, type Command, Option } from "commander";
import { UsageError } from "../../engine/errors.ts";
import { MAX_CORES, MAX_DEVICES, MAX_IOMMUS } from "../../engine/layout/shape.ts";
import type { Policy } from "../../engine/policy/policy.ts";
import type { OperationRange } from "../../results/timeline/form.ts";
import { MAX_DILATION, MAX_OPERATION, MAX_PAGES, MAX_PID } from "../experiments/limits.ts";
import {
  addPolicyOption,
  DEFAULT_SEED,
  type Executor,
  formatOption,
  MAX_SEED,
  numberFrom,
  oneExecutorOption,
  outOption,
} from "../options.ts";
import type { Format } from "../output.ts";

const DEFAULT_OPERATIONS = "1..3";
/** Some 20 MB of JSON, which a browser still takes. */
const DEFAULT_EVENTS = 100_000;
/** Some 300 MB: a string is no longer than 512. */
const MAX_EVENTS = 1_500_000;

export interface TimelineOptions {
  readonly operations: OperationRange;
  readonly fromUs?: number;
  readonly toUs?: number;
  readonly pid?: number;
  readonly kernel: boolean;
  readonly maxEvents: number;
  readonly executor: Executor;
  readonly policy?: Policy[];
  readonly profile: string;
  readonly workload: string;
  readonly cores: number;
  readonly pages: number;
  readonly iommus: number;
  readonly devices: number;
  readonly seed: number;
  readonly jitter?: number;
  readonly dilate?: number;
  readonly strict?: true;
  readonly out?: string;
  readonly format: Format;
  readonly quiet?: true;
}

export function addTimeline(program: Command): void {
  addPolicyOption(program.command("timeline"))
    .summary("shootdowns, step by step, as a trace for Perfetto")
    .description(
      "Runs a policy and writes what every core, IOMMU and device did during some operations, " +
        "with arrows from cause to effect and the critical path; or the same of a real kernel, " +
        "from a trace that was recorded on it; or, with --policy, of that kernel and below it of " +
        "a replay under the policy, on one clock. https://ui.perfetto.dev opens the file.",
    )
    .addArgument(
      new Argument(
        "[trace]",
        "text of perf script, perhaps gzip-compressed; - is standard input. Without it, a " +
          "workload is run",
      ),
    )
    .addOption(
      new Option(
        "--operations <range>",
        "which: N or A..B. Of a run, operations of each initiator behind its warm-up; of a " +
          "trace, the kernel's shootdowns in order of time (of a replay: its process's)",
      )
        .argParser(parseOperations)
        .default(parseOperations(DEFAULT_OPERATIONS), DEFAULT_OPERATIONS),
    )
    .option(
      "--from-us <time>",
      "instead: operations that begin at this time, in µs as they are printed, or later …",
      parseTime("--from-us"),
    )
    .option("--to-us <time>", "… and not later than this", parseTime("--to-us"))
    .option(
      "--pid <n>",
      "of a trace: this process only (default of a replay: the one that flushes most)",
      numberFrom("--pid", 1, MAX_PID),
    )
    .option("--no-kernel", "of a replay: without the kernel's own shootdowns beside it")
    .option(
      "--max-events <n>",
      "slices and ends of arrows that are written, from the beginning",
      numberFrom("--max-events", 1, MAX_EVENTS),
      DEFAULT_EVENTS,
    )
    .addOption(oneExecutorOption("timeline"))
    .option("--workload <name>", "what initiators do, as experiments name it", "munmap")
    .option("--profile <name>", "machine profile, or a JSON file of your own", "akaros-2020")
    .option("--cores <n>", "cores of the machine", numberFrom("--cores", 1, MAX_CORES), 2)
    .option("--pages <n>", "pages of one operation", numberFrom("--pages", 1, MAX_PAGES), 1)
    .option("--iommus <n>", "IOMMUs attached", numberFrom("--iommus", 0, MAX_IOMMUS), 0)
    .option("--devices <n>", "devices that do DMA", numberFrom("--devices", 0, MAX_DEVICES), 0)
    .option("--seed <n>", "of everything random", numberFrom("--seed", 0, MAX_SEED), DEFAULT_SEED)
    .option(
      "--jitter <seed>",
      "virtual: delay steps by up to 20 ns, for another order with each seed",
      numberFrom("--jitter", 0, MAX_SEED),
    )
    .option(
      "--dilate <k>",
      "threads: host ns that a modelled ns lasts (default: 1 if the actors fit the CPUs, else 100)",
      numberFrom("--dilate", 1, MAX_DILATION),
    )
    .option("--strict", "of a trace: stop at the first line that is no event")
    .option("--quiet", "no progress on standard error")
    .addOption(outOption("folder of the results; must not exist (default: results/timeline-TIME)"))
    .addOption(formatOption())
    .addHelpText(
      "after",
      `
Prints the operations, and writes timeline.json and manifest.json. Times are modelled time since
the first operation began; of a trace and its replay, time since the second in which the trace
begins. A replay's operations have the numbers of the kernel's shootdowns, where there were any;
without --devices, one device does DMA if there are IOMMUs.

Examples:
  shootdown timeline --cores 4 --iommus 1 --devices 1
  shootdown timeline --policy overlapped --iommus 2 --operations 7
  shootdown timeline --policy 'batch(8)' --pages 16 --operations 1..20
  shootdown timeline --executor threads --workload server
  shootdown timeline --cores 16 --workload server --from-us 100 --to-us 120
  shootdown timeline bench/traces/munmap-loop.perf.txt.gz --operations 50..60
  shootdown timeline bench/traces/redis.perf.txt.gz --from-us 542800 --to-us 543000
  shootdown timeline bench/traces/redis.perf.txt.gz --operations 2..6 --policy overlapped
  shootdown timeline bench/traces/node-gc.perf.txt.gz --policy batch --iommus 1 --no-kernel
`,
    )
    .action(async (trace: string | undefined, options: TimelineOptions, command: Command) => {
      const { timeline } = await import("../actions/timeline.ts");
      await timeline(trace, options, command);
    });
}

/** A time in µs, whole or with decimals. */
function parseTime(option: string): (text: string) => number {
  return (text) => {
    if (/^\d{1,12}(\.\d+)?$/.test(text)) return Number(text);
    throw new UsageError(`${option} "${text}": it takes a time in µs, such as 186094.421`);
  };
}

function parseOperations(text: string): OperationRange {
  const parse = numberFrom("--operations", 1, MAX_OPERATION);
  const [first, last = first, ...rest] = text.split("..");
  const range = { first: parse(first), last: parse(last) };
  if (rest.length === 0 && range.first <= range.last) return range;
  throw new UsageError(`--operations "${text}": it takes a number, or A..B with A at most B`);
}
