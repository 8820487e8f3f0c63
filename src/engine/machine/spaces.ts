// Address spaces: a page table, the cores that have it loaded, the IOMMUs it is attached to.
//
// word        writer                     readers     meaning
// ROOT        before the run             walkers     (plain) frame of the root table
// ATTACHED    attach, detach (or, and)   initiators  bit i: IOMMU i translates for the space
// STARTED     flush-queue flushers       enqueuers   deferred flushes begun …
// FINISHED    flush-queue flushers       reapers     … and ended: entries stamped below it may go
// TIMER       enqueuers, flushers (cas)  enqueuers   1 + the core whose timer will flush; 0: none
// HELD        cores (add)                cores       unmapped pages whose frames are not free yet
// TABLES      cores (add)                initiators  page-table pages that are unlinked and not
//                                                    free yet
// GENERATION  initiators (add)           cores       changes of the page table that somebody had to
//                                                    be told of
// TRIMMED_MS  initiators (cas)           initiators  when a flush was last sent to cores that have
//                                                    another space loaded, in ms; 0 at first
// WAITERS     cores (add)                cores       cores that wait for an address of the space
// LOADED[w]   cores (or, and)            initiators  bit c: core 32·w + c counts among those who
//                                                    may have something of the space cached …
// RUNNING[w]  cores (or, and)            initiators  … and really has it loaded
// WAITING[w]  cores (or, and)            cores       bit c: core 32·w + c is one of WAITERS

import {
  allWordsOf,
  type Regions,
  type SharedWords,
  SPACE_HEAD_LINES,
  strideWords,
} from "../layout/regions.ts";
import { checkWords, LINE_WORDS } from "../layout/words.ts";

const ROOT = 0;
const ATTACHED = 1;
const STARTED = LINE_WORDS + 1;
const FINISHED = LINE_WORDS + 2;
const TIMER = LINE_WORDS + 3;
const HELD = LINE_WORDS + 4;
const TABLES = LINE_WORDS + 5;
const GENERATION = LINE_WORDS + 6;
const TRIMMED_MS = LINE_WORDS + 7;
const WAITERS = LINE_WORDS + 8;
const LOADED = SPACE_HEAD_LINES * LINE_WORDS;

checkWords("space", SPACE_HEAD_LINES * LINE_WORDS + 1, {
  ROOT,
  ATTACHED,
  STARTED,
  FINISHED,
  TIMER,
  HELD,
  TABLES,
  GENERATION,
  TRIMMED_MS,
  WAITERS,
  LOADED,
});

export class Spaces {
  readonly count: number;
  /** Words of LOADED, of RUNNING behind them and of WAITING behind those. */
  readonly loadedWords: number;
  private readonly words: SharedWords;
  private readonly stride: number;

  constructor(memory: SharedArrayBuffer, regions: Regions, cores: number) {
    this.words = allWordsOf(memory, regions.spaces);
    this.stride = strideWords(regions.spaces);
    this.count = regions.spaces.count;
    this.loadedWords = Math.ceil(cores / 32);
  }

  setRoot(space: number, frame: number): void {
    Atomics.store(this.words, space * this.stride + ROOT, frame);
  }

  rootOf(space: number): number {
    return this.words[space * this.stride + ROOT]; // Plain: it was set before the run.
  }

  attach(space: number, iommu: number): void {
    Atomics.or(this.words, space * this.stride + ATTACHED, 1 << iommu);
  }

  detach(space: number, iommu: number): void {
    Atomics.and(this.words, space * this.stride + ATTACHED, ~(1 << iommu));
  }

  /** Bit i: IOMMU i has the space attached. All that a flush reads when there is no device. */
  attachedTo(space: number): number {
    return Atomics.load(this.words, space * this.stride + ATTACHED);
  }

  load(space: number, core: number): void {
    const index = this.loadedIndex(space, core);
    Atomics.or(this.words, index, 1 << (core & 31));
    Atomics.or(this.words, index + this.loadedWords, 1 << (core & 31));
  }

  unload(space: number, core: number): void {
    this.leave(space, core);
    Atomics.and(this.words, this.loadedIndex(space, core), ~(1 << (core & 31)));
  }

