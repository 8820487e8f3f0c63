// Options that mean the same everywhere, and the checks that they share. A value that cannot be is
// refused with the range that it may have. What stands for a policy or a profile is read only when
// the command runs: nothing else here needs what reads files.

import { type Command, Option } from "commander";
import { UsageError } from "../engine/errors.ts";
import { MAX_CORES, MAX_DEVICES, MAX_IOMMUS } from "../engine/layout/shape.ts";
import { unknownName } from "../engine/names.ts";
import type { Policy } from "../engine/policy/policy.ts";
import type { Profile } from "../engine/profile/profile.ts";
import {
  ARRIVALS,
  CHECK_CHOICES,
  type CheckChoice,
  EXECUTORS,
  MAX_DILATION,
  MAX_OPERATIONS,
  MAX_PAGES,
  MAX_RATE,
  MAX_REPETITIONS,
} from "./experiments/limits.ts";
import type { Grid } from "./experiments/schema.ts";
import type { Sampling } from "./measure/precision.ts";
import { defaultFormat, FORMATS, type Format } from "./output.ts";

const EXECUTOR_CHOICES = [...EXECUTORS, "both"] as const;
export type Executor = (typeof EXECUTORS)[number];
export type ArrivalsChoice = (typeof ARRIVALS)[number];
export const DEFAULT_SEED = 42;
export const MAX_SEED = 2 ** 32 - 1;
const DEFAULT_MAX_SECONDS = 60;
const MAX_MAX_SECONDS = 1_000_000;
/** In percent: less is finer than what is recorded. */
const LEAST_PRECISION = 0.1;
const MOST_PRECISION = 100;

/** What the options that several commands have become. */
export interface RunOptions {
  readonly executor?: Executor[];
  readonly policy?: Policy[];
  readonly profile?: Profile[];
  readonly iommus?: number[];
  readonly devices?: number[];
  readonly ops?: number;
  readonly repetitions?: number;
  readonly samples?: true;
  readonly precision?: number;
  readonly maxSeconds?: number;
  readonly seed: number;
  readonly jitter?: number;
  readonly check: CheckChoice;
  readonly dilate?: number | "auto";
  readonly out?: string;
  readonly format: Format;
  readonly quiet?: true;
  readonly quick?: true;
}

/** Of the commands that list what there is. */
export interface ListOptions {
  readonly format: Format;
  readonly quiet?: true;
}

/** Options of the two commands that run points; `ops` is what --ops means to the command. */
export function addRunOptions(command: Command, ops: string): Command {
  return addProfilesOption(addPolicyOption(command))
    .addOption(
      new Option(
        "--executor <name>",
        "threads (this host, wall clock), virtual (virtual time, any number of cores) or both",
      ).argParser(parseExecutor),
    )
    .option(
      "--iommus <list>",
      "IOMMUs attached, such as 0,1,2",
      listFrom("--iommus", 0, MAX_IOMMUS),
    )
    .option("--devices <list>", "devices that do DMA", listFrom("--devices", 0, MAX_DEVICES))
    .option("--ops <n>", ops, numberFrom("--ops", 1, MAX_OPERATIONS))
    .option(
      "--repetitions <n>",
      "runs of each point, each with a seed and, on threads, a process of its own",
      numberFrom("--repetitions", 1, MAX_REPETITIONS),
    )
    .option(
      "--precision <part>",
      "run points in rounds of --ops until the median's 95 % interval reaches no further than " +
        "this to either side, such as 2%",
      parsePrecision,
    )
    .option(
      "--max-seconds <n>",
      `begin no further round later than this (default: ${DEFAULT_MAX_SECONDS})`,
      numberFrom("--max-seconds", 1, MAX_MAX_SECONDS),
    )
    .option(
      "--seed <n>",
      "of the first repetition",
      numberFrom("--seed", 0, MAX_SEED),
      DEFAULT_SEED,
    )
    .option(
      "--jitter <seed>",
      "virtual: delay steps by up to 20 ns, for another order with each seed",
      numberFrom("--jitter", 0, MAX_SEED),
    )
    .addOption(
      new Option(
        "--check <when>",
        "watch for uses of stale translations: on, off or auto, in virtual time only, since on " +
          "threads that takes time of what is measured",
      )
        .argParser(parseCheck)
        .default("auto"),
    )
    .option(
      "--dilate <k>",
      "threads: host ns that a modelled ns lasts; auto: 1 if the actors fit the CPUs, else 100",
      parseDilation,
    )
    .option("--samples", "write each operation by itself, to samples.csv.gz")
    .option("--quick", "a smaller version that takes seconds")
    .option("--quiet", "no progress on standard error")
    .addOption(outOption("folder of the results; must not exist (default: results/NAME-TIMESTAMP)"))
    .addOption(formatOption());
}

/** Options of the commands that list what there is. */
export function addListOptions(command: Command): Command {
  return command
    .option("--quiet", "as everywhere; a list prints no progress anyway")
    .addOption(formatOption());
}

/** `--executor` of a command that runs one thing, on one. */
export function oneExecutorOption(command: string): Option {
  return new Option(
    "--executor <name>",
    "threads (this host, wall clock) or virtual (virtual time)",
  )
    .argParser((text): Executor => {
      if (text === "both") {
        throw new UsageError(`--executor both: ${command} takes one, ${EXECUTORS.join(" or ")}`);
      }
      return executorCalled(text, EXECUTORS);
    })
    .default("virtual");
}

