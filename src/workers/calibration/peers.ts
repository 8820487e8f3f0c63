// All peers of an initiator. Every wait for one is bounded: a peer may share its CPU with programs
// that do not let go of it.

import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { PING_WORDS } from "../ping.ts";
import type { PeerTask } from "./peer.ts";
import { ASLEEP, AWAKE, ECHO, PeerWords, SLEEP, SPIN, STARTING } from "./peer-words.ts";

/** Some time slices of others. */
const PATIENCE_NS = 20_000_000;
/** From the peer's last word until the kernel has taken it from its CPU. */
const SETTLE_NS = 50_000;
const TURN_WINDOWS = 50;
const TURN_WINDOW_NS = 200_000;

export class Peers {
  readonly pingWords = new Int32Array(
    new SharedArrayBuffer(PING_WORDS * Int32Array.BYTES_PER_ELEMENT),
  );
  private readonly hostNowNs: () => number;
  private readonly all: readonly PeerWords[];
  private spinning: readonly PeerWords[] = [];
  /** What a turn of a spinning peer takes if nobody interrupts it. */
  private turnNs = 0;

  private constructor(all: readonly PeerWords[], hostNowNs: () => number) {
    this.all = all;
    this.hostNowNs = hostNowNs;
  }

  /** Starts them; they sleep. */
  static async start(count: number, hostNowNs: () => number): Promise<Peers> {
    const all = Array.from({ length: count }, () => new PeerWords());
    const peers = new Peers(all, hostNowNs);
    const file = new URL("./peer.js", import.meta.url);
    await Promise.all(
      all.map(({ memory }) => {
        const task: PeerTask = { memory, pingWords: peers.pingWords };
        return once(new Worker(file, { workerData: task }), "online");
      }),
    );
    while (all.some(({ state }) => state === STARTING)) await new Promise(setImmediate);
    return peers;
  }

  get threadIds(): number[] {
    return this.all.map(({ threadId }) => threadId);
  }

  /** Lets the first `count` spin and the others sleep; returns whether these do, within reason. */
  spin(count: number): boolean {
    for (const [i, peer] of this.all.entries()) peer.command(i < count ? SPIN : SLEEP);
    this.spinning = this.all.slice(0, count);
    const sleeping = this.all.slice(count);
    const areAsleep = this.waitFor(() => sleeping.every(({ state }) => state === ASLEEP));
    const settledNs = this.hostNowNs() + SETTLE_NS;
    while (this.hostNowNs() < settledNs);
    this.awaitTurns();
    if (count > 0 && this.turnNs === 0) this.turnNs = this.measureTurn();
    return areAsleep;
  }

  /** Whether each spinning peer, within reason, begins and ends a turn after this was called. */
  awaitTurns(): boolean {
    const before = this.spinning.map(({ turns }) => turns);
    return this.waitFor(() =>
      this.spinning.every(({ turns }, i) => ((turns - before[i]) | 0) >= 2),
    );
  }

  /** Times without a turn that touch the given one, of each spinning peer; after `awaitTurns`. */
  gapsNs(beganNs: number, endedNs: number): number[] {
    return this.spinning.flatMap((peer) =>
      peer.gapsWithin(beganNs, endedNs).map((gap) => gap.endedNs - gap.beganNs - this.turnNs),
    );
  }

  /** Wakes the first peer from its sleep: from before the notification until it reads the clock. */
  wakeUpNs(): number | undefined {
    this.spin(0);
    const [peer] = this.all;
    const beganNs = this.hostNowNs();
    peer.command(SPIN);
    if (!this.waitFor(() => peer.state === AWAKE)) return undefined;
    return peer.wokenNs - beganNs;
  }

  /** Lets the first peer follow in the bare exchange until whoever leads ends that. */
  echo(): void {
    this.spin(0);
    const [peer] = this.all;
    this.pingWords.fill(0); // Nobody reads them: published by the command.
    peer.command(ECHO); // It will obey, if late: the leader of the exchange waits for it.
  }

  private measureTurn(): number {
    const [peer] = this.spinning;
    const windows = Array.from({ length: TURN_WINDOWS }, () => {
      const before = peer.turns;
      const beganNs = this.hostNowNs();
      while (this.hostNowNs() - beganNs < TURN_WINDOW_NS);
      const endedNs = this.hostNowNs();
      return (endedNs - beganNs) / Math.max(1, (peer.turns - before) | 0);
    });
    return Math.min(...windows); // Whoever interrupted it made the others longer.
  }

  private waitFor(isSo: () => boolean): boolean {
    const untilNs = this.hostNowNs() + PATIENCE_NS;
    while (!isSo()) if (this.hostNowNs() > untilNs) return isSo();
    return true;
  }
}