  /** The core has another space loaded, and goes on counting among those of this one. */
  leave(space: number, core: number): void {
    const index = this.loadedIndex(space, core) + this.loadedWords;
    Atomics.and(this.words, index, ~(1 << (core & 31)));
  }

  isLoaded(space: number, core: number): boolean {
    return (Atomics.load(this.words, this.loadedIndex(space, core)) & (1 << (core & 31))) !== 0;
  }

  isRunning(space: number, core: number): boolean {
    const index = this.loadedIndex(space, core) + this.loadedWords;
    return (Atomics.load(this.words, index) & (1 << (core & 31))) !== 0;
  }

  /** Bits of cores 32·word to 32·word + 31 that have the space loaded. */
  loadedBits(space: number, word: number): number {
    return Atomics.load(this.words, space * this.stride + LOADED + word);
  }

  /** Changes how many unmapped pages still hold their frame. */
  addHeld(space: number, pages: number): void {
    Atomics.add(this.words, space * this.stride + HELD, pages);
  }

  heldBy(space: number): number {
    return Atomics.load(this.words, space * this.stride + HELD);
  }

  /** The same of page-table pages. */
  addHeldTables(space: number, tables: number): void {
    Atomics.add(this.words, space * this.stride + TABLES, tables);
  }

  heldTables(space: number): number {
    return Atomics.load(this.words, space * this.stride + TABLES);
  }

  /** The page table has changed, and cores are about to be told: returns the new generation. */
  nextGeneration(space: number): number {
    return (Atomics.add(this.words, space * this.stride + GENERATION, 1) + 1) | 0;
  }

  generationOf(space: number): number {
    return Atomics.load(this.words, space * this.stride + GENERATION);
  }

  /** True once in `periodMs`, for whoever asks first: time counts from the start of the run. */
  takeTrim(space: number, nowMs: number, periodMs: number): boolean {
    const index = space * this.stride + TRIMMED_MS;
    const last = Atomics.load(this.words, index);
    if (((nowMs - last) | 0) <= periodMs) return false;
    return Atomics.compareExchange(this.words, index, last, nowMs | 0) === last;
  }

  /** `core` waits for an address of the space from here on; then it looks whether that is free. */
  awaitAddress(space: number, core: number): void {
    Atomics.or(this.words, this.waitingIndex(space, core), 1 << (core & 31));
    Atomics.add(this.words, space * this.stride + WAITERS, 1);
  }

  endAddressWait(space: number, core: number): void {
    Atomics.sub(this.words, space * this.stride + WAITERS, 1);
    Atomics.and(this.words, this.waitingIndex(space, core), ~(1 << (core & 31)));
  }

  hasAddressWaiters(space: number): boolean {
    return Atomics.load(this.words, space * this.stride + WAITERS) > 0;
  }

  /** Bits of cores 32·word to 32·word + 31 that wait for an address. */
  addressWaiters(space: number, word: number): number {
    const index = space * this.stride + LOADED + 2 * this.loadedWords + word;
    return Atomics.load(this.words, index);
  }

  startDeferredFlush(space: number): void {
    Atomics.add(this.words, space * this.stride + STARTED, 1);
  }

  finishDeferredFlush(space: number): void {
    Atomics.add(this.words, space * this.stride + FINISHED, 1);
  }

  deferredFlushesStarted(space: number): number {
    return Atomics.load(this.words, space * this.stride + STARTED);
  }

  /**
   * Whether one has finished that began when so many had been started, or later. Both counts wrap.
   */
  hasFlushedSince(space: number, started: number): boolean {
    return ((Atomics.load(this.words, space * this.stride + FINISHED) - started) | 0) > 0;
  }

  /** True if the caller is now the one whose timer flushes the queues. */
  armTimer(space: number, core: number): boolean {
    const index = space * this.stride + TIMER;
    return Atomics.compareExchange(this.words, index, 0, core + 1) === 0;
  }

  disarmTimer(space: number): void {
    Atomics.store(this.words, space * this.stride + TIMER, 0);
  }

  private waitingIndex(space: number, core: number): number {
    return this.loadedIndex(space, core) + 2 * this.loadedWords;
  }

  private loadedIndex(space: number, core: number): number {
    return space * this.stride + LOADED + (core >>> 5);
  }
}
