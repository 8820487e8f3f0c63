// A core's TLBs: a first level and a second, both set-associative. A page goes into an empty entry
// of its set (one that was dropped singly, or never filled), or else into that whose turn it is.
// Only the owner touches them while a run lasts (plain accesses); anyone may read them at rest.
//
// array      per        meaning
// keys       entry      context · 2³⁶ + page number + 1; 0 is empty
// data       entry      five words: PTE as it was walked; VERSION of the page, TAG of the frame and
//                       flush EPOCH of the context when it was filled; LEAF: where the entry stands
// current    context    the epoch; an entry of an older one is gone (so a full flush is one
//                       addition)
//
// What drops translations also drops the paging-structure caches of the context. With a watch, each
// translation is reported that leaves the TLB: with its second copy, where both levels had one.

import { lowBits, VPN_LIMIT } from "../layout/address.ts";
import {
  PCIDS,
  type Region,
  type SharedFloats,
  type SharedWords,
  STRUCTURES_BYTES,
  tlbEntries,
} from "../layout/regions.ts";
import type { MachineShape } from "../layout/shape.ts";
import { checkWords, wholeLines } from "../layout/words.ts";
import type { CacheWatch } from "./cache-watch.ts";
import { PagingStructures } from "./paging-structures.ts";

const PTE = 0;
const VERSION = 1;
const TAG = 2;
const EPOCH = 3;
const LEAF = 4;
const DATA_WORDS = 5;

checkWords("TLB entry", DATA_WORDS, { PTE, VERSION, TAG, EPOCH, LEAF });

export const TLB_MISS = -1;

export class CoreTlb {
  readonly structures: PagingStructures;
  private readonly keys: SharedFloats;
  private readonly data: SharedWords;
  private readonly current: SharedWords;
  private readonly l1Mask: number;
  private readonly l1Ways: number;
  private readonly l2Mask: number;
  private readonly l2Ways: number;
  private readonly l2Base: number;
  /** By set, those of the first level first: which way is filled next once all are taken. */
  private readonly nextWay: Uint8Array;
  private watch: CacheWatch | undefined;
  /** With a watch: entries that were written since all was dropped, each once. */
  private journal = new Int32Array(0);
  private journaled = new Uint8Array(0);
  private journalLength = 0;

  constructor(memory: SharedArrayBuffer, region: Region, shape: MachineShape, core: number) {
    const entries = tlbEntries(shape.l1) + tlbEntries(shape.l2);
    let offset = region.offset + core * region.stride;
    const end = offset + region.stride;
    this.keys = new Float64Array(memory, offset, entries);
    offset += this.keys.byteLength;
    const words = (count: number): SharedWords => {
      const array = new Int32Array(memory, offset, count);
      offset += array.byteLength;
      return array;
    };
    this.data = words(DATA_WORDS * entries);
    this.current = words(PCIDS);
    this.structures = new PagingStructures(memory, end - wholeLines(STRUCTURES_BYTES));
    this.l1Mask = shape.l1.sets - 1;
    this.l1Ways = shape.l1.ways;
    this.l2Mask = shape.l2.sets - 1;
    this.l2Ways = shape.l2.ways;
    this.l2Base = tlbEntries(shape.l1);
    this.nextWay = new Uint8Array(shape.l1.sets + shape.l2.sets);
  }

  /** From now on `watch` is told what leaves the TLB. */
  watchBy(watch: CacheWatch): void {
    this.watch = watch;
    this.journal = new Int32Array(this.keys.length);
    this.journaled = new Uint8Array(this.keys.length);
  }

