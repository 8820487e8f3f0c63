// What `shootdown stress` does.

import { availableParallelism } from "node:os";
import { UnsafeError, UsageError } from "../../engine/errors.ts";
import { checkShape } from "../../engine/layout/shape.ts";
import { isFree } from "../../engine/profile/profile.ts";
import { STRESS_COLUMNS } from "../../results/columns/stress.ts";
import { defaultFolder, ResultFolder } from "../../results/folder.ts";
import { describeHost, type Host } from "../../results/host.ts";
import { writeStress } from "../../results/stress-files.ts";
import { shapeOf } from "../../workers/point.ts";
import { DEFAULT_SECONDS, type StressOptions } from "../commands/stress.ts";
import { MAX_THREADED_CORES } from "../experiments/limits.ts";
import { Interrupt, InterruptedError } from "../interrupt.ts";
import { announce, print, warn } from "../output.ts";
import { parseProfile } from "../profile-file.ts";
import { renderRows, renderTable } from "../render.ts";
import { soundPolicies } from "../stress/policies.ts";
import { StressProgress } from "../stress/progress.ts";
import { roundOf, type StressSettings, usualRoundOperations } from "../stress/rounds.ts";
import { runRounds, type Schedule } from "../stress/runner.ts";
import { Tally } from "../stress/tally.ts";
import { environmentLine } from "../summary.ts";

/** A warning names so many policies. */
const NAMED_POLICIES = 5;

export async function stress(options: StressOptions): Promise<void> {
  const { executor, profile, seed, quiet } = options;
  const settings = settingsOf(options);
  const started = new Date();
  const host = describeHost();
  announce(environmentLine(host, [executor], [profile], seed), quiet);
  const folder = await ResultFolder.create(options.out ?? defaultFolder("stress", started));
  const interrupt = new Interrupt();
  const tally = new Tally(settings);
  const progress = new StressProgress(tally, quiet === true);
  let failure: unknown;
  try {
    await runRounds(
      settings,
      scheduleOf(options, settings),
      ({ round, result, broken }) => {
        if (result !== undefined) tally.add(round, result);
        else if (broken !== undefined) tally.addFound(round, broken);
        else tally.addKilled(round);
        progress.show(round.policy.name);
      },
      interrupt.signal,
    ).catch((error) => {
      failure = error;
    });
    progress.end();
    if (!tally.isEmpty) {
      const ended = new Date();
      await report(options, settings, tally, folder, host, {
        started,
        ended,
        failed: failure !== undefined,
      });
    }
    if (interrupt.signal.aborted) throw interruption(tally, folder);
    if (failure !== undefined) throw failure;
    if (tally.unsafe.length > 0) throw new UnsafeError(describeUnsafe(tally, folder));
  } finally {
    interrupt.dispose();
    await folder.removeIfEmpty();
  }
}

/** Throws a UsageError where the options contradict each other. */
function settingsOf(options: StressOptions): StressSettings {
  const { executor, policy, seed, cores, iommus, round, ops } = options;
  const devices = options.devices ?? Math.min(1, iommus); // Each is behind an IOMMU.
  const profile = parseProfile(options.profile);
  if (executor === "virtual" && isFree(profile)) {
    throw new UsageError(
      `the profile ${profile.name} measures this host: in virtual time nothing takes time; ` +
        "add --executor threads",
    );
  }
  if (executor === "threads" && cores > MAX_THREADED_CORES) {
    throw new UsageError(`threads run at most ${MAX_THREADED_CORES} cores (--executor virtual)`);
  }
  if (round !== undefined && policy?.length !== 1) {
    throw new UsageError("--round repeats a round of one policy: name it with --policy");
  }
  const usual = usualRoundOperations(executor, cores);
  const settings: StressSettings = {
    executor,
    policies: policy ?? soundPolicies(seed),
    profile,
    profileName: options.profile,
    cores,
    iommus,
    devices,
    seed,
    injectsFaults: options.faults,
    roundOperations: round === undefined ? Math.min(ops ?? usual, usual) : (ops ?? usual),
    hostCpus: availableParallelism(),
  };
  for (const turn of settings.policies.keys()) checkShape(shapeOf(roundOf(settings, turn).point));
  return settings;
}

/** Whole rounds, as many as it takes; or as many as the clock allows. */
function scheduleOf(options: StressOptions, settings: StressSettings): Schedule {
  const { round, ops, seconds = DEFAULT_SECONDS } = options;
  let next = 0;
  if (round !== undefined) return { next: () => (next++ === 0 ? round : undefined) };
  if (ops !== undefined) {
    const rounds = Math.ceil(ops / settings.roundOperations);
    return { next: () => (next < rounds ? next++ : undefined) };
  }
  const endMs = Date.now() + seconds * 1000;
  return { next: () => (Date.now() < endMs ? next++ : undefined) };
}

async function report(
  { format, quiet, round }: StressOptions,
  settings: StressSettings,
  tally: Tally,
  folder: ResultFolder,
  host: Host,
  times: { started: Date; ended: Date; failed: boolean },
): Promise<void> {
  const { rows } = tally;
  const { policies, profile, profileName, ...experiment } = settings;
  const warnings = round === undefined ? withoutTurn(tally, settings) : [];
  try {
    await writeStress(folder, "stress", rows, tally.findings, profile, {
      command: process.argv.slice(2),
      seed: settings.seed,
      started: times.started,
      ended: times.ended,
      host,
      floorNs: undefined,
      warnings,
      experiment: [{ ...experiment, policies: policies.map(({ name }) => name) }],
      interrupted: times.failed,
    });
  } finally {
    if (format === "table") {
      const headings = STRESS_COLUMNS.map(({ name, type }) => {
        return { title: name, align: type === "string" ? "left" : "right" } as const;
      });
      const cells = rows.map((row) => STRESS_COLUMNS.map(({ name }) => `${row[name] ?? ""}`));
      print(renderTable(headings, cells));
    } else {
      print(renderRows(STRESS_COLUMNS, rows, format));
    }
  }
  for (const warning of warnings) warn(warning);
  if (quiet !== true) process.stderr.write(`written: ${folder.path}\n`);
}

/** Says which policies the run was too short for. */
function withoutTurn(
  { unreached }: Tally,
  { policies, executor, cores }: StressSettings,
): string[] {
  if (unreached.length === 0) return [];
  const more = unreached.length - NAMED_POLICIES;
  const names =
    unreached.slice(0, NAMED_POLICIES).join(", ") + (more > 0 ? ` and ${more} more` : "");
  const which = unreached.length === 1 ? "one policy" : `${unreached.length} policies`;
  const operations = policies.length * usualRoundOperations(executor, cores);
  const unless = executor === "virtual" ? "" : ", unless that loses a worker";
  return [
    `nothing is said of ${which} without a round that came to its end: ${names}. ` +
      `With --ops ${operations} each has one${unless}.`,
  ];
}

/** Which policies, and where it says more. */
function describeUnsafe({ unsafe }: Tally, { path }: ResultFolder): string {
  const where = `${path}/findings.jsonl`;
  return `unsafe: ${unsafe.join(", ")}; what was found, and how to repeat it, is in ${where}`;
}

function interruption(tally: Tally, folder: ResultFolder): InterruptedError {
  if (tally.isEmpty) {
    return new InterruptedError("interrupted before a round was finished: nothing is written");
  }
  const found = tally.unsafe.length > 0 ? `; ${describeUnsafe(tally, folder)}` : "";
  return new InterruptedError(
    `interrupted: the ${tally.operations} operations that were finished are in ${folder.path}` +
      found,
  );
}
