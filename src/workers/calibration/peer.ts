// Entry point of a peer: a thread that has the initiator's address space loaded, and so is told of
// what the initiator takes away, whenever it runs.

import { workerData } from "node:worker_threads";
import { monotonicClock } from "../clock.ts";
import ping from "../ping.ts";
import { ECHO, PeerWords, SLEEP, SPIN } from "./peer-words.ts";
import { ownThreadId } from "./run-delay.ts";

/** What the peer is given. */
export interface PeerTask {
  readonly memory: SharedArrayBuffer;
  /** The words of the bare exchange. */
  readonly pingWords: Int32Array<SharedArrayBuffer>;
}

/**
 * A turn that takes longer was interrupted: a turn takes some 100 ns, an interrupt at least as much
 * again on top of it.
 */
const GAP_NS = 400;

const { memory, pingWords } = workerData as PeerTask;
const words = new PeerWords(memory);
const hostNowNs = monotonicClock();
words.introduce(ownThreadId());
for (;;) {
  const { wanted } = words;
  if (wanted === SLEEP) words.sleep(hostNowNs);
  else if (wanted === SPIN) spin();
  else echo();
}

function spin(): void {
  let lastNs = hostNowNs();
  while (words.wanted === SPIN) {
    const nowNs = hostNowNs();
    if (nowNs - lastNs > GAP_NS) words.addGap(lastNs, nowNs);
    lastNs = nowNs;
    words.takeTurn();
  }
}

/** The follower of the bare exchange, until the leader ends it. */
function echo(): void {
  ping({ leader: false, words: pingWords, bursts: 0 });
  while (words.wanted === ECHO);
}
