// A core's TLBs: a first level and a second, both set-associative. A page goes into an empty entry
// of its set (one that was dropped singly, or never filled), or else into that whose turn it is.
// Only the owner touches them while a run lasts (plain accesses); anyone may read them at rest.
//
// entry word   meaning
// KEY          context · 2³⁶ + page number + 1; 0 is empty
// PTE          as it was walked
// VERSION      of the page when it was filled
// TAG          of the frame when it was filled
// EPOCH        flush epoch of the context when it was filled
// LEAF         where the page-table entry stands
// SET          in the first entry of a set, of all its entries: USED 31:16, how many are not empty,
//              and NEXT_WAY 15:0, which is filled next once all are: the first, the second …
//
// Empty entries are filled from the last way on. So a set is looked through from there, until all
// that it has were seen: with as few pages as modelled programs use that is one or none.
//
// Before the entries: each context's epoch; an entry of an older one is gone (so a full flush is
// one addition). An entry is one record, and all cores' are seen through the same typed arrays:
// with a thousand cores every access misses the host's caches, and so few lines are touched.
//
// What drops translations also drops the paging-structure caches of the context. With a watch, each
// translation is reported that leaves the TLB: with its second copy, where both levels had one.

import { lowBits, VPN_LIMIT } from "../layout/address.ts";
import {
  PCIDS,
  type SharedFloats,
  type SharedWords,
  STRUCTURES_BYTES,
  TLB_ENTRY_WORDS,
  tlbEntries,
  type Views,
} from "../layout/regions.ts";
import type { MachineShape } from "../layout/shape.ts";
import { checkBits, checkWords, maskOf, WORD_BYTES, wholeLines } from "../layout/words.ts";
import type { CacheWatch } from "./cache-watch.ts";
import { PagingStructures } from "./paging-structures.ts";

const KEY_FLOAT = 0;
const KEY = [2 * KEY_FLOAT, 64] as const;
const PTE = 2;
const VERSION = 3;
const TAG = 4;
const EPOCH = 5;
const LEAF = 6;
const SET = 7;

checkWords("TLB entry", TLB_ENTRY_WORDS, { KEY, PTE, VERSION, TAG, EPOCH, LEAF, SET });

const NEXT_WAY = { shift: 0, width: 16 };
const USED = { shift: 16, width: 16 };

checkBits("TLB set", { NEXT_WAY, USED });

const NEXT_WAY_MASK = maskOf(NEXT_WAY.width);
const ONE_USED = 1 << USED.shift;

const TLB_ENTRY_FLOATS = TLB_ENTRY_WORDS / 2;

export const TLB_MISS = -1;

export class CoreTlb {
  readonly structures: PagingStructures;
  /** All cores' memory … */
  private readonly words: SharedWords;
  private readonly floats: SharedFloats;
  /** … of which this one's epochs begin at this word, … */
  private readonly epochs: number;
  /** … and its entries, counted from the region's first, at these: the second level's are last. */
  private readonly l1: number;
  private readonly l2: number;
  private readonly entries: number;
  private readonly l1Mask: number;
  private readonly l1Ways: number;
  private readonly l2Mask: number;
  private readonly l2Ways: number;
  private watch: CacheWatch | undefined;
  /** With a watch: entries that were written since all was dropped, each once. */
  private journal = new Int32Array(0);
  private journaled = new Uint8Array(0);
  private journalLength = 0;

  /** `views`: of the region of all cores' TLBs. */
  constructor(views: Views, { l1, l2 }: MachineShape, core: number) {
    this.words = views.words;
    this.floats = views.floats;
    this.epochs = core * views.strideWords;
    this.structures = new PagingStructures(views, this.epochs + PCIDS);
    const first = this.epochs + PCIDS + wholeLines(STRUCTURES_BYTES) / WORD_BYTES;
    this.l1 = first / TLB_ENTRY_WORDS;
    this.l2 = this.l1 + tlbEntries(l1);
    this.entries = tlbEntries(l1) + tlbEntries(l2);
    this.l1Mask = l1.sets - 1;
    this.l2Mask = l2.sets - 1;
    this.l1Ways = l1.ways;
    this.l2Ways = l2.ways;
  }

  /** From now on `watch` is told what leaves the TLB. */
  watchBy(watch: CacheWatch): void {
    this.watch = watch;
    this.journal = new Int32Array(this.entries);
    this.journaled = new Uint8Array(this.entries);
  }

