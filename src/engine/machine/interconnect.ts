// The interconnect of a machine whose cores are told by broadcast (TLBI, INVLPGB): one server for
// all cores, which takes up one broadcast after the other, and a ring of what they invalidate. Each
// core applies that to its own TLB, at its own time.
//
// head word     writer                readers            meaning
// LOCK          initiators (cas)      initiators         1 while one of them is at the words below
// LAST          holder of LOCK        cores overrun      sequence number of the last broadcast
// DONE          initiators (cas)      cores              broadcasts up to here have been waited
//                                                        for: they apply at whatever time
// FREE_AT_NS    holder of LOCK        holder of LOCK     (plain) handed on by LOCK: when the next
//                                                        broadcast can be taken up
//
// slot word     writer                readers            published by
// SEQUENCE      holder of LOCK        cores              itself: its store publishes the fields
//                                                        below
// SPACE, PAGES, VPN, DUE_NS

import {
  floatsOf,
  INTERCONNECT_HEAD_LINES,
  type Regions,
  type SharedFloats,
  type SharedWords,
  wordsOf,
} from "../layout/regions.ts";
import { BROADCAST_SLOTS } from "../layout/shape.ts";
import { checkWords, LINE_WORDS } from "../layout/words.ts";

const LOCK = 0;
const LAST = 1;
const FREE_AT_NS = [2, 64] as const;
const DONE = 4;

checkWords("interconnect head", INTERCONNECT_HEAD_LINES * LINE_WORDS, {
  LOCK,
  LAST,
  DONE,
  FREE_AT_NS,
});

const SEQUENCE = 0;
const SPACE = 1;
const PAGES = 2;
const VPN = [4, 64] as const;
const DUE_NS = [6, 64] as const;

checkWords("broadcast slot", LINE_WORDS, { SEQUENCE, SPACE, PAGES, VPN, DUE_NS });

/** What `read` finds at a sequence number: a broadcast that is due by now … */
export const BROADCAST_DUE = 0;
/** … none, or one that is not due yet … */
export const BROADCAST_PENDING = 1;
/** … or that its slot has been used again: what it was is lost. */
export const BROADCAST_LOST = 2;

/** Instead of a time: another initiator broadcasts just now. */
export const INTERCONNECT_BUSY = -1;

/** Sequence number of the first broadcast of a run. */
export const FIRST_BROADCAST = 1;

/** A broadcast as a core reads it. One object is reused for all. */
export interface Broadcast {
  space: number;
  vpn: number;
  /** 0: everything of the space. */
  pages: number;
  dueNs: number;
}

export class Interconnect {
  /** Sequence number of the broadcast that whoever uses this object has sent last. */
  sent = 0;
  private readonly words: SharedWords;
  private readonly floats: SharedFloats;

  constructor(memory: SharedArrayBuffer, regions: Regions) {
    this.words = wordsOf(memory, regions.interconnect);
    this.floats = floatsOf(memory, regions.interconnect);
  }

  /**
   * An initiator: broadcasts that `pages` pages of `space` from `vpn` on are gone; 0 pages stand
   * for everything. The broadcast arrives at `nowNs` and is taken up when those before it have had
   * their `serviceNs`; `syncNs` after that it is due on all cores. Returns when it is taken up, or
   * INTERCONNECT_BUSY while another initiator is at it: that is not waited for here, as a wait must
   * end with the run.
   */
  broadcast(
    space: number,
    vpn: number,
    pages: number,
    nowNs: number,
    serviceNs: number,
    syncNs: number,
  ): number {
    const { words, floats } = this;
    if (Atomics.compareExchange(words, LOCK, 0, 1) !== 0) return INTERCONNECT_BUSY;
    const startNs = Math.max(nowNs, floats[FREE_AT_NS[0] / 2]);
    floats[FREE_AT_NS[0] / 2] = startNs + serviceNs;
    const sequence = (Atomics.load(words, LAST) + 1) | 0;
    const slot = slotOf(sequence);
    // Neither the old number nor the new one: whoever reads the slot meanwhile reads it as lost.
    Atomics.store(words, slot + SEQUENCE, (sequence - 1) | 0);
    words[slot + SPACE] = space; // Plain, as the next three: published by SEQUENCE.
    words[slot + PAGES] = pages;
    floats[(slot + VPN[0]) / 2] = vpn;
    floats[(slot + DUE_NS[0]) / 2] = startNs + syncNs;
    Atomics.store(words, slot + SEQUENCE, sequence); // Pairs with the loads in read().
    Atomics.store(words, LAST, sequence);
    Atomics.store(words, LOCK, 0);
    this.sent = sequence;
    return startNs;
  }

  /**
   * A core: looks at broadcast `sequence`, and puts it into `broadcast` if it is due at `nowNs`.
   * Those behind one that is not due are not due either. Returns one of BROADCAST_*.
   */
  read(sequence: number, nowNs: number, broadcast: Broadcast): number {
    const { words, floats } = this;
    const slot = slotOf(sequence);
    const found = Atomics.load(words, slot + SEQUENCE);
    if (found !== sequence) {
      return ((found - sequence) | 0) > 0 ? BROADCAST_LOST : BROADCAST_PENDING;
    }
    broadcast.dueNs = floats[(slot + DUE_NS[0]) / 2];
    broadcast.space = words[slot + SPACE];
    broadcast.vpn = floats[(slot + VPN[0]) / 2];
    broadcast.pages = words[slot + PAGES];
    // Again: somebody may have begun to use the slot for another while it was read.
    if (Atomics.load(words, slot + SEQUENCE) !== sequence) return BROADCAST_LOST;
    const isDone = ((Atomics.load(words, DONE) - sequence) | 0) >= 0;
    return isDone || broadcast.dueNs <= nowNs ? BROADCAST_DUE : BROADCAST_PENDING;
  }

  /** An initiator: what it has broadcast up to `sequence` is over; the last there was will do. */
  complete(sequence: number): void {
    for (;;) {
      const done = Atomics.load(this.words, DONE);
      if (((done - sequence) | 0) >= 0) return;
      Atomics.compareExchange(this.words, DONE, done, sequence);
    }
  }

  /** A core that was overrun: the sequence number of the last broadcast there is. */
  get last(): number {
    return Atomics.load(this.words, LAST);
  }
}

function slotOf(sequence: number): number {
  return INTERCONNECT_HEAD_LINES * LINE_WORDS + (sequence & (BROADCAST_SLOTS - 1)) * LINE_WORDS;
}
