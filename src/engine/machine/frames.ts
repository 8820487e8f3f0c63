// Physical frames: who owns each, and which are free. Table frames come first (0 to tableFrames −
// 1), data frames after them; each kind has a free list of its own. Cores take data frames from a
// magazine of their own and go to the list, where they may meet others, only every 32 frames.
//
// word           writer                readers  meaning
// FREE_TABLES,   anyone (cas)          anyone   top of the list: serial 31:20, frame + 1 19:0; the
// FREE_DATA                                     serial changes with every pop, so that a popper is
//                                               not misled but by 4,096 pops behind its back
// tag[frame]     whoever hands it out  anyone   changes at each hand-out
// owner[frame]   whoever hands it out  anyone   space + 1 that has it; −(space + 1) once it is free
//                                               again, 0 until it was handed out
// link[frame]    whoever frees it      poppers  next free frame + 1, published by the list's word;
//                or holds it                    of a frame that is held, the next one held with it
// stamp[frame]   whoever frees it      takers   deferred flushes started when it was freed …
// former[frame]  whoever frees it,     takers   … and the space + 1 that may still have it cached;
//                hands it out                   0 once everybody has flushed it
// magazine       its core              -        count, then frame numbers

import { PFN_BITS } from "../layout/pte.ts";
import {
  allWordsOf,
  MAGAZINE_LINES,
  type Regions,
  type SharedWords,
  strideWords,
  wordsOf,
} from "../layout/regions.ts";
import type { MachineShape } from "../layout/shape.ts";
import { checkWords, LINE_WORDS, maskOf } from "../layout/words.ts";

const FREE_TABLES = 0;
const FREE_DATA = LINE_WORDS;
const FIRST_FRAME = 2 * LINE_WORDS;

const COUNT = 0;
const FIRST_ENTRY = 1;
/** Frames that a magazine holds; half of them move at a time. */
export const MAGAZINE_FRAMES = 64;
const REFILL_FRAMES = MAGAZINE_FRAMES / 2;

checkWords("magazine", MAGAZINE_LINES * LINE_WORDS, {
  COUNT,
  FIRST_ENTRY,
  LAST_ENTRY: FIRST_ENTRY + MAGAZINE_FRAMES - 1,
});

const FRAME_MASK = maskOf(PFN_BITS);
export const NO_FRAME = -1;
/** Behind the last frame of a chain. */
export const END_OF_CHAIN = -2;

export class Frames {
  /**
   * The page of zeroes that every read of untouched memory maps; it has no owner and is never free.
   */
  readonly zeroFrame: number;
  private readonly words: SharedWords;
  private readonly magazines: SharedWords;
  private readonly magazineStride: number;
  private readonly hasMagazines: boolean;
  readonly tableFrames: number;
  /** All there are: those for tables come first. */
  readonly frames: number;
  private readonly tagBase: number;
  private readonly ownerBase: number;
  private readonly linkBase: number;
  private readonly stampBase: number;
  private readonly formerBase: number;

  constructor(memory: SharedArrayBuffer, regions: Regions, shape: MachineShape) {
    this.words = wordsOf(memory, regions.frames);
    this.magazines = allWordsOf(memory, regions.magazines);
    this.magazineStride = strideWords(regions.magazines);
    this.hasMagazines = shape.withoutMagazines !== true;
    this.tableFrames = shape.tableFrames;
    this.frames = shape.tableFrames + shape.dataFrames;
    this.zeroFrame = shape.tableFrames;
    this.tagBase = FIRST_FRAME;
    this.ownerBase = this.tagBase + this.frames;
    this.linkBase = this.ownerBase + this.frames;
    this.stampBase = this.linkBase + this.frames;
    this.formerBase = this.stampBase + this.frames;
  }

  /** Puts every frame on its free list, lowest first; before a run only. */
  format(): void {
    for (let frame = this.tableFrames - 1; frame >= 0; frame--) this.push(FREE_TABLES, frame);
    for (let frame = this.frames - 1; frame > this.zeroFrame; frame--) {
      this.push(FREE_DATA, frame);
    }
  }

  /** Takes a data frame for `core`, to be handed out with `handOut`; NO_FRAME if none is left. */
  take(core: number): number {
    if (!this.hasMagazines) return this.pop(FREE_DATA);
    const base = core * this.magazineStride;
    if (this.magazines[base + COUNT] === 0) this.refill(base);
    const count = this.magazines[base + COUNT];
    if (count === 0) return NO_FRAME;
    this.magazines[base + COUNT] = count - 1;
    return this.magazines[base + FIRST_ENTRY + count - 1];
  }

  /** Hands a data frame that nobody can have cached to `space`; NO_FRAME if none is left. */
  allocate(core: number, space: number): number {
    const frame = this.take(core);
    if (frame !== NO_FRAME) this.handOut(frame, space);
    return frame;
  }

  /** The frame changes hands: everybody who can have it cached from here on got it from `space`. */
  handOut(frame: number, space: number): void {
    Atomics.store(this.words, this.formerBase + frame, 0);
    Atomics.add(this.words, this.tagBase + frame, 1);
    Atomics.store(this.words, this.ownerBase + frame, space + 1);
  }

