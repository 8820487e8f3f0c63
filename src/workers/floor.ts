// This host's floor: the round trip of two words between two threads, measured in every run.

import { availableParallelism } from "node:os";
import { median } from "simple-statistics";
import { PING_WORDS, type PingTask } from "./ping.ts";
import { startPool } from "./pool.ts";

const BURSTS = 300;
/** Bursts in which the code is still being compiled. */
const WARMUP_BURSTS = 100;

/**
 * Median host ns of one round trip; undefined on one CPU, where two threads cannot spin at once,
 * and where both so rarely had a CPU that no burst beyond the warm-up came to its end.
 */
export async function measureFloor(): Promise<number | undefined> {
  if (availableParallelism() < 2) return undefined;
  const pool = startPool<PingTask, number[]>(new URL("./ping.js", import.meta.url), 2);
  const words = new Int32Array(new SharedArrayBuffer(PING_WORDS * Int32Array.BYTES_PER_ELEMENT));
  const task = { words, bursts: WARMUP_BURSTS + BURSTS };
  const [samples] = await Promise.all([
    pool.run({ ...task, leader: true }),
    pool.run({ ...task, leader: false }),
  ]);
  await pool.destroy();
  return floorOf(samples);
}

/** What the floor is by the bursts' samples, if there are any beyond the warm-up. */
export function floorOf(samples: readonly number[]): number | undefined {
  const warm = samples.slice(WARMUP_BURSTS);
  return warm.length > 0 ? Math.round(median(warm)) : undefined;
}