  /** Index of the entry that translates `vpn` in context `pcid`, or TLB_MISS. Fills L1 from L2. */
  lookup(pcid: number, vpn: number): number {
    const key = keyOf(pcid, vpn);
    const l1Set = lowBits(vpn, this.l1Mask) * this.l1Ways;
    const inL1 = this.find(l1Set, this.l1Ways, key, pcid);
    if (inL1 !== TLB_MISS) return inL1;
    const l2Set = this.l2Base + lowBits(vpn, this.l2Mask) * this.l2Ways;
    const inL2 = this.find(l2Set, this.l2Ways, key, pcid);
    if (inL2 === TLB_MISS) return TLB_MISS;
    const to = this.l1EntryFor(key, vpn);
    if (this.watch !== undefined) this.noteWrite(to, key);
    this.keys[to] = key;
    const { data } = this;
    for (let word = 0; word < DATA_WORDS; word++) {
      data[DATA_WORDS * to + word] = data[DATA_WORDS * inL2 + word];
    }
    return to;
  }

  /** Of an entry that `lookup` found: the page-table entry as it was walked … */
  pteOf(entry: number): number {
    return this.data[DATA_WORDS * entry + PTE];
  }

  /** … the version of the page … */
  versionOf(entry: number): number {
    return this.data[DATA_WORDS * entry + VERSION];
  }

  /** … and the tag of the frame, as they were then; … */
  tagOf(entry: number): number {
    return this.data[DATA_WORDS * entry + TAG];
  }

  /** … and where the page-table entry stands. */
  leafOf(entry: number): number {
    return this.data[DATA_WORDS * entry + LEAF];
  }

  /** The epoch to hand to `insert`: read before the walk, so that a flush in between wins. */
  epochOf(pcid: number): number {
    return this.current[pcid];
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
    this.write(this.l1EntryFor(key, vpn), key, pte, version, tag, leaf, epoch);
    this.write(this.l2EntryFor(key, vpn), key, pte, version, tag, leaf, epoch);
  }

  /**
   * INVLPG: drops one page of one context from both levels, and all paging-structure caches of that
   * context, wherever the page is (Intel SDM vol. 3, 4.10.4.1).
   */
  invalidatePage(pcid: number, vpn: number): void {
    this.structures.drop(pcid);
    const key = keyOf(pcid, vpn);
    this.drop(lowBits(vpn, this.l1Mask) * this.l1Ways, this.l1Ways, key);
    this.drop(this.l2Base + lowBits(vpn, this.l2Mask) * this.l2Ways, this.l2Ways, key);
  }

  /** A CR3 write: drops everything of one context. */
  flushContext(pcid: number): void {
    this.structures.drop(pcid);
    if (this.watch !== undefined) {
      this.reportContext(pcid);
      this.watch.flushed();
    }
    this.current[pcid]++;
  }

  /** Drops everything of all contexts. */
  flushAll(): void {
    for (let pcid = 0; pcid < PCIDS; pcid++) this.flushContext(pcid);
  }

  /** At rest: calls `visit` for each translation that it holds, for some twice. */
  visitAll(visit: (pcid: number, vpn: number, pte: number) => void): void {
    this.keys.forEach((key, entry) => {
      if (key === 0 || !this.isCurrent(entry)) return;
      visit(pcidOf(key), vpnOf(key), this.pteOf(entry));
    });
  }

  /** At rest: tells the watch of everything that is still there. */
  reportAll(): void {
    for (let pcid = 0; pcid < PCIDS; pcid++) this.reportContext(pcid);
  }

  /** At rest: whether any level translates the page. */
  holds(pcid: number, vpn: number): boolean {
    const key = keyOf(pcid, vpn);
    return (
      this.find(lowBits(vpn, this.l1Mask) * this.l1Ways, this.l1Ways, key, pcid) !== TLB_MISS ||
      this.find(this.l2Base + lowBits(vpn, this.l2Mask) * this.l2Ways, this.l2Ways, key, pcid) !==
        TLB_MISS
    );
  }

  private find(set: number, ways: number, key: number, pcid: number): number {
    const keys = this.keys;
    for (let entry = set; entry < set + ways; entry++) {
      if (keys[entry] !== key) continue;
      return this.data[DATA_WORDS * entry + EPOCH] === this.current[pcid] ? entry : TLB_MISS;
    }
    return TLB_MISS;
  }

