// What operations promise when they return, by leaf entry: which of its translations nobody uses
// any more. Versions only grow, so that what is promised stays true when a table is used again.
// There are none of these words while the checker is off.
//
// word       writer              readers    meaning
// GONE       initiators (cas)    checkers   no translation of an older version may be used
// RELIED     initiators (cas)    checkers   the same, where callers rely on it: another frame has
//                                           taken the place (copy on write, migration)
// PROTECTED  initiators (cas)    checkers   no older one may be used for a write
// AT_NS      initiators          checkers   (plain) when the last of these was promised

import {
  allFloatsOf,
  allWordsOf,
  PROMISE_WORDS,
  type Regions,
  type SharedFloats,
  type SharedWords,
} from "../layout/regions.ts";
import { checkWords } from "../layout/words.ts";

const GONE = 0;
const RELIED = 1;
const PROTECTED = 2;
const AT_NS = [4, 64] as const;

checkWords("promise", PROMISE_WORDS, { GONE, RELIED, PROTECTED, AT_NS });

/** How a step narrowed an entry: taken away, write-protected, or given another frame. */
export const UNMAPPED = 0;
export const WRITE_PROTECTED = 1;
export const REPLACED = 2;

export class Promises {
  private readonly words: SharedWords;
  private readonly floats: SharedFloats;

  constructor(memory: SharedArrayBuffer, regions: Regions) {
    this.words = allWordsOf(memory, regions.promises);
    this.floats = allFloatsOf(memory, regions.promises);
  }

  /** An operation that narrowed `leaf` to `version` returns at `nowNs`. */
  make(leaf: number, version: number, how: number, nowNs: number): void {
    const base = leaf * PROMISE_WORDS;
    this.floats[(base + AT_NS[0]) / 2] = nowNs;
    if (how === WRITE_PROTECTED) {
      this.raise(base + PROTECTED, version);
      return;
    }
    if (how === REPLACED) this.raise(base + RELIED, version);
    this.raise(base + GONE, version);
  }

  /** Whether nobody may use a translation of this version of the leaf entry, or not to write. */
  forbids(leaf: number, version: number, write: boolean): boolean {
    const base = leaf * PROMISE_WORDS;
    if (version < Atomics.load(this.words, base + GONE)) return true;
    return write && version < Atomics.load(this.words, base + PROTECTED);
  }

  /** Of one that is forbidden: whether callers rely on it. */
  isRelied(leaf: number, version: number, write: boolean): boolean {
    const base = leaf * PROMISE_WORDS;
    if (version < Atomics.load(this.words, base + RELIED)) return true;
    return write && version < Atomics.load(this.words, base + PROTECTED);
  }

  /** When the last promise about the leaf entry was made. */
  atNs(leaf: number): number {
    return this.floats[(leaf * PROMISE_WORDS + AT_NS[0]) / 2];
  }

  private raise(index: number, version: number): void {
    for (;;) {
      const promised = Atomics.load(this.words, index);
      if (promised >= version) return;
      if (Atomics.compareExchange(this.words, index, promised, version) === promised) return;
    }
  }
}