  /** Takes a data frame back from its owner; the zero frame stays what it is. */
  free(core: number, frame: number): void {
    if (frame === this.zeroFrame) return;
    this.disown(frame);
    if (!this.hasMagazines) {
      this.push(FREE_DATA, frame);
      return;
    }
    const base = core * this.magazineStride;
    if (this.magazines[base + COUNT] === MAGAZINE_FRAMES) this.drain(base);
    const count = this.magazines[base + COUNT];
    this.magazines[base + FIRST_ENTRY + count] = frame;
    this.magazines[base + COUNT] = count + 1;
  }

  /**
   * Before a frame is freed that some TLB or IOTLB may still translate to: whoever takes it then
   * looks at `formerOf` and `stampOf` before it is handed out.
   */
  noteUnflushed(frame: number, stamp: number): void {
    const owner = Atomics.load(this.words, this.ownerBase + frame);
    Atomics.store(this.words, this.stampBase + frame, stamp);
    Atomics.store(this.words, this.formerBase + frame, Math.max(0, owner));
  }

  /** The space that may still have it cached, or -1. */
  formerOf(frame: number): number {
    return Atomics.load(this.words, this.formerBase + frame) - 1;
  }

  stampOf(frame: number): number {
    return Atomics.load(this.words, this.stampBase + frame);
  }

  /** Whoever holds both: `next` is held with `frame`; or END_OF_CHAIN. */
  chain(frame: number, next: number): void {
    Atomics.store(this.words, this.linkBase + frame, next + 1);
  }

  nextOf(frame: number): number {
    return Atomics.load(this.words, this.linkBase + frame) - 1;
  }

  /** Hands out a table frame; its entries are as its last user left them (all zero). */
  allocateTable(space: number): number {
    const frame = this.pop(FREE_TABLES);
    if (frame !== NO_FRAME) this.handOut(frame, space);
    return frame;
  }

  freeTable(frame: number): void {
    this.disown(frame);
    this.push(FREE_TABLES, frame);
  }

  tagOf(frame: number): number {
    return Atomics.load(this.words, this.tagBase + frame);
  }

  /** The space that has the frame, or -1 if it is free. */
  ownerOf(frame: number): number {
    return Math.max(0, Atomics.load(this.words, this.ownerBase + frame)) - 1;
  }

  /** The space that has the frame, or had it last; -1 if none ever has. */
  lastOwnerOf(frame: number): number {
    return Math.abs(Atomics.load(this.words, this.ownerBase + frame)) - 1;
  }

  /** At rest: calls `visit` for every data frame that is to be had: on the list, in magazines. */
  forEachFree(visit: (frame: number) => void): void {
    let next = Atomics.load(this.words, FREE_DATA) & FRAME_MASK;
    // A frame that was freed twice can make the list a ring.
    for (let i = 0; next !== 0 && i < this.frames; i++) {
      visit(next - 1);
      next = Atomics.load(this.words, this.linkBase + next - 1);
    }
    for (let base = 0; base < this.magazines.length; base += this.magazineStride) {
      for (let i = 0; i < this.magazines[base + COUNT]; i++) {
        visit(this.magazines[base + FIRST_ENTRY + i]);
      }
    }
  }

  /** At rest: how many data frames some space owns. */
  countOwned(): number {
    let owned = 0;
    for (let frame = this.tableFrames; frame < this.frames; frame++) {
      if (this.ownerOf(frame) >= 0) owned++;
    }
    return owned;
  }

  private disown(frame: number): void {
    const owner = Atomics.load(this.words, this.ownerBase + frame);
    Atomics.store(this.words, this.ownerBase + frame, -Math.abs(owner));
  }

  private refill(base: number): void {
    for (let i = 0; i < REFILL_FRAMES; i++) {
      const frame = this.pop(FREE_DATA);
      if (frame === NO_FRAME) return;
      this.magazines[base + FIRST_ENTRY + i] = frame;
      this.magazines[base + COUNT] = i + 1;
    }
  }

  private drain(base: number): void {
    for (let i = 0; i < REFILL_FRAMES; i++) {
      const count = this.magazines[base + COUNT];
      this.push(FREE_DATA, this.magazines[base + FIRST_ENTRY + count - 1]);
      this.magazines[base + COUNT] = count - 1;
    }
  }

  private push(list: number, frame: number): void {
    for (;;) {
      const top = Atomics.load(this.words, list);
      Atomics.store(this.words, this.linkBase + frame, top & FRAME_MASK);
      const pushed = (top & ~FRAME_MASK) | (frame + 1);
      if (Atomics.compareExchange(this.words, list, top, pushed) === top) return;
    }
  }

  private pop(list: number): number {
    for (;;) {
      const top = Atomics.load(this.words, list);
      const frame = (top & FRAME_MASK) - 1;
      if (frame === NO_FRAME) return NO_FRAME;
      const below = Atomics.load(this.words, this.linkBase + frame);
      const serial = ((top & ~FRAME_MASK) + (1 << PFN_BITS)) | 0;
      if (Atomics.compareExchange(this.words, list, top, serial | below) === top) return frame;
    }
  }
}