  private drop(set: number, ways: number, key: number): void {
    const keys = this.keys;
    for (let entry = set; entry < set + ways; entry++) {
      if (keys[entry] !== key) continue;
      if (this.watch !== undefined) this.noteDrop(entry, key);
      keys[entry] = 0;
      return; // A set has a page once (`entryFor`).
    }
  }

  private l1EntryFor(key: number, vpn: number): number {
    const set = lowBits(vpn, this.l1Mask);
    return this.entryFor(key, set * this.l1Ways, this.l1Ways, set);
  }

  private l2EntryFor(key: number, vpn: number): number {
    const set = lowBits(vpn, this.l2Mask);
    const first = this.l2Base + set * this.l2Ways;
    return this.entryFor(key, first, this.l2Ways, this.l1Mask + 1 + set);
  }

  /**
   * Which of the `ways` entries from `first` on a page is put into: its own, so that it never has
   * two, or an empty one, or that whose turn it is.
   */
  private entryFor(key: number, first: number, ways: number, set: number): number {
    const { keys, nextWay } = this;
    let empty = TLB_MISS;
    for (let entry = first; entry < first + ways; entry++) {
      if (keys[entry] === key) return entry;
      if (keys[entry] === 0) empty = entry;
    }
    if (empty !== TLB_MISS) return empty;
    const way = nextWay[set];
    nextWay[set] = way + 1 === ways ? 0 : way + 1;
    return first + way;
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
    this.keys[entry] = key;
    const { data } = this;
    const base = DATA_WORDS * entry;
    data[base + PTE] = pte;
    data[base + VERSION] = version;
    data[base + TAG] = tag;
    data[base + EPOCH] = epoch;
    data[base + LEAF] = leaf;
  }

  /** An entry is about to be written: reports what it takes the place of. */
  private noteWrite(entry: number, key: number): void {
    const former = this.keys[entry];
    if (former !== 0 && former !== key) this.noteDrop(entry, former);
    if (this.journaled[entry] === 1) return;
    this.journaled[entry] = 1;
    this.journal[this.journalLength++] = entry;
  }

  /** A translation is about to leave one level: it is gone if the other has none. */
  private noteDrop(entry: number, key: number): void {
    if (this.isCurrent(entry) && !this.otherLevelHolds(entry, key)) this.report(entry, key);
  }

  /** Everything of one context is about to be dropped. */
  private reportContext(pcid: number): void {
    const { journal, journaled, keys } = this;
    const first = pcid * VPN_LIMIT + 1; // Keys of the context: from here on …
    const behind = first + VPN_LIMIT; // … to before here.
    let kept = 0;
    for (let i = 0; i < this.journalLength; i++) {
      const entry = journal[i];
      const key = keys[entry];
      if (key !== 0 && (key < first || key >= behind)) {
        journal[kept++] = entry;
        continue;
      }
      journaled[entry] = 0;
      if (key === 0 || !this.isCurrent(entry)) continue;
      if (entry >= this.l2Base || !this.otherLevelHolds(entry, key)) this.report(entry, key);
    }
    this.journalLength = kept;
  }

  private report(entry: number, key: number): void {
    const [pte, version] = [this.pteOf(entry), this.versionOf(entry)];
    this.watch?.gone(pcidOf(key), vpnOf(key), this.leafOf(entry), pte, version);
  }

  private isCurrent(entry: number): boolean {
    return this.data[DATA_WORDS * entry + EPOCH] === this.current[pcidOf(this.keys[entry])];
  }

  private otherLevelHolds(entry: number, key: number): boolean {
    const vpn = vpnOf(key);
    const pcid = pcidOf(key);
    if (entry < this.l2Base) {
      const set = this.l2Base + lowBits(vpn, this.l2Mask) * this.l2Ways;
      return this.find(set, this.l2Ways, key, pcid) !== TLB_MISS;
    }
    return this.find(lowBits(vpn, this.l1Mask) * this.l1Ways, this.l1Ways, key, pcid) !== TLB_MISS;
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
