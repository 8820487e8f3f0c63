// Runs rounds: those in virtual time as many at once as there are CPUs, those of threads one after
// the other on one gang.

import { setTimeout as delay } from "node:timers/promises";
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
  /** Undefined if a worker was ended by force, as was intended. */
  readonly result: PointResult | undefined;
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
      const result = await pool.run(round.point, either).catch((error) => {
        throw either.aborted ? error : withRepetition(settings, round, error);
      });
      finished({ round, result });
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
        const result = await runOnThreads(gang, round.point, signal).catch((error) => {
          throw signal.aborted ? error : withRepetition(settings, round, error);
        });
        finished({ round, result });
        continue;
      }
      const result = await runAndKill(settings, gang, round, signal);
      signal.throwIfAborted();
      finished({ round, result });
      await gang.close();
      gang = new Gang(actors);
    }
  } finally {
    await gang.close();
  }
}

/** An error that ended a round, with the command that repeats it. */
function withRepetition(settings: StressSettings, round: Round, error: unknown): unknown {
  if (error instanceof Error) error.message += `\nrepeat: ${repeatCommand(settings, round)}`;
  return error;
}

/** A round of which one worker is ended; its result if it was over before. */
async function runAndKill(
  settings: StressSettings,
  gang: Gang,
  round: Round,
  signal: AbortSignal,
): Promise<PointResult | undefined> {
  let killed = false;
  const running = runOnThreads(gang, round.point, signal).catch((error) => {
    if (killed || signal.aborted) return undefined;
    throw withRepetition(settings, round, error);
  });
  await Promise.race([running, delay(KILL_AFTER_MS)]);
  killed = true;
  await gang.killOne();
  return running;
}
