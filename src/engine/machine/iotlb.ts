// An IOMMU's IOTLB, or a device's own TLB (ATS): set-associative, filled by devices while the IOMMU
// invalidates it. An entry's STATE is both its lock and its stamp, so that a reader can tell
// whether what it read belongs together and a filler can take out exactly what it put in.
//
// word         writer                            readers    meaning
// STATE        fillers, IOMMU (cas)              devices    0 empty, -1 being filled, else a fill's
//                                                           serial
// PAGE_*       filler while STATE is -1          devices    whose page: the high one has the domain
//                                                           id 31:18 and the page's high bits;
//                                                           published by STATE
// PTE, VERSION, TAG, LEAF, EPOCH  the same       devices    what the walk found, and where
// journal[serial]  fillers                       IOMMU      (plain) which entry was filled, for the
//                                                           checker
//
// Domain and global flushes raise an epoch (iommu.ts); an entry of an older epoch is gone.

import { lowBits } from "../layout/address.ts";
import { IOTLB_ENTRY_WORDS, type Region, type SharedWords, wordsOf } from "../layout/regions.ts";
import type { TlbShape } from "../layout/shape.ts";
import { checkWords } from "../layout/words.ts";
import type { CacheWatch } from "./cache-watch.ts";
import { DID_LIMIT } from "./iommu.ts";

const STATE = 0;
const PAGE_LOW = 1;
const PAGE_HIGH = 2;
const PTE = 3;
const VERSION = 4;
const TAG = 5;
const LEAF = 6;
const EPOCH = 7;

checkWords("IOTLB entry", IOTLB_ENTRY_WORDS, {
  STATE,
  PAGE_LOW,
  PAGE_HIGH,
  PTE,
  VERSION,
  TAG,
  LEAF,
  EPOCH,
});

const EMPTY = 0;
const FILLING = -1;
const HALF_BITS = 18;
const HALF = 0x40000; // 2¹⁸
const HALF_MASK = HALF - 1;
export const IOTLB_MISS = -1;
/** No domain's id, for all of them. */
export const ALL_DOMAINS = 0;

/** What a lookup found; one object is reused for all. */
export interface IotlbHit {
  pte: number;
  version: number;
  tag: number;
  leaf: number;
}

/** Who knows which epoch the entries of a domain must have: the IOMMU. */
export interface Epochs {
  epochOf(did: number): number;
}

/** A device's own TLB is never flushed by raising an epoch. */
export const DEVICE_EPOCHS: Epochs = { epochOf: () => 0 };

export class Iotlb {
  private readonly words: SharedWords;
  private readonly sets: number;
  private readonly ways: number;
  /** By set: which of its ways is filled next by whoever uses this object. */
  private readonly nextWay: Uint8Array;
  private readonly entries: number;
  /** By domain: the fills that its last report has come to; for ALL_DOMAINS the last of all. */
  private readonly reported = new Float64Array(DID_LIMIT);

  constructor(memory: SharedArrayBuffer, region: Region, shape: TlbShape, index: number) {
    this.words = wordsOf(memory, region, index);
    this.entries = shape.sets * shape.ways;
    this.sets = shape.sets;
    this.ways = shape.ways;
    this.nextWay = new Uint8Array(shape.sets);
  }

  /** Finds a translation that is whole and of the current epoch. */
  lookup(did: number, vpn: number, epoch: number, hit: IotlbHit): boolean {
    const words = this.words;
    const first = this.firstOf(vpn);
    for (let way = 0; way < this.ways; way++) {
      const entry = first + way * IOTLB_ENTRY_WORDS;
      const state = Atomics.load(words, entry + STATE);
      if (state <= EMPTY || !this.matches(entry, did, vpn) || words[entry + EPOCH] !== epoch) {
        continue;
      }
      hit.pte = words[entry + PTE]; // Plain, as the next two: STATE is read again below.
      hit.version = words[entry + VERSION];
      hit.tag = words[entry + TAG];
      hit.leaf = words[entry + LEAF];
      if (Atomics.load(words, entry + STATE) === state) return true;
    }
    return false;
  }

  /**
   * Puts a translation in, under `serial` > 0. Returns the entry, or IOTLB_MISS if the set
   * was busy. `watch` is told what it takes the place of, if `epochs` says that it was valid.
   */
  insert(
    did: number,
    vpn: number,
    pte: number,
    version: number,
    tag: number,
    leaf: number,
    epoch: number,
    serial: number,
    watch?: CacheWatch,
    epochs: Epochs = DEVICE_EPOCHS,
  ): number {
    const words = this.words;
    const set = lowBits(vpn, this.sets - 1);
    const way = this.nextWay[set];
    this.nextWay[set] = way + 1 === this.ways ? 0 : way + 1;
    const entry = (set * this.ways + way) * IOTLB_ENTRY_WORDS;
    const state = Atomics.load(words, entry + STATE);
    if (state === FILLING) return IOTLB_MISS;
    if (Atomics.compareExchange(words, entry + STATE, state, FILLING) !== state) return IOTLB_MISS;
    if (watch !== undefined) {
      const isValid =
        state > EMPTY && words[entry + EPOCH] === epochs.epochOf(this.domainOf(entry));
      if (isValid) this.report(entry, watch);
      words[this.journalAt(serial)] = entry;
    }
    words[entry + PAGE_LOW] = lowBits(vpn, HALF_MASK); // Plain, as all below: published by STATE.
    words[entry + PAGE_HIGH] = highHalf(did, vpn);
    words[entry + PTE] = pte;
    words[entry + VERSION] = version;
    words[entry + TAG] = tag;
    words[entry + LEAF] = leaf;
    words[entry + EPOCH] = epoch;
    Atomics.store(words, entry + STATE, serial);
    return entry;
  }

