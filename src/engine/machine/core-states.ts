// What others must know of a core besides its mailbox: whether it is idle, and how far it has come
// with what it drops by itself.
//
// word         writer                       readers     meaning
// IDLE         the core (store, exchange),  initiators  AWAKE, IDLE, or MARKED: idle, and must
//              initiators (cas)                         flush before it uses translations
// SWEEPS       the core (add)               reapers     sweeps of the flush queues that it has done
// ACCESSES     the core (add)               initiators  odd while it makes an access that a
//                                           that        broadcast must not overtake
//                                           broadcast
// MARKED_NS    the initiator that marks     the core    (plain) when; published by IDLE

import {
  allFloatsOf,
  allWordsOf,
  CORE_STATE_LINES,
  type Regions,
  type SharedFloats,
  type SharedWords,
  strideWords,
} from "../layout/regions.ts";
import { checkWords, LINE_WORDS } from "../layout/words.ts";

const IDLE = 0;
const SWEEPS = 1;
const ACCESSES = 2;
const MARKED_NS = [4, 64] as const;

checkWords("core state", CORE_STATE_LINES * LINE_WORDS, { IDLE, SWEEPS, ACCESSES, MARKED_NS });

const CORE_AWAKE = 0;
const CORE_IDLE = 1;
const CORE_MARKED = 2;

export class CoreStates {
  private readonly words: SharedWords;
  private readonly floats: SharedFloats;
  private readonly stride: number;

  constructor(memory: SharedArrayBuffer, regions: Regions) {
    this.words = allWordsOf(memory, regions.coreStates);
    this.floats = allFloatsOf(memory, regions.coreStates);
    this.stride = strideWords(regions.coreStates);
  }

  /** The core: uses no translation from here on until it leaves. */
  enterIdle(core: number): void {
    Atomics.store(this.words, core * this.stride + IDLE, CORE_IDLE);
  }

  /** The core: is back. Whether it was marked meanwhile and has to flush first. */
  leaveIdle(core: number): boolean {
    return Atomics.exchange(this.words, core * this.stride + IDLE, CORE_AWAKE) === CORE_MARKED;
  }

  isIdle(core: number): boolean {
    return Atomics.load(this.words, core * this.stride + IDLE) !== CORE_AWAKE;
  }

  /**
   * Initiator, with the page table changed: marks an idle core. False if it is awake and has to be
   * told.
   */
  mark(core: number, nowNs: number): boolean {
    const index = core * this.stride + IDLE;
    const state = Atomics.load(this.words, index);
    if (state !== CORE_IDLE) return state === CORE_MARKED;
    // Plain: published by the swap. Of two that mark at once either time will do.
    this.floats[(core * this.stride + MARKED_NS[0]) / 2] = nowNs;
    return Atomics.compareExchange(this.words, index, CORE_IDLE, CORE_MARKED) !== CORE_AWAKE;
  }

  /** Whether it is idle and will flush before it uses anything again. */
  isMarked(core: number): boolean {
    return Atomics.load(this.words, core * this.stride + IDLE) === CORE_MARKED;
  }

  /** The core: when it was marked last, if it was. */
  markedNs(core: number): number {
    return this.floats[(core * this.stride + MARKED_NS[0]) / 2];
  }

  /** The core: an access begins, or has ended. */
  countAccess(core: number): void {
    Atomics.add(this.words, core * this.stride + ACCESSES, 1);
  }

  accessesOf(core: number): number {
    return Atomics.load(this.words, core * this.stride + ACCESSES);
  }

  countSweep(core: number): void {
    Atomics.add(this.words, core * this.stride + SWEEPS, 1);
  }

  sweepsOf(core: number): number {
    return Atomics.load(this.words, core * this.stride + SWEEPS);
  }
}
