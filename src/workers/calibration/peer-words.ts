// What an initiator of real shootdowns shares with one of its peers.
//
// word          writer      readers     meaning
// COMMAND       initiator   peer        what it shall do: SLEEP, SPIN or ECHO
// STATE         peer        initiator   what it does; publishes THREAD_ID and WOKEN_NS
// THREAD_ID     peer        initiator   (plain payload) as the kernel calls it
// TURNS         peer        initiator   heartbeat: turns of its loop so far, modulo 2³²; publishes
//                                       GAP_COUNT and the gaps
// GAP_COUNT     peer        initiator   (plain payload) gaps so far
// WOKEN_NS      peer        initiator   (plain payload) clock when it last woke up
// gaps          peer        initiator   (plain payload) pairs of clock readings, a ring

export const SLEEP = 0;
export const SPIN = 1;
export const ECHO = 2;
export type Command = typeof SLEEP | typeof SPIN | typeof ECHO;

export const STARTING = 0;
export const ASLEEP = 1;
export const AWAKE = 2;
export type Activity = typeof STARTING | typeof ASLEEP | typeof AWAKE;

/** Words in a cache line of 64 bytes: the two writers never share one. */
const LINE = 16;
const COMMAND = 0;
const STATE = LINE;
const THREAD_ID = LINE + 1;
const TURNS = 2 * LINE;
const GAP_COUNT = 2 * LINE + 1;
const INT_WORDS = 3 * LINE;

const WOKEN_NS = 0;
const GAPS = 1;
/** More than the two that each call of the longest cell, 512 calls, makes. */
const GAP_SLOTS = 4096;
const FLOAT_WORDS = GAPS + 2 * GAP_SLOTS;

const INT_BYTES = INT_WORDS * Int32Array.BYTES_PER_ELEMENT;
const MEMORY_BYTES = INT_BYTES + FLOAT_WORDS * Float64Array.BYTES_PER_ELEMENT;

/** When a peer took no turn, though it should have spun; in ns of the shared clock. */
export interface Gap {
  readonly beganNs: number;
  readonly endedNs: number;
}

export class PeerWords {
  readonly memory: SharedArrayBuffer;
  private readonly words: Int32Array<SharedArrayBuffer>;
  private readonly floats: Float64Array<SharedArrayBuffer>;

  constructor(memory = new SharedArrayBuffer(MEMORY_BYTES)) {
    this.memory = memory;
    this.words = new Int32Array(memory, 0, INT_WORDS);
    this.floats = new Float64Array(memory, INT_BYTES, FLOAT_WORDS);
  }

  /** Initiator: wakes the peer if it sleeps. */
  command(command: Command): void {
    Atomics.store(this.words, COMMAND, command);
    Atomics.notify(this.words, COMMAND);
  }

  get state(): Activity {
    return Atomics.load(this.words, STATE) as Activity;
  }

  /** Valid once the peer sleeps for the first time. */
  get threadId(): number {
    return this.words[THREAD_ID];
  }

  get turns(): number {
    return Atomics.load(this.words, TURNS);
  }

  /** When it last woke up. Valid once it is awake. */
  get wokenNs(): number {
    return this.floats[WOKEN_NS];
  }

  /** Gaps that touch the time from `beganNs` to `endedNs`; read `turns` before. */
  gapsWithin(beganNs: number, endedNs: number): Gap[] {
    const found: Gap[] = [];
    const count = this.words[GAP_COUNT];
    for (let gap = count - 1; gap >= Math.max(0, count - GAP_SLOTS); gap--) {
      const at = GAPS + 2 * (gap % GAP_SLOTS);
      const [gapBeganNs, gapEndedNs] = [this.floats[at], this.floats[at + 1]];
      if (gapEndedNs < beganNs) break;
      if (gapBeganNs <= endedNs) found.push({ beganNs: gapBeganNs, endedNs: gapEndedNs });
    }
    return found;
  }

  /** Peer, from here on: what it shall do. */
  get wanted(): Command {
    return Atomics.load(this.words, COMMAND) as Command;
  }

  introduce(threadId: number): void {
    this.words[THREAD_ID] = threadId; // Plain: published by STATE.
  }

  /** Sleeps until it shall do something else. */
  sleep(hostNowNs: () => number): void {
    Atomics.store(this.words, STATE, ASLEEP);
    while (Atomics.load(this.words, COMMAND) === SLEEP) Atomics.wait(this.words, COMMAND, SLEEP);
    this.floats[WOKEN_NS] = hostNowNs(); // Plain: published by STATE.
    Atomics.store(this.words, STATE, AWAKE);
  }

  /** Notes that the loop took no turn in between. */
  addGap(beganNs: number, endedNs: number): void {
    const count = this.words[GAP_COUNT];
    const at = GAPS + 2 * (count % GAP_SLOTS);
    this.floats[at] = beganNs; // Plain, like the two below: published by TURNS.
    this.floats[at + 1] = endedNs;
    this.words[GAP_COUNT] = count + 1;
  }

  takeTurn(): void {
    Atomics.store(this.words, TURNS, (this.words[TURNS] + 1) | 0);
  }
}