  /** Takes out what was put in under `serial`, unless something else stands there by now. */
  remove(entry: number, serial: number): void {
    Atomics.compareExchange(this.words, entry + STATE, serial, EMPTY);
  }

  /** The IOMMU: drops the pages of 2^mask that begin at `vpn`; `pages` is 2^mask. */
  invalidatePages(
    did: number,
    vpn: number,
    pages: number,
    epochs: Epochs,
    watch?: CacheWatch,
  ): void {
    if (pages >= this.sets) {
      this.dropRange(0, this.entries, did, vpn, pages, epochs, watch);
      return;
    }
    for (let page = vpn; page < vpn + pages; page++) {
      const first = this.firstOf(page);
      this.dropRange(first / IOTLB_ENTRY_WORDS, this.ways, did, vpn, pages, epochs, watch);
    }
  }

  /**
   * The IOMMU, before it raises the epoch of a domain or of ALL_DOMAINS: tells the watch what that
   * drops. Only what was filled since it last did is looked at, if the journal still has it;
   * `fills` counts all fills.
   */
  reportDomain(did: number, epochs: Epochs, fills: number, watch: CacheWatch): void {
    const { reported } = this;
    const before = Math.max(reported[did], reported[ALL_DOMAINS]);
    reported[did] = fills;
    // Of ALL_DOMAINS nothing was reported before what each of them has reported: look at all.
    if (did === ALL_DOMAINS || fills - before > this.entries) {
      this.reportAll(epochs, watch, did);
    } else {
      for (let serial = before + 1; serial <= fills; serial++) {
        const entry = this.words[this.journalAt(serial)];
        // What was put there later has a serial of its own.
        if (Atomics.load(this.words, entry + STATE) !== serial) continue;
        if (this.isValid(entry, did, epochs)) this.report(entry, watch);
      }
    }
    watch.flushed();
  }

  /** At rest: calls `visit` for each translation that it holds. */
  visitAll(epochs: Epochs, visit: (did: number, vpn: number, pte: number) => void): void {
    for (let i = 0; i < this.entries; i++) {
      const entry = i * IOTLB_ENTRY_WORDS;
      if (!this.isValid(entry, ALL_DOMAINS, epochs)) continue;
      visit(this.domainOf(entry), this.pageOf(entry), this.words[entry + PTE]);
    }
  }

  /** Tells the watch of everything that there is of a domain. */
  reportAll(epochs: Epochs, watch: CacheWatch, did = ALL_DOMAINS): void {
    for (let i = 0; i < this.entries; i++) {
      const entry = i * IOTLB_ENTRY_WORDS;
      if (this.isValid(entry, did, epochs)) this.report(entry, watch);
    }
  }

  /** At rest: entries of the current epoch, for audits. */
  holds(did: number, vpn: number, epoch: number): boolean {
    return this.lookup(did, vpn, epoch, { pte: 0, version: 0, tag: 0, leaf: 0 });
  }

  private dropRange(
    first: number,
    count: number,
    did: number,
    vpn: number,
    pages: number,
    epochs: Epochs,
    watch: CacheWatch | undefined,
  ): void {
    const words = this.words;
    for (let i = first; i < first + count; i++) {
      const entry = i * IOTLB_ENTRY_WORDS;
      const state = Atomics.load(words, entry + STATE);
      if (state <= EMPTY || this.domainOf(entry) !== did) continue;
      const cached = this.pageOf(entry);
      if (cached < vpn || cached >= vpn + pages) continue;
      if (watch !== undefined && this.isValid(entry, did, epochs)) this.report(entry, watch);
      Atomics.compareExchange(words, entry + STATE, state, EMPTY);
    }
  }

  private matches(entry: number, did: number, vpn: number): boolean {
    const words = this.words;
    return (
      words[entry + PAGE_LOW] === lowBits(vpn, HALF_MASK) &&
      words[entry + PAGE_HIGH] === highHalf(did, vpn)
    );
  }

  private isValid(entry: number, did: number, epochs: Epochs): boolean {
    const domain = this.domainOf(entry);
    if (did !== ALL_DOMAINS && domain !== did) return false;
    if (Atomics.load(this.words, entry + STATE) <= EMPTY) return false;
    return this.words[entry + EPOCH] === epochs.epochOf(domain);
  }

  private report(entry: number, watch: CacheWatch): void {
    const { words } = this;
    const vpn = this.pageOf(entry);
    const did = this.domainOf(entry);
    watch.gone(did, vpn, words[entry + LEAF], words[entry + PTE], words[entry + VERSION]);
  }

  private domainOf(entry: number): number {
    return this.words[entry + PAGE_HIGH] >>> HALF_BITS;
  }

  private pageOf(entry: number): number {
    const high = this.words[entry + PAGE_HIGH] & HALF_MASK;
    return high * HALF + this.words[entry + PAGE_LOW];
  }

  private journalAt(serial: number): number {
    return this.entries * IOTLB_ENTRY_WORDS + (serial % this.entries);
  }

  private firstOf(vpn: number): number {
    return lowBits(vpn, this.sets - 1) * this.ways * IOTLB_ENTRY_WORDS;
  }
}

function highHalf(did: number, vpn: number): number {
  return (did << HALF_BITS) | Math.floor(vpn / HALF);
}
