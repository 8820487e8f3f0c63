// One of the two workers of the bare exchange: a word there, a word back, by plain Atomics. What
// this takes is the floor below which no shootdown between two threads of this host can come.
//
// word   writer      reader      meaning
// PING   leader      follower    count of exchanges begun; STOP ends the follower
// PONG   follower    leader      the count as the follower has seen it

import { monotonicClock } from "./clock.ts";

const PING = 0;
const PONG = 16;
export const PING_WORDS = 32;
const STOP = -1;

/** Exchanges between two reads of the clock. */
const BURST = 100;
/**
 * Host time after which the leader makes do with what it has, ten times what it takes where both
 * threads have a CPU: on one, each exchange takes a time slice.
 */
const BUDGET_NS = 200_000_000;
/** Polls after which the other thread has no CPU, so that a read of the clock spoils nothing. */
const POLLS = 10_000;

export interface PingTask {
  readonly leader: boolean;
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly bursts: number;
}

/** The leader's times of one exchange, in host ns, one a burst; nothing for the follower. */
export default function ping(task: PingTask): number[] {
  if (task.leader) return lead(task);
  const { words } = task;
  for (;;) {
    const count = Atomics.load(words, PING);
    if (count === STOP) return [];
    if (Atomics.load(words, PONG) !== count) Atomics.store(words, PONG, count);
  }
}

function lead({ words, bursts }: PingTask): number[] {
  const hostNowNs = monotonicClock();
  const samples: number[] = [];
  const endNs = hostNowNs() + BUDGET_NS;
  for (let burst = 0; burst < bursts; burst++) {
    const beganNs = hostNowNs();
    if (beganNs > endNs) break;
    const exchanges = exchange(words, burst * BURST, () => hostNowNs() > endNs);
    // One that was cut short has taken time slices, not exchanges.
    if (exchanges === BURST) samples.push((hostNowNs() - beganNs) / BURST);
  }
  Atomics.store(words, PING, STOP);
  return samples;
}

/** Up to a burst of exchanges after the first `done`; fewer when time is over. Returns how many. */
function exchange(words: Int32Array, done: number, isOver: () => boolean): number {
  for (let count = done + 1; count <= done + BURST; count++) {
    Atomics.store(words, PING, count);
    for (let polls = 1; Atomics.load(words, PONG) !== count; polls++) {
      if (polls % POLLS === 0 && isOver()) return count - done;
    }
  }
  return BURST;
}
