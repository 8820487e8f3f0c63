// `shootdown stress`: tries to make policies go wrong.

import { type Command, Option } from "commander";
import { MAX_CORES, MAX_DEVICES, MAX_IOMMUS } from "../../engine/layout/shape.ts";
import type { Policy } from "../../engine/policy/policy.ts";
import { MAX_OPERATIONS } from "../experiments/limits.ts";
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

export const DEFAULT_SECONDS = 60;
const MAX_SECONDS = 1_000_000;
const MAX_ROUND = 2 ** 31 - 1;
const DEFAULT_PROFILE = "akaros-2020";

export interface StressOptions {
  readonly seconds?: number;
  readonly ops?: number;
  readonly round?: number;
  readonly executor: Executor;
  readonly policy?: Policy[];
  readonly profile: string;
  readonly cores: number;
  readonly iommus: number;
  readonly devices?: number;
  readonly seed: number;
  readonly faults: boolean;
  readonly out?: string;
  readonly format: Format;
  readonly quiet?: true;
}

export function addStress(program: Command): void {
  addPolicyOption(program.command("stress"))
    .summary("try to make policies go wrong")
    .description(
      "All cores at random operations, devices at DMA, faults injected, everything checked: " +
        "the policies asked for, or the sound ones and others drawn at random, take turns.",
    )
    .addOption(
      new Option("--seconds <n>", `when no round begins any more (default: ${DEFAULT_SECONDS})`)
        .argParser(numberFrom("--seconds", 1, MAX_SECONDS))
        .conflicts("ops"),
    )
    .option(
      "--ops <n>",
      "operations of all cores: maps, accesses, protects and unmaps, in whole rounds",
      numberFrom("--ops", 1, MAX_OPERATIONS),
    )
    .addOption(
      new Option("--round <n>", "only this round, as a finding names it")
        .argParser(numberFrom("--round", 0, MAX_ROUND))
        .conflicts("seconds"),
    )
    .addOption(oneExecutorOption("stress"))
    .option("--profile <name>", "machine profile, or a JSON file of your own", DEFAULT_PROFILE)
    .option(
      "--cores <n>",
      "cores, all of which do operations",
      numberFrom("--cores", 1, MAX_CORES),
      8,
    )
    .option("--iommus <n>", "IOMMUs attached", numberFrom("--iommus", 0, MAX_IOMMUS), 1)
    .option(
      "--devices <n>",
      "devices that do DMA (default: 1 if there is an IOMMU)",
      numberFrom("--devices", 0, MAX_DEVICES),
    )
    .option("--seed <n>", "of everything", numberFrom("--seed", 0, MAX_SEED), DEFAULT_SEED)
    .option("--no-faults", "inject none")
    .option("--quiet", "no progress on standard error")
    .addOption(outOption("folder of the results; must not exist (default: results/stress-TIME)"))
    .addOption(formatOption())
    .addHelpText(
      "after",
      `
Policies take turns, a round each: 20,000 operations in virtual time, 2,000 on threads, and fewer
with more than 8 cores. A round that began is finished.
In virtual time the same seed gives the same run: with --ops, the same stress.csv. Each finding in
findings.jsonl names the command that repeats it. Exit status 20: a policy came out unsafe.

Examples:
  shootdown stress --seconds 600
  shootdown stress --policy strict,overlapped --ops 1000000
  shootdown stress --executor threads --cores 2 --seconds 60
`,
    )
    .action(async (options: StressOptions) => {
      const { stress } = await import("../actions/stress.ts");
      await stress(options);
    });
}
