// Paging-structure caches of a core or a device, as one: which 2 MiB regions a walk finds the way
// to without reading the upper levels of the page table (Intel SDM vol. 3, 4.10.3), and the leaf
// table that it goes to. Direct-mapped; only the owner touches them while a run lasts (plain
// accesses), anyone may read them at rest.
//
// entry word   meaning
// KEY          context · 2²⁷ + number of the region + 1; 0 is empty
// EPOCH        of the context when it was filled
// TABLE        frame of the leaf table, used without another look at the upper levels …
// TAG          … and its tag when it was filled
//
// Before the entries: each context's epoch; an entry of an older one is gone (so dropping is one
// addition).

import { TABLE_ENTRIES, VPN_LIMIT } from "../layout/address.ts";
import {
  PCIDS,
  type SharedFloats,
  type SharedWords,
  STRUCTURE_ENTRIES,
  STRUCTURE_ENTRY_WORDS,
  TABLE_DROPS,
  type Views,
} from "../layout/regions.ts";
import { checkWords } from "../layout/words.ts";

const KEY_FLOAT = 0;
const KEY = [2 * KEY_FLOAT, 64] as const;
const EPOCH = 2;
const TABLE = 3;
const TAG = 4;

checkWords("paging-structure entry", STRUCTURE_ENTRY_WORDS, { KEY, EPOCH, TABLE, TAG });

const STRUCTURE_ENTRY_FLOATS = STRUCTURE_ENTRY_WORDS / 2;

const REGION_LIMIT = VPN_LIMIT / TABLE_ENTRIES;

/** No way to the region is cached. */
export const NO_TABLE = -1;

export class PagingStructures {
  /** Of all that there is memory for, how many are used; a power of two. */
  private readonly entries: number;
  private readonly words: SharedWords;
  private readonly floats: SharedFloats;
  /** Its epochs begin at this word, its entries, counted from the region's first, at this one. */
  private readonly epochs: number;
  private readonly first: number;

  /** In the memory of `views` from word `at` on. */
  constructor({ words, floats }: Views, at: number, entries = STRUCTURE_ENTRIES) {
    this.entries = entries;
    this.words = words;
    this.floats = floats;
    this.epochs = at;
    this.first = (at + PCIDS) / STRUCTURE_ENTRY_WORDS;
  }

  /** The leaf table that a walk for `vpn` in context `pcid` goes to at once, or NO_TABLE. */
  tableOf(pcid: number, vpn: number): number {
    const { words } = this;
    const region = Math.floor(vpn / TABLE_ENTRIES);
    const entry = this.entryOf(region);
    if (this.keyIn(entry) !== pcid * REGION_LIMIT + region + 1) return NO_TABLE;
    const isCurrent = words[STRUCTURE_ENTRY_WORDS * entry + EPOCH] === words[this.epochs + pcid];
    return isCurrent ? words[STRUCTURE_ENTRY_WORDS * entry + TABLE] : NO_TABLE;
  }

  /** Of a region that `tableOf` found: the tag of its leaf table when it was cached. */
  tagOf(vpn: number): number {
    return this.words[STRUCTURE_ENTRY_WORDS * this.entryOf(Math.floor(vpn / TABLE_ENTRIES)) + TAG];
  }

  /** A walk for `vpn` has read the upper levels, and come to leaf table `table`. */
  fill(pcid: number, vpn: number, table: number, tag: number): void {
    const region = Math.floor(vpn / TABLE_ENTRIES);
    const entry = this.entryOf(region);
    const { words } = this;
    this.floats[STRUCTURE_ENTRY_FLOATS * entry + KEY_FLOAT] = pcid * REGION_LIMIT + region + 1;
    words[STRUCTURE_ENTRY_WORDS * entry + EPOCH] = words[this.epochs + pcid];
    words[STRUCTURE_ENTRY_WORDS * entry + TABLE] = table;
    words[STRUCTURE_ENTRY_WORDS * entry + TAG] = tag;
  }

  /** Drops everything of one context. */
  drop(pcid: number): void {
    this.words[this.epochs + pcid]++;
  }

  /** Drops the way to region number `region`, or to another that shares its TABLE_DROPS slot. */
  dropRegion(region: number): void {
    const entry = this.entryOf(region);
    if ((this.keyIn(entry) - 1 - region) % TABLE_DROPS !== 0) return;
    this.floats[STRUCTURE_ENTRY_FLOATS * entry + KEY_FLOAT] = 0;
  }

  /** At rest: calls `visit` for each region that is cached. */
  visitAll(visit: (pcid: number, vpn: number, table: number, tag: number) => void): void {
    const { words } = this;
    for (let number = 0; number < this.entries; number++) {
      const entry = this.entryOf(number);
      const key = this.keyIn(entry);
      if (key === 0) continue;
      const pcid = Math.floor((key - 1) / REGION_LIMIT);
      if (words[STRUCTURE_ENTRY_WORDS * entry + EPOCH] !== words[this.epochs + pcid]) continue;
      const vpn = ((key - 1) % REGION_LIMIT) * TABLE_ENTRIES;
      visit(
        pcid,
        vpn,
        words[STRUCTURE_ENTRY_WORDS * entry + TABLE],
        words[STRUCTURE_ENTRY_WORDS * entry + TAG],
      );
    }
  }

  /** Where the entry of region number `region` stands. */
  private entryOf(region: number): number {
    return this.first + (region & (this.entries - 1));
  }

  private keyIn(entry: number): number {
    return this.floats[STRUCTURE_ENTRY_FLOATS * entry + KEY_FLOAT];
  }
}