  /** The entry that translates `vpn` in context `pcid`, or TLB_MISS. Fills L1 from L2. */
  lookup(pcid: number, vpn: number): number {
    const key = keyOf(pcid, vpn);
    const inL1 = this.find(this.l1SetOf(vpn), this.l1Ways, key, pcid);
    if (inL1 !== TLB_MISS) return inL1;
    const inL2 = this.find(this.l2SetOf(vpn), this.l2Ways, key, pcid);
    if (inL2 === TLB_MISS) return TLB_MISS;
    const { words } = this;
    const to = this.entryFor(key, this.l1SetOf(vpn), this.l1Ways);
    if (this.watch !== undefined) this.noteWrite(to, key);
    this.floats[TLB_ENTRY_FLOATS * to + KEY_FLOAT] = key;
    for (let word = PTE; word <= LEAF; word++) {
      words[TLB_ENTRY_WORDS * to + word] = words[TLB_ENTRY_WORDS * inL2 + word];
    }
    return to;
  }

  /** Of an entry that `lookup` found: the page-table entry as it was walked … */
  pteOf(entry: number): number {
    return this.words[TLB_ENTRY_WORDS * entry + PTE];
  }

  /** … the version of the page … */
  versionOf(entry: number): number {
    return this.words[TLB_ENTRY_WORDS * entry + VERSION];
  }

  /** … and the tag of the frame, as they were then; … */
  tagOf(entry: number): number {
    return this.words[TLB_ENTRY_WORDS * entry + TAG];
  }

  /** … and where the page-table entry stands. */
  leafOf(entry: number): number {
    return this.words[TLB_ENTRY_WORDS * entry + LEAF];
  }

  /** The epoch to hand to `insert`: read before the walk, so that a flush in between wins. */
  epochOf(pcid: number): number {
    return this.words[this.epochs + pcid];
  }

  /** Puts a walked translation into both levels. */
  insert(
    pcid: number,
    vpn: number,
    pte: number,
    version: number,
    tag: number,
    leaf: number,
    epoch: number,
  ): void {
    const key = keyOf(pcid, vpn);
    const inL1 = this.entryFor(key, this.l1SetOf(vpn), this.l1Ways);
    this.write(inL1, key, pte, version, tag, leaf, epoch);
    const inL2 = this.entryFor(key, this.l2SetOf(vpn), this.l2Ways);
    this.write(inL2, key, pte, version, tag, leaf, epoch);
  }

  /**
   * INVLPG: drops one page of one context from both levels, and all paging-structure caches of that
   * context, wherever the page is (Intel SDM vol. 3, 4.10.4.1).
   */
  invalidatePage(pcid: number, vpn: number): void {
    this.structures.drop(pcid);
    const key = keyOf(pcid, vpn);
    this.drop(this.l1SetOf(vpn), this.l1Ways, key);
    this.drop(this.l2SetOf(vpn), this.l2Ways, key);
  }

  /** A CR3 write: drops everything of one context. */
  flushContext(pcid: number): void {
    this.structures.drop(pcid);
    if (this.watch !== undefined) {
      this.reportContext(pcid);
      this.watch.flushed();
    }
    this.words[this.epochs + pcid]++;
  }

  /** Drops everything of all contexts. */
  flushAll(): void {
    for (let pcid = 0; pcid < PCIDS; pcid++) this.flushContext(pcid);
  }

  /** At rest: calls `visit` for each translation that it holds, for some twice. */
  visitAll(visit: (pcid: number, vpn: number, pte: number) => void): void {
    for (let entry = this.l1; entry < this.l1 + this.entries; entry++) {
      const key = this.keyIn(entry);
      if (key !== 0 && this.isCurrent(entry)) visit(pcidOf(key), vpnOf(key), this.pteOf(entry));
    }
  }

  /** At rest: tells the watch of everything that is still there. */
  reportAll(): void {
    for (let pcid = 0; pcid < PCIDS; pcid++) this.reportContext(pcid);
  }

  /** At rest: whether any level translates the page. */
  holds(pcid: number, vpn: number): boolean {
    const key = keyOf(pcid, vpn);
    return (
      this.find(this.l1SetOf(vpn), this.l1Ways, key, pcid) !== TLB_MISS ||
      this.find(this.l2SetOf(vpn), this.l2Ways, key, pcid) !== TLB_MISS
    );
  }

  private l1SetOf(vpn: number): number {
    return this.l1 + lowBits(vpn, this.l1Mask) * this.l1Ways;
  }

  private l2SetOf(vpn: number): number {
    return this.l2 + lowBits(vpn, this.l2Mask) * this.l2Ways;
  }

  private keyIn(entry: number): number {
    return this.floats[TLB_ENTRY_FLOATS * entry + KEY_FLOAT];
  }

  /** The entry of a set that has a page, whatever its epoch, or TLB_MISS. */
  private seek(set: number, ways: number, key: number): number {
    const { floats } = this;
    let left = this.words[TLB_ENTRY_WORDS * set + SET] >>> USED.shift;
    for (let entry = set + ways - 1; left > 0; entry--) {
      const found = floats[TLB_ENTRY_FLOATS * entry + KEY_FLOAT];
      if (found === key) return entry;
      if (found !== 0) left--;
    }
    return TLB_MISS;
  }