/** `--policy`. The command finds policies, not their names, in its options. */
export function addPolicyOption(command: Command): Command {
  return command
    .option(
      "--policy <names>",
      "policies (see shootdown policies --help), such as strict,batch(64,cores)+early-ack; all: " +
        "each; or files of your own: JSON, ES modules",
      joined,
    )
    .hook("preAction", async (_, action) => {
      const list: string | undefined = action.getOptionValue("policy");
      if (list === undefined) return;
      const { loadPolicies } = await import("./policy-list.ts");
      action.setOptionValue("policy", await loadPolicies(list));
    });
}

/** `--profile` as a list. The command finds profiles, not their names, in its options. */
function addProfilesOption(command: Command): Command {
  return command
    .option(
      "--profile <names>",
      "machine profiles (see shootdown profiles), or JSON files of your own",
      joined,
    )
    .hook("preAction", async (_, action) => {
      const list: string | undefined = action.getOptionValue("profile");
      if (list === undefined) return;
      const { parseProfile } = await import("./profile-file.ts");
      const profiles = list.split(",").map((name) => parseProfile(name.trim()));
      action.setOptionValue("profile", [...new Set(profiles)]);
    });
}

/** Of an option that stands there twice: what both say. */
function joined(text: string, before?: string): string {
  return before === undefined ? text : `${before},${text}`;
}

/** Options of `bench` alone: a trace brings its own cores and pages. */
export function addSizeOptions(command: Command): Command {
  return command
    .option(
      "--cores <list>",
      "cores of the machine, such as 2,4",
      listFrom("--cores", 1, MAX_CORES),
    )
    .option("--pages <list>", "pages of one operation", listFrom("--pages", 1, MAX_PAGES))
    .option(
      "--rate <list>",
      "operations a second that are due, of all initiators; latency then counts from when they " +
        "are due, whether their core is ready or not",
      listFrom("--rate", 1, MAX_RATE),
    )
    .addOption(
      new Option(
        "--arrivals <process>",
        "when the operations of --rate are due: at random (poisson) or at fixed gaps, initiators " +
          "in turn (fixed) (default: poisson)",
      ).argParser(parseArrivals),
    );
}

/** What these options set in every grid of an experiment. */
export function commonOverrides(options: RunOptions): Grid {
  const { executor, policy, profile, repetitions, dilate } = options;
  return {
    ...(executor && { executors: executor }),
    ...(policy && { policies: policy }),
    ...(profile && { profiles: profile }),
    ...(repetitions !== undefined && { repetitions }),
    ...(dilate !== undefined && { dilation: dilate }),
  };
}

/** What `--precision` and `--max-seconds` ask for; undefined: nothing. Throws a UsageError. */
export function samplingOf({ precision, maxSeconds }: RunOptions): Sampling | undefined {
  if (precision !== undefined) return { precision, maxSeconds: maxSeconds ?? DEFAULT_MAX_SECONDS };
  if (maxSeconds === undefined) return undefined;
  throw new UsageError("--max-seconds limits the rounds of --precision: add that, such as 2%");
}

export function formatOption(): Option {
  return new Option("--format <format>", FORMATS.join(", "))
    .argParser(parseFormat)
    .default(defaultFormat(), "table on a terminal, else csv");
}

export function outOption(description: string): Option {
  return new Option("--out <dir>", description).argParser((path) => {
    if (path === "") throw new UsageError("--out names no folder");
    return path;
  });
}

/** A parser of whole numbers in a range, for the option called `flag`. */
export function numberFrom(flag: string, least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new UsageError(`${flag} "${text}": it takes a whole number from ${least} to ${most}`);
  };
}

/** A parser of lists of them; an option that stands there twice takes what both say. */
function listFrom(flag: string, least: number, most: number) {
  const parse = numberFrom(flag, least, most);
  return (text: string, before: readonly number[] = []): number[] => {
    return [...new Set([...before, ...text.split(",").map((item) => parse(item))])];
  };
}

function parseExecutor(text: string, before: readonly Executor[] = []): Executor[] {
  if (text === "both") return [...EXECUTORS];
  return [...new Set([...before, executorCalled(text, EXECUTOR_CHOICES)])];
}

/** Throws a UsageError that names the choices. */
function executorCalled(text: string, choices: readonly string[]): Executor {
  const executor = EXECUTORS.find((known) => known === text);
  if (executor === undefined) throw unknownName("executor", text, choices);
  return executor;
}

function parseArrivals(text: string): ArrivalsChoice {
  const arrivals = ARRIVALS.find((known) => known === text);
  if (arrivals === undefined) throw unknownName("--arrivals", text, ARRIVALS);
  return arrivals;
}

function parseCheck(text: string): CheckChoice {
  const choice = CHECK_CHOICES.find((known) => known === text);
  if (choice === undefined) throw unknownName("--check", text, CHECK_CHOICES);
  return choice;
}

function parsePrecision(text: string): number {
  const percent = /^\d+(\.\d+)?%$/.test(text) ? Number.parseFloat(text) : Number.NaN;
  if (percent >= LEAST_PRECISION && percent <= MOST_PRECISION) return percent / 100;
  throw new UsageError(
    `--precision "${text}": it takes a percentage from ${LEAST_PRECISION}% to ${MOST_PRECISION}%`,
  );
}

function parseDilation(text: string): number | "auto" {
  return text === "auto" ? text : numberFrom("--dilate", 1, MAX_DILATION)(text);
}

function parseFormat(text: string): Format {
  const format = FORMATS.find((known) => known === text);
  if (format === undefined) throw unknownName("format", text, FORMATS);
  return format;
}
