// Runs rounds: those in virtual time as many at once as there are CPUs, those of threads one after
// the other on one gang.

import { setTimeout as delay } from "node:timers/promises";
import type { CheckSums } from "../../engine/check/sums.ts";
import { BrokenRunError } from "../../workers/broken-run.ts";
import { Gang } from "../../workers/gang.ts";
import { runOnThreads } from "../../workers/on-threads.ts";
import type { PointResult } from "../../workers/point.ts";
import { VirtualPool } from "../../workers/virtual-pool.ts";
import { type Round, repeatCommand, roundOf, type StressSettings } from "./rounds.ts";

/** Which rounds there are, one after the other, until there are no more. */
export interface Schedule {
  next(): number | undefined;
}

export interface Outcome {
  readonly round: Round;
  /** Undefined if it did not come to its end: a worker was ended by force, as was intended … */
  readonly result: PointResult | undefined;
  /** … or an invariant was broken, and this is what was found. */
  readonly broken: CheckSums | undefined;
}

/** How long a round on threads lasts before one of its workers is ended. */
const KILL_AFTER_MS = 100;

/** Runs rounds until there are no more. Throws what ended a round that should not have ended so. */
export async function runRounds(
  settings: StressSettings,
  schedule: Schedule,
  finished: (outcome: Outcome) => void,
  signal: AbortSignal,
): Promise<void> {
  if (settings.executor === "virtual") await runVirtual(settings, schedule, finished, signal);
  else await runThreaded(settings, schedule, finished, signal);
}

async function runVirtual(
  settings: StressSettings,
  schedule: Schedule,
  finished: (outcome: Outcome) => void,
  signal: AbortSignal,
): Promise<void> {
  const pool = new VirtualPool(settings.hostCpus);
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const lane = async (): Promise<void> => {
    for (;;) {
      const number = either.aborted ? undefined : schedule.next();
      if (number === undefined) return;
      const round = roundOf(settings, number);
      finished(await outcomeOf(settings, round, pool.run(round.point, either), either));
    }
  };
  try {
    const lanes = Array.from({ length: settings.hostCpus }, lane);
    for (const running of lanes) running.catch((error) => failed.abort(error)); // The first counts.
    await Promise.allSettled(lanes);
    signal.throwIfAborted();
    if (failed.signal.aborted) throw failed.signal.reason;
  } finally {
    await pool.close();
  }
}

async function runThreaded(
  settings: StressSettings,
  schedule: Schedule,
  finished: (outcome: Outcome) => void,
  signal: AbortSignal,
): Promise<void> {
  const actors = settings.cores + settings.iommus + settings.devices;
  let gang = new Gang(actors);
  try {
    for (;;) {
      signal.throwIfAborted();
      const number = schedule.next();
      if (number === undefined) return;
      const round = roundOf(settings, number);
      if (!round.killsWorker) {
        const running = runOnThreads(gang, round.point, signal);
        finished(await outcomeOf(settings, round, running, signal));
        continue;
      }
      const outcome = await runAndKill(settings, gang, round, signal);
      signal.throwIfAborted();
      finished(outcome);
      await gang.close();
      gang = new Gang(actors);
    }
  } finally {
    await gang.close();
  }
}

/** How a round ends that is `running`. Throws what ended it, unless that was a broken invariant. */
async function outcomeOf(
  settings: StressSettings,
  round: Round,
  running: Promise<PointResult>,
  signal: AbortSignal,
): Promise<Outcome> {
  try {
    return { round, result: await running, broken: undefined };
  } catch (error) {
    if (error instanceof BrokenRunError) return { round, result: undefined, broken: error.check };
    throw signal.aborted ? error : withRepetition(settings, round, error);
  }
}

/** An error that ended a round, with the command that repeats it. */
function withRepetition(settings: StressSettings, round: Round, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const repetition = `\nrepeat: ${repeatCommand(settings, round)}`;
  error.message += repetition;
  // It was written when the error was made, and of our own bugs it is what the user gets to see.
  if (error.stack !== undefined) error.stack += repetition;
  return error;
}

/** A round of which one worker is ended; its result if it was over before. */
async function runAndKill(
  settings: StressSettings,
  gang: Gang,
  round: Round,
  signal: AbortSignal,
): Promise<Outcome> {
  let killed = false;
  const run = runOnThreads(gang, round.point, signal);
  const running = outcomeOf(settings, round, run, signal).catch((error): Outcome => {
    if (killed || signal.aborted) return { round, result: undefined, broken: undefined };
    throw error;
  });
  await Promise.race([running, delay(KILL_AFTER_MS)]);
  killed = true;
  await gang.killOne();
  return running;
}
