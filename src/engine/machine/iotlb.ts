// An IOMMU's IOTLB: set-associative, filled by devices while the IOMMU invalidates it. An entry's
// STATE is both its lock and its stamp, so that a reader can tell whether what it read belongs
// together and a filler can take out exactly what it put in.
//
// word         writer                            readers    meaning
// STATE        fillers, IOMMU (cas)              devices    0 empty, -1 being filled, else a fill's
//                                                           serial
// DID, VPN_*   filler while STATE is -1          devices    whose page; published by STATE
// PTE, VERSION, TAG, EPOCH  the same             devices    what the walk found
//
// Domain and global flushes raise an epoch (iommu.ts); an entry of an older epoch is gone.

import { lowBits } from "../layout/address.ts";
import { IOTLB_ENTRY_WORDS, type Regions, type SharedWords, wordsOf } from "../layout/regions.ts";
import type { TlbShape } from "../layout/shape.ts";
import { checkWords } from "../layout/words.ts";

const STATE = 0;
const DID = 1;
const VPN_LOW = 2;
const VPN_HIGH = 3;
const PTE = 4;
const VERSION = 5;
const TAG = 6;
const EPOCH = 7;

checkWords("IOTLB entry", IOTLB_ENTRY_WORDS, {
  STATE,
  DID,
  VPN_LOW,
  VPN_HIGH,
  PTE,
  VERSION,
  TAG,
  EPOCH,
});

const EMPTY = 0;
const FILLING = -1;
const HALF = 0x40000; // 2¹⁸
const HALF_MASK = HALF - 1;
export const IOTLB_MISS = -1;

/** What a lookup found; one object is reused for all. */
export interface IotlbHit {
  pte: number;
  version: number;
  tag: number;
}

export class Iotlb {
  private readonly words: SharedWords;
  private readonly sets: number;
  private readonly ways: number;
  /** By set: which of its ways is filled next by whoever uses this object. */
  private readonly nextWay: Uint8Array;

  constructor(memory: SharedArrayBuffer, regions: Regions, shape: TlbShape, iommu: number) {
    this.words = wordsOf(memory, regions.iotlbs, iommu);
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
      if (Atomics.load(words, entry + STATE) === state) return true;
    }
    return false;
  }

  /**
   * Puts a translation in, under `serial` > 0. Returns the entry, or IOTLB_MISS if the set
   * was busy.
   */
  insert(
    did: number,
    vpn: number,
    pte: number,
    version: number,
    tag: number,
    epoch: number,
    serial: number,
  ): number {
    const words = this.words;
    const set = lowBits(vpn, this.sets - 1);
    const way = this.nextWay[set];
    this.nextWay[set] = way + 1 === this.ways ? 0 : way + 1;
    const entry = (set * this.ways + way) * IOTLB_ENTRY_WORDS;
    const state = Atomics.load(words, entry + STATE);
    if (state === FILLING) return IOTLB_MISS;
    if (Atomics.compareExchange(words, entry + STATE, state, FILLING) !== state) return IOTLB_MISS;
    words[entry + DID] = did; // Plain, as all below: published by STATE.
    words[entry + VPN_LOW] = lowBits(vpn, HALF_MASK);
    words[entry + VPN_HIGH] = Math.floor(vpn / HALF);
    words[entry + PTE] = pte;
    words[entry + VERSION] = version;
    words[entry + TAG] = tag;
    words[entry + EPOCH] = epoch;
    Atomics.store(words, entry + STATE, serial);
    return entry;
  }

  /** Takes out what was put in under `serial`, unless something else stands there by now. */
  remove(entry: number, serial: number): void {
    Atomics.compareExchange(this.words, entry + STATE, serial, EMPTY);
  }

  /** The IOMMU: drops the pages of 2^mask that begin at `vpn`; `pages` is 2^mask. */
  invalidatePages(did: number, vpn: number, pages: number): void {
    if (pages >= this.sets) {
      this.dropRange(0, this.sets * this.ways, did, vpn, pages);
      return;
    }
    for (let page = vpn; page < vpn + pages; page++) {
      const first = this.firstOf(page);
      this.dropRange(first / IOTLB_ENTRY_WORDS, this.ways, did, vpn, pages);
    }
  }

  /** At rest: entries of the current epoch, for audits. */
  holds(did: number, vpn: number, epoch: number): boolean {
    return this.lookup(did, vpn, epoch, { pte: 0, version: 0, tag: 0 });
  }

  private dropRange(first: number, count: number, did: number, vpn: number, pages: number): void {
    const words = this.words;
    for (let i = first; i < first + count; i++) {
      const entry = i * IOTLB_ENTRY_WORDS;
      const state = Atomics.load(words, entry + STATE);
      if (state <= EMPTY || words[entry + DID] !== did) continue;
      const cached = words[entry + VPN_HIGH] * HALF + words[entry + VPN_LOW];
      if (cached < vpn || cached >= vpn + pages) continue;
      Atomics.compareExchange(words, entry + STATE, state, EMPTY);
    }
  }

  private matches(entry: number, did: number, vpn: number): boolean {
    const words = this.words;
    return (
      words[entry + DID] === did &&
      words[entry + VPN_LOW] === lowBits(vpn, HALF_MASK) &&
      words[entry + VPN_HIGH] === Math.floor(vpn / HALF)
    );
  }

  private firstOf(vpn: number): number {
    return lowBits(vpn, this.sets - 1) * this.ways * IOTLB_ENTRY_WORDS;
  }
}