  /** The same, if it translates. */
  private find(set: number, ways: number, key: number, pcid: number): number {
    const { words } = this;
    const entry = this.seek(set, ways, key);
    if (entry === TLB_MISS) return TLB_MISS;
    const isCurrent = words[TLB_ENTRY_WORDS * entry + EPOCH] === words[this.epochs + pcid];
    return isCurrent ? entry : TLB_MISS;
  }

  private drop(set: number, ways: number, key: number): void {
    const entry = this.seek(set, ways, key);
    if (entry === TLB_MISS) return;
    if (this.watch !== undefined) this.noteDrop(entry, key);
    this.floats[TLB_ENTRY_FLOATS * entry + KEY_FLOAT] = 0;
    this.words[TLB_ENTRY_WORDS * set + SET] -= ONE_USED;
  }

  /**
   * Which entry of a set a page is put into: its own, so that it never has two, or an empty one, or
   * that whose turn it is. To be followed by `write`.
   */
  private entryFor(key: number, set: number, ways: number): number {
    const own = this.seek(set, ways, key);
    if (own !== TLB_MISS) return own;
    const { words } = this;
    const index = TLB_ENTRY_WORDS * set + SET;
    if (words[index] >>> USED.shift < ways) {
      words[index] += ONE_USED;
      let entry = set + ways - 1;
      while (this.keyIn(entry) !== 0) entry--;
      return entry;
    }
    const way = words[index] & NEXT_WAY_MASK;
    words[index] += way + 1 === ways ? -way : 1;
    return set + ways - 1 - way; // From the way that is filled first.
  }

  private write(
    entry: number,
    key: number,
    pte: number,
    version: number,
    tag: number,
    leaf: number,
    epoch: number,
  ): void {
    if (this.watch !== undefined) this.noteWrite(entry, key);
    const { words } = this;
    this.floats[TLB_ENTRY_FLOATS * entry + KEY_FLOAT] = key;
    const base = TLB_ENTRY_WORDS * entry;
    words[base + PTE] = pte;
    words[base + VERSION] = version;
    words[base + TAG] = tag;
    words[base + EPOCH] = epoch;
    words[base + LEAF] = leaf;
  }

  /** An entry is about to be written: reports what it takes the place of. */
  private noteWrite(entry: number, key: number): void {
    const former = this.keyIn(entry);
    if (former !== 0 && former !== key) this.noteDrop(entry, former);
    if (this.journaled[entry - this.l1] === 1) return;
    this.journaled[entry - this.l1] = 1;
    this.journal[this.journalLength++] = entry;
  }

  /** A translation is about to leave one level: it is gone if the other has none. */
  private noteDrop(entry: number, key: number): void {
    if (this.isCurrent(entry) && !this.otherLevelHolds(entry, key)) this.report(entry, key);
  }

  /** Everything of one context is about to be dropped. */
  private reportContext(pcid: number): void {
    const { journal, journaled } = this;
    const first = pcid * VPN_LIMIT + 1; // Keys of the context: from here on …
    const behind = first + VPN_LIMIT; // … to before here.
    let kept = 0;
    for (let i = 0; i < this.journalLength; i++) {
      const entry = journal[i];
      const key = this.keyIn(entry);
      if (key !== 0 && (key < first || key >= behind)) {
        journal[kept++] = entry;
        continue;
      }
      journaled[entry - this.l1] = 0;
      if (key === 0 || !this.isCurrent(entry)) continue;
      if (entry >= this.l2 || !this.otherLevelHolds(entry, key)) this.report(entry, key);
    }
    this.journalLength = kept;
  }

  private report(entry: number, key: number): void {
    const [pte, version] = [this.pteOf(entry), this.versionOf(entry)];
    this.watch?.gone(pcidOf(key), vpnOf(key), this.leafOf(entry), pte, version);
  }

  private isCurrent(entry: number): boolean {
    return (
      this.words[TLB_ENTRY_WORDS * entry + EPOCH] ===
      this.words[this.epochs + pcidOf(this.keyIn(entry))]
    );
  }

  private otherLevelHolds(entry: number, key: number): boolean {
    const vpn = vpnOf(key);
    const pcid = pcidOf(key);
    const other =
      entry < this.l2
        ? this.find(this.l2SetOf(vpn), this.l2Ways, key, pcid)
        : this.find(this.l1SetOf(vpn), this.l1Ways, key, pcid);
    return other !== TLB_MISS;
  }
}

function keyOf(pcid: number, vpn: number): number {
  return pcid * VPN_LIMIT + vpn + 1;
}

function pcidOf(key: number): number {
  return Math.floor((key - 1) / VPN_LIMIT);
}

function vpnOf(key: number): number {
  return (key - 1) % VPN_LIMIT;
}
