// What `shootdown timeline` does.

import type { Command } from "commander";
import { UsageError } from "../../engine/errors.ts";
import { parsePolicy } from "../../engine/policy/parse.ts";
import { defaultFolder, ResultFolder } from "../../results/folder.ts";
import { type Capped, capped } from "../../results/timeline/cap.ts";
import { TIMELINE_FILE, writeTimeline } from "../../results/timeline/files.ts";
import type { TimelineOptions } from "../commands/timeline.ts";
import type { PlannedPoint } from "../experiments/expand.ts";
import { parseWorkload } from "../experiments/workloads.ts";
import { print, warn } from "../output.ts";
import { parseProfile } from "../profile-file.ts";
import { Progress } from "../progress.ts";
import { renderList } from "../render.ts";
import { planRun, type Shown, showKernel, showRun } from "../timeline.ts";

const NS_PER_US = 1000;

/** Options that say what is run: with a kernel's trace nothing is. */
const RUN_OPTIONS = [
  ...["executor", "policy", "profile", "workload", "cores", "pages", "iommus", "devices"],
  ...["seed", "jitter", "dilate"],
];

export async function timeline(
  trace: string | undefined,
  options: TimelineOptions,
  command: Command,
): Promise<void> {
  const { operations, strict = false, quiet = false } = options;
  const started = new Date();
  if (trace === undefined) {
    const planned = plan(options);
    await make(options, started, () => showRun(planned, operations, new Progress(1, quiet)));
    return;
  }
  const given = RUN_OPTIONS.find((name) => isGiven(command, name));
  if (given !== undefined) {
    throw new UsageError(
      `--${given} says what to run, and ${trace} is what a kernel did: leave one of them out`,
    );
  }
  await make(options, started, () => showKernel(trace, operations, strict));
}

/** Whether the user has set an option; a policy's text has been replaced by then. */
function isGiven(command: Command, name: string): boolean {
  if (name === "policy") return command.getOptionValue(name) !== undefined;
  return command.getOptionValueSource(name) === "cli";
}

function plan(options: TimelineOptions): PlannedPoint {
  const { operations, maxEvents, policy = [parsePolicy("strict")] } = options;
  if (policy.length > 1) {
    throw new UsageError(`--policy names ${policy.length} policies: a timeline is of one`);
  }
  const run = {
    ...options,
    policy: policy[0],
    profile: parseProfile(options.profile),
    workload: parseWorkload(options.workload),
  };
  return planRun(run, operations, maxEvents);
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
    const warnings = [...shown.warnings, ...capWarnings(made, options.maxEvents)];
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

/** Says so where the cap was reached. */
function capWarnings({ events, leftOut, untilNs }: Capped, maxEvents: number): string[] {
  if (leftOut === 0) return [];
  const until = untilNs === undefined ? "" : `, up to ${inUs(untilNs)} µs`;
  return [
    `the timeline is cut: the first ${events} events are in it${until}, at least ${leftOut} are ` +
      `not. --max-events (now ${maxEvents}) takes more, --operations asks for less.`,
  ];
}

function report(
  { timeline }: Capped,
  folder: ResultFolder,
  warnings: readonly string[],
  { format, quiet }: TimelineOptions,
): void {
  const rows = timeline.operations.map(({ number, initiator, startNs, latencyNs }) => ({
    operation: `${number}`,
    initiator,
    start_us: inUs(startNs),
    latency_us: inUs(latencyNs),
  }));
  print(renderList(["operation", "initiator", "start_us", "latency_us"], rows, format));
  for (const warning of warnings) warn(warning);
  if (quiet) return;
  process.stderr.write(`written: ${folder.path}/${TIMELINE_FILE} (https://ui.perfetto.dev)\n`);
}

function inUs(ns: number): string {
  return (ns / NS_PER_US).toFixed(3);
}
