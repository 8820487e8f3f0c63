// What `shootdown timeline` does.

import type { Command } from "commander";
import { UsageError } from "../../engine/errors.ts";
import { parsePolicy } from "../../engine/policy/parse.ts";
import { defaultFolder, ResultFolder } from "../../results/folder.ts";
import { type Capped, capped } from "../../results/timeline/cap.ts";
import { TIMELINE_FILE, writeTimeline } from "../../results/timeline/files.ts";
import type { Selection, Timeline } from "../../results/timeline/form.ts";
import type { TimelineOptions } from "../commands/timeline.ts";
import { parseWorkload } from "../experiments/workloads.ts";
import { print, warn } from "../output.ts";
import { parseProfile } from "../profile-file.ts";
import { Progress } from "../progress.ts";
import { renderList } from "../render.ts";
import { planRun, type Shown, showKernel, showRun } from "../timeline.ts";
import { showReplay } from "../timeline-replay.ts";
import { inUs, usToNs } from "../timeline-selection.ts";

type OptionName = keyof TimelineOptions;

/** Options that say what a program does: a trace says that itself. */
const PROGRAM_OPTIONS: readonly OptionName[] = ["workload", "cores", "pages"];
/** Options that say on what it is run: a trace alone is not. */
const MACHINE_OPTIONS: readonly OptionName[] = [
  "executor",
  "profile",
  "iommus",
  "devices",
  "seed",
  "jitter",
  "dilate",
];
/** Options that say what of a trace is meant. */
const TRACE_OPTIONS: readonly OptionName[] = ["pid", "kernel"];

const COLUMNS = ["source", "operation", "initiator", "start_us", "latency_us"] as const;

export async function timeline(
  trace: string | undefined,
  options: TimelineOptions,
  command: Command,
): Promise<void> {
  const { quiet = false } = options;
  const started = new Date();
  const selection = selectionOf(options, command);
  const progress = new Progress(1, quiet);
  const show = showOf(trace, options, command);
  await make(options, started, () => show(selection, progress));
}

type Show = (selection: Selection, progress: Progress) => Promise<Shown>;

/** What is shown: a run, a kernel's trace or a replay of it. Throws where options contradict it. */
function showOf(trace: string | undefined, options: TimelineOptions, command: Command): Show {
  const { maxEvents, strict = false, pid, policy = [] } = options;
  if (policy.length > 1) {
    throw new UsageError(`--policy names ${policy.length} policies: a timeline is of one`);
  }
  const profile = parseProfile(options.profile);
  if (trace === undefined) {
    refuse(TRACE_OPTIONS, command, "is of a trace, and there is none");
    const workload = parseWorkload(options.workload);
    const run = { ...options, policy: policy[0] ?? parsePolicy("strict"), profile, workload };
    return (selection, progress) => {
      return showRun(planRun(run, selection, maxEvents), selection, progress);
    };
  }
  refuse(PROGRAM_OPTIONS, command, `says what to run, and ${trace} is what a program did`);
  if (policy.length === 0) {
    refuse(MACHINE_OPTIONS, command, `says on what to replay ${trace}: say --policy as well`);
    refuse(["kernel"], command, `is of a replay: say --policy as well`);
    return (selection) => showKernel(trace, selection, { pid, strict });
  }
  const devices = isGiven(command, "devices") ? options.devices : undefined;
  const besideKernel = options.kernel;
  const replay = {
    ...options,
    policy: policy[0],
    profile,
    devices,
    trace,
    pid,
    strict,
    besideKernel,
  };
  return (selection, progress) => showReplay(replay, selection, maxEvents, progress);
}

/** Throws a UsageError if one of these options is given, which `why` it cannot be. */
function refuse(names: readonly OptionName[], command: Command, why: string): void {
  const given = command.options.find((option) => {
    return names.some((name) => name === option.attributeName() && isGiven(command, name));
  });
  if (given !== undefined) throw new UsageError(`${given.long} ${why}`);
}

function isGiven(command: Command, name: OptionName): boolean {
  return command.getOptionValueSource(name) === "cli";
}

function selectionOf(options: TimelineOptions, command: Command): Selection {
  const { operations, fromUs, toUs } = options;
  if (fromUs === undefined && toUs === undefined) return operations;
  if (isGiven(command, "operations")) {
    throw new UsageError(
      "--operations says which, and --from-us and --to-us say when: leave one out",
    );
  }
  const window = { fromNs: usToNs(fromUs ?? 0), toNs: usToNs(toUs ?? Number.POSITIVE_INFINITY) };
  if (window.fromNs <= window.toNs) return window;
  throw new UsageError(
    `--from-us ${inUs(window.fromNs)} is later than --to-us ${inUs(window.toNs)}`,
  );
}

/** Makes the folder, has the timeline made, and writes what of it there is room for. */
async function make(
  options: TimelineOptions,
  started: Date,
  show: () => Promise<Shown>,
): Promise<void> {
  const folder = await ResultFolder.create(options.out ?? defaultFolder("timeline", started));
  try {
    const { timeline, about, points, ...shown } = await show();
    const made = capped(timeline, options.maxEvents);
    const warnings = [...shown.warnings, ...capWarnings(made, timeline, options.maxEvents)];
    const facts = {
      ...{ ...shown, started, ended: new Date(), warnings, interrupted: false },
      ...{ command: process.argv.slice(2), experiment: [about] },
    };
    await writeTimeline(folder, made, about, facts, points);
    report(made, folder, warnings, options);
  } finally {
    await folder.removeIfEmpty();
  }
}

/** Says so where the cap was reached: what is in the file, and printed, of `all` that is known. */
function capWarnings(
  { timeline, events, leftOut, untilNs }: Capped,
  all: Timeline,
  maxEvents: number,
): string[] {
  if (leftOut === 0) return [];
  const known = `${all.leftOut > 0 ? "at least " : ""}${all.operations.length}`;
  return [
    `the timeline is cut: the first ${events} events are in it, up to ${inUs(untilNs)} µs, at ` +
      `least ${leftOut} are not; printed are the operations that are over by then, ` +
      `${timeline.operations.length} of ${known}. --max-events (now ${maxEvents}) takes more; ` +
      "--operations, or --from-us and --to-us, ask for less.",
  ];
}

function report(
  { timeline }: Capped,
  folder: ResultFolder,
  warnings: readonly string[],
  { format, quiet }: TimelineOptions,
): void {
  const rows = timeline.operations.map(({ source, number, initiator, startNs, latencyNs }) => ({
    source,
    operation: number === undefined ? "" : `${number}`,
    initiator,
    start_us: inUs(startNs),
    latency_us: inUs(latencyNs),
  }));
  print(renderList(COLUMNS, rows, format));
  for (const warning of warnings) warn(warning);
  if (quiet) return;
  process.stderr.write(`written: ${folder.path}/${TIMELINE_FILE} (https://ui.perfetto.dev)\n`);
}
