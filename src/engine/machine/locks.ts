// Ticket locks: first come, first served, with the modelled time at which the last holder let go.
//
// word            writer               readers        meaning
// NEXT            waiters (add)        waiters        the next ticket
// SERVING         holder               waiters        the ticket that holds the lock
// RELEASED_NS     holder               next holder    (plain) published by SERVING
// RELEASED_BY     holder               next holder    (plain) published by SERVING: which core
// waiter[t]       waiter with ticket   holder         1 + actor that has a ticket t mod cores

import {
  allFloatsOf,
  allWordsOf,
  LOCK_HEAD_LINES,
  type Regions,
  type SharedFloats,
  type SharedWords,
  strideWords,
} from "../layout/regions.ts";
import { checkWords, LINE_WORDS } from "../layout/words.ts";
import { NOBODY } from "./actors.ts";

const NEXT = 0;
const SERVING = 1;
const RELEASED_NS = [2, 64] as const;
const RELEASED_BY = 4;
const WAITERS = LOCK_HEAD_LINES * LINE_WORDS;

checkWords("lock", LOCK_HEAD_LINES * LINE_WORDS + 1, {
  NEXT,
  SERVING,
  RELEASED_NS,
  RELEASED_BY,
  WAITERS,
});

export class Locks {
  private readonly words: SharedWords;
  private readonly floats: SharedFloats;
  private readonly stride: number;
  private readonly waiters: number;

  constructor(memory: SharedArrayBuffer, regions: Regions, cores: number) {
    this.words = allWordsOf(memory, regions.locks);
    this.floats = allFloatsOf(memory, regions.locks);
    this.stride = strideWords(regions.locks);
    this.waiters = cores;
  }

  /**
   * Queues up; the ticket says when it is the caller's turn. At most one ticket a core and lock.
   */
  takeTicket(lock: number): number {
    return Atomics.add(this.words, lock * this.stride + NEXT, 1);
  }

  /**
   * Says who waits with a ticket, to be rung by the holder; the caller looks at its turn
   * again after.
   */
  await(lock: number, ticket: number, actor: number): void {
    const base = lock * this.stride;
    Atomics.store(this.words, base + WAITERS + ((ticket >>> 0) % this.waiters), actor + 1);
  }

  /** When the lock was handed to this ticket; Infinity if it has not been yet. */
  handedNs(lock: number, ticket: number): number {
    const base = lock * this.stride;
    if (Atomics.load(this.words, base + SERVING) !== ticket) return Number.POSITIVE_INFINITY;
    return this.floats[(base + RELEASED_NS[0]) / 2];
  }

  /** The core that handed the lock over, once `handedNs` has said when. */
  releasedBy(lock: number): number {
    return this.words[lock * this.stride + RELEASED_BY];
  }

  /**
   * Core `core` lets go at `nowNs`. Returns the actor that is next, or NOBODY, for the caller
   * to ring.
   */
  release(lock: number, ticket: number, core: number, nowNs: number): number {
    const base = lock * this.stride;
    this.floats[(base + RELEASED_NS[0]) / 2] = nowNs; // Plain, as the next: published by SERVING.
    this.words[base + RELEASED_BY] = core;
    const next = (ticket + 1) | 0;
    Atomics.store(this.words, base + SERVING, next); // Pairs with the load in handedNs().
    if (Atomics.load(this.words, base + NEXT) === next) return NOBODY;
    // A waiter that has not said yet who it is will look at SERVING by itself after it has.
    return Atomics.load(this.words, base + WAITERS + ((next >>> 0) % this.waiters)) - 1;
  }
}
