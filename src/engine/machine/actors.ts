// What every actor has: the word it sleeps on, and what it is doing, for the watchdog.
//
// word        writer                   readers     meaning
// SLEEPING    owner; ringers clear     ringers     the owner is about to wait on DOORBELL, or does:
//                                                  for a ring, or also for one actor's answer
// DOORBELL    ringers (add)            owner       moved since the owner set SLEEPING: do not wait
// WAIT_KIND   owner                    watchdog    (plain, diagnostic, as all below) what it waits
//                                                  for
// WAIT_ON     owner                    watchdog    which actor or object that is
// PROGRESS    owner                    watchdog    moves whenever the owner gets something done
// CURSOR_NS   owner                    watchdog    the owner's modelled time
//
// SLEEPING and DOORBELL have a line of their own: while nobody sleeps it stays in every cache, and
// a ring costs one load.

import {
  ACTOR_LINES,
  allFloatsOf,
  allWordsOf,
  type Regions,
  type SharedFloats,
  type SharedWords,
  strideWords,
} from "../layout/regions.ts";
import { checkWords, LINE_WORDS } from "../layout/words.ts";

const SLEEPING = 0;
/** Values of SLEEPING: awake, asleep until it is rung, and from there on … */
const AWAKE = 0;
const FOR_RING = 1;
/** … until it is rung or an actor has answered: that actor's number is added. */
const FOR_ANSWER = 2;
const DOORBELL = 1;
const WAIT_KIND = 16;
const WAIT_ON = 17;
const PROGRESS = 18;
const CURSOR_NS = [20, 64] as const;

checkWords("actor", ACTOR_LINES * LINE_WORDS, {
  SLEEPING,
  DOORBELL,
  WAIT_KIND,
  WAIT_ON,
  PROGRESS,
  CURSOR_NS,
});

/** No actor. */
export const NOBODY = -1;

export const WAIT_NONE = 0;
export const WAIT_ACK = 1;
export const WAIT_LOCK = 2;
export const WAIT_MAILBOX = 3;
export const WAIT_QUEUE = 4;
export const WAIT_INVALIDATION = 5;
export const WAIT_DMA = 6;
export const WAIT_WORK = 7;
export const WAIT_ADDRESS = 8;

const WAIT_WORDS = [
  "nothing",
  "acknowledgement of core",
  "lock",
  "room in the mailbox of core",
  "room in the queue of iommu",
  "completion by iommu",
  "DMA in flight of device",
  "work",
  "an address that is held in space",
] as const;

export class Actors {
  readonly words: SharedWords;
  private readonly floats: SharedFloats;
  private readonly stride: number;

  constructor(memory: SharedArrayBuffer, regions: Regions) {
    this.words = allWordsOf(memory, regions.actors);
    this.floats = allFloatsOf(memory, regions.actors);
    this.stride = strideWords(regions.actors);
  }

  /** The word that `actor` waits on. */
  doorbellIndex(actor: number): number {
    return actor * this.stride + DOORBELL;
  }

  /**
   * Owner: announces that it may wait as soon as it has read its conditions again: for a ring, and
   * unless `awaited` is NOBODY also for that actor's answer.
   */
  announceSleep(actor: number, awaited: number): number {
    const base = actor * this.stride;
    const doorbell = Atomics.load(this.words, base + DOORBELL);
    const what = awaited === NOBODY ? FOR_RING : FOR_ANSWER + awaited;
    Atomics.store(this.words, base + SLEEPING, what); // Before conditions are read again.
    return doorbell;
  }

  /** Owner: is awake again. */
  endSleep(actor: number): void {
    Atomics.store(this.words, actor * this.stride + SLEEPING, AWAKE);
  }

  /**
   * Wakes `actor` if it sleeps. The caller has stored what it rings for: either this load sees
   * SLEEPING, or the owner's next look at its conditions sees what was stored.
   */
  wake(actor: number): void {
    const base = actor * this.stride;
    if (Atomics.load(this.words, base + SLEEPING) !== AWAKE) this.rouse(base);
  }

  /** `by` has stored its answer: wakes `actor` if it sleeps for that. */
  answer(actor: number, by: number): void {
    const base = actor * this.stride;
    if (Atomics.load(this.words, base + SLEEPING) === FOR_ANSWER + by) this.rouse(base);
  }

  private rouse(base: number): void {
    Atomics.store(this.words, base + SLEEPING, AWAKE);
    Atomics.add(this.words, base + DOORBELL, 1);
    Atomics.notify(this.words, base + DOORBELL);
  }

  /** Owner: says what it waits for, for the table of who waits for whom. */
  waits(actor: number, kind: number, on: number): void {
    const base = actor * this.stride;
    this.words[base + WAIT_KIND] = kind; // Plain, as all that only the watchdog reads.
    this.words[base + WAIT_ON] = on;
  }

  /** Owner: got something done. */
  progressed(actor: number): void {
    this.words[actor * this.stride + PROGRESS]++;
  }

  progressOf(actor: number): number {
    return this.words[actor * this.stride + PROGRESS];
  }

  /** Owner: leaves its modelled time for the watchdog's table. */
  noteCursor(actor: number, cursorNs: number): void {
    this.floats[(actor * this.stride + CURSOR_NS[0]) / 2] = cursorNs;
  }

  /** Whether it waits for somebody else to do something for it. */
  isWaiting(actor: number): boolean {
    const kind = this.words[actor * this.stride + WAIT_KIND];
    return kind !== WAIT_NONE && kind !== WAIT_WORK;
  }

  /** One line of the table of who waits for whom. */
  describeWait(actor: number): string {
    const base = actor * this.stride;
    const kind = this.words[base + WAIT_KIND];
    const on = this.words[base + WAIT_ON];
    const cursorNs = this.floats[(base + CURSOR_NS[0]) / 2];
    const what = WAIT_WORDS[kind] ?? "something unknown";
    const whom = kind === WAIT_NONE || kind === WAIT_WORK ? "" : ` ${on}`;
    return `waits for ${what}${whom}, at ${cursorNs} ns`;
  }
}
