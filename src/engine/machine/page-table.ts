// Page tables: a radix tree of four levels per space, in table frames, walked by cores and
// by IOMMUs.
//
// word                writer                  readers    meaning
// entries[frame][i]   cores (atomics only)    walkers    layout/pte.ts; in upper levels the frame
//                                                        of the next table, published by cas and
//                                                        walked plain
// … and beside it     whoever narrows a leaf  walkers    its VERSION: changes before a leaf entry
//                                                        narrows, so that a fill of the old one
//                                                        can tell
// sharers[frame][i]   walkers; whoever makes  targets    who walked to the leaf since all had
//                     the address free                   flushed it last: 0 nobody, core + 1,
//                                                        or SHARED; only if the machine tracks
//                                                        accesses
//
// An upper entry never changes once it is published, until its table is freed.

import { coverEnd, LEVELS, TABLE_ENTRIES, tableIndex } from "../layout/address.ts";
import {
  ACCESSED,
  DIRTY,
  isHeld,
  isPresent,
  makePte,
  PRESENT,
  pfnOf,
  RELEASED,
  TAKEN,
  WRITABLE,
} from "../layout/pte.ts";
import { PTE_WORDS, type Regions, type SharedWords, wordsOf } from "../layout/regions.ts";
import { checkWords } from "../layout/words.ts";
import { type Frames, NO_FRAME } from "./frames.ts";

const ENTRY = 0;
const VERSION = 1;

checkWords("page-table entry", PTE_WORDS, { ENTRY, VERSION });

/** No table leads to the page: there is no leaf entry. */
export const NO_LEAF = -1;
/** An unlinked leaf table holds the addresses of its region until it is freed. */
export const REGION_HELD = -2;

const NOT_SHARED = 0;
/** More than one core may cache an entry; no core has this number. */
export const SHARED = -2;
/** No core has walked to an entry since it was mapped. */
export const NOBODY_SHARES = -1;

export class PageTables {
  /** Entries and versions. */
  private readonly words: SharedWords;
  private readonly sharers: SharedWords;
  private readonly frames: Frames;
  /** The version that the last step by which this object narrowed an entry has made. */
  narrowedTo = 0;

  constructor(memory: SharedArrayBuffer, regions: Regions, frames: Frames) {
    this.words = wordsOf(memory, regions.tableEntries);
    this.sharers = wordsOf(memory, regions.tableSharers);
    this.frames = frames;
  }

  /**
   * Where the leaf entry of `vpn` stands under the root table `root`; NO_LEAF if a table
   * is missing.
   */
  leafOf(root: number, vpn: number): number {
    let table = root;
    for (let level = LEVELS - 1; level > 0; level--) {
      // Plain: published by cas, and then it stays. Whoever reads too early finds no leaf.
      const entry = this.words[entryAt(table * TABLE_ENTRIES + tableIndex(vpn, level))];
      if (!isPresent(entry)) return NO_LEAF;
      table = pfnOf(entry);
    }
    return table * TABLE_ENTRIES + tableIndex(vpn, 0);
  }

  /**
   * Where `leafOf` finds no leaf for `vpn`: the first page behind it that a table may lead to. A
   * range that programs ask for may be nearly empty, and as long as the address space.
   */
  pageBehindGap(root: number, vpn: number): number {
    let table = root;
    for (let level = LEVELS - 1; level > 0; level--) {
      const entry = this.words[entryAt(table * TABLE_ENTRIES + tableIndex(vpn, level))];
      if (!isPresent(entry)) return coverEnd(vpn, level);
      table = pfnOf(entry);
    }
    return vpn + 1; // Somebody has just made the table.
  }

  /** The leaf table in which `leaf` stands, and … */
  tableOf(leaf: number): number {
    return Math.floor(leaf / TABLE_ENTRIES);
  }

  /** … where the entry of `vpn` stands in the leaf table `table`. */
  leafIn(table: number, vpn: number): number {
    return table * TABLE_ENTRIES + tableIndex(vpn, 0);
  }

  /** At rest: calls `visit` for every leaf entry under the root table that names a frame. */
  visitAll(root: number, visit: (pte: number) => void): void {
    this.visitTable(root, LEVELS - 1, visit);
  }

  /**
   * The same for a loop over pages: `before` is the leaf of the page before, or NO_LEAF. Entries of
   * one table follow each other.
   */
  leafAfter(before: number, root: number, vpn: number): number {
    if (before === NO_LEAF || tableIndex(vpn, 0) === 0) return this.leafOf(root, vpn);
    return before + 1;
  }

  /**
   * As `leafOf`, making the tables that are missing; NO_LEAF if no table frame is left, REGION_HELD
   * if a table that was unlinked here still holds the addresses.
   */
  ensureLeaf(root: number, vpn: number, space: number): number {
    let table = root;
    for (let level = LEVELS - 1; level > 0; level--) {
      const index = table * TABLE_ENTRIES + tableIndex(vpn, level);
      let entry = Atomics.load(this.words, entryAt(index));
      if (entry === 0) entry = this.publishTable(index, space);
      if (entry === 0) return NO_LEAF;
      if (!isPresent(entry)) return REGION_HELD;
      table = pfnOf(entry);
    }
    return table * TABLE_ENTRIES + tableIndex(vpn, 0);
  }

  read(leaf: number): number {
    return Atomics.load(this.words, entryAt(leaf));
  }

  versionOf(leaf: number): number {
    return Atomics.load(this.words, versionAt(leaf));
  }

  /** Widens: puts a translation where there was nothing. False if something stands there. */
  map(leaf: number, pfn: number, flags: number): boolean {
    return (
      Atomics.compareExchange(this.words, entryAt(leaf), 0, makePte(pfn, flags | PRESENT)) === 0
    );
  }

  /** `core` is about to read the entry: from here on it counts among those who may cache it. */
  noteSharer(leaf: number, core: number): void {
    const found = Atomics.compareExchange(this.sharers, leaf, NOT_SHARED, core + 1);
    if (found !== NOT_SHARED && found !== core + 1) Atomics.store(this.sharers, leaf, SHARED);
  }

  /** Whether the note of `core` still stands: it may have been taken back with a new mapping. */
  isSharer(leaf: number, core: number): boolean {
    const sharer = Atomics.load(this.sharers, leaf);
    return sharer === SHARED || sharer === core + 1;
  }

  /** The only core that may cache the entry; NOBODY_SHARES, or SHARED for any number. */
  onlySharer(leaf: number): number {
    const sharer = Atomics.load(this.sharers, leaf);
    return sharer === SHARED ? SHARED : sharer - 1;
  }

  /**
   * The entry is not present, and about to be free: everybody has flushed it. Before it is, so that
   * no note is lost of a walk to what is mapped there next.
   */
  private forgetSharers(leaf: number): void {
    if (this.sharers.length > 0) Atomics.store(this.sharers, leaf, NOT_SHARED);
  }

  /** Leaves nothing in a leaf table that nothing leads to any more: it is to be free. */
  clearTable(table: number): void {
    for (let leaf = table * TABLE_ENTRIES; leaf < (table + 1) * TABLE_ENTRIES; leaf++) {
      this.forgetSharers(leaf);
      if (this.read(leaf) !== 0) Atomics.store(this.words, entryAt(leaf), 0);
    }
  }

  /**
   * Narrows: clears *present* and keeps the frame number until the flush is over, as Akaros does.
   * Returns the entry as it was; if it was not present, nothing has changed.
   */
  clearPresent(leaf: number): number {
    const entry = Atomics.load(this.words, entryAt(leaf));
    if (!isPresent(entry)) return entry;
    // Before the entry: pairs with the second read of a fill.
    this.narrowedTo = Atomics.add(this.words, versionAt(leaf), 1) + 1;
    return Atomics.and(this.words, entryAt(leaf), ~PRESENT);
  }

  /** Narrows: write-protects. Returns the entry as it was. */
  clearWritable(leaf: number): number {
    const entry = Atomics.load(this.words, entryAt(leaf));
    if (!isPresent(entry) || (entry & WRITABLE) === 0) return entry;
    this.narrowedTo = Atomics.add(this.words, versionAt(leaf), 1) + 1;
    return Atomics.and(this.words, entryAt(leaf), ~WRITABLE);
  }

  /** Widens: allows writes to a present page. Returns the entry as it was. */
  setWritable(leaf: number): number {
    for (;;) {
      const entry = Atomics.load(this.words, entryAt(leaf));
      if (!isPresent(entry)) return entry;
      const widened = entry | WRITABLE;
      if (Atomics.compareExchange(this.words, entryAt(leaf), entry, widened) === entry)
        return entry;
    }
  }

  /** Narrows and maps at once: another frame takes the place of the present one (copy on write). */
  replace(leaf: number, pfn: number, flags: number): number {
    this.narrowedTo = Atomics.add(this.words, versionAt(leaf), 1) + 1;
    return Atomics.exchange(this.words, entryAt(leaf), makePte(pfn, flags | PRESENT));
  }

  /**
   * Takes the frame number out of an entry that is not present, that everybody has flushed and that
   * nobody but the caller has: it has not been offered.
   */
  takeHeld(leaf: number): number {
    const entry = Atomics.load(this.words, entryAt(leaf));
    if (!isHeld(entry)) return NO_FRAME;
    this.forgetSharers(leaf);
    return this.clearHeld(leaf, entry);
  }

  /** The same of one that is not flushed yet: who may cache it is still to be told. */
  takeUnflushed(leaf: number): number {
    const entry = Atomics.load(this.words, entryAt(leaf));
    return isHeld(entry) ? this.clearHeld(leaf, entry) : NO_FRAME;
  }

  private clearHeld(leaf: number, entry: number): number {
    const held = Atomics.compareExchange(this.words, entryAt(leaf), entry, 0) === entry;
    return held ? pfnOf(entry) : NO_FRAME;
  }

  /**
   * The frame that an entry which is no longer present names may go, while the entry goes on
   * holding the address, which is offered to whoever wants it. Returns the frame; NO_FRAME if
   * somebody has released it before.
   */
  release(leaf: number): number {
    return this.releaseAs(leaf, RELEASED);
  }

  /** The same, and nobody may have the address before the caller offers or takes it. */
  releaseFrame(leaf: number): number {
    return this.releaseAs(leaf, RELEASED | TAKEN);
  }

  private releaseAs(leaf: number, flags: number): number {
    const entry = Atomics.load(this.words, entryAt(leaf));
    if (!isHeld(entry) || (entry & RELEASED) !== 0) return NO_FRAME;
    const released =
      Atomics.compareExchange(this.words, entryAt(leaf), entry, entry | flags) === entry;
    return released ? pfnOf(entry) : NO_FRAME;
  }

  /** Whoever has released the frame alone: makes the address free, which everybody has flushed. */
  releaseAddress(leaf: number): void {
    if (!holdsAddressAlone(this.read(leaf))) return;
    this.forgetSharers(leaf);
    Atomics.store(this.words, entryAt(leaf), 0);
  }

  /** … or offers it: from here on whoever wants it may take it. */
  offerAddress(leaf: number): void {
    Atomics.and(this.words, entryAt(leaf), ~TAKEN);
  }

  /**
   * Makes the address free of an entry whose frame has been released, if it still is `entry` and
   * nobody else is at it: who comes second must not forget sharers of what is mapped there next.
   */
  takeReleased(leaf: number, entry: number): boolean {
    const taken = entry | TAKEN;
    if (entry === taken) return false;
    if (Atomics.compareExchange(this.words, entryAt(leaf), entry, taken) !== entry) return false;
    this.forgetSharers(leaf);
    Atomics.store(this.words, entryAt(leaf), 0);
    return true;
  }

  /**
   * A walker uses the entry: sets accessed, and dirty for a write, only while it is present.
   * Returns the entry as used; not present (or not writable, for a write) is a fault.
   */
  use(leaf: number, write: boolean): number {
    const wanted = write ? ACCESSED | DIRTY : ACCESSED;
    for (;;) {
      const entry = Atomics.load(this.words, entryAt(leaf));
      if (!isPresent(entry) || (write && (entry & WRITABLE) === 0)) return entry;
      if ((entry & wanted) === wanted) return entry;
      const used = entry | wanted;
      if (Atomics.compareExchange(this.words, entryAt(leaf), entry, used) === entry) return used;
    }
  }

  /**
   * Frees the leaf table of `vpn` if no entry of it names a frame: unlinks it and returns its
   * frame, which the caller frees once nobody can be walking it. NO_FRAME if there is none or it is
   * in use. With `holds` the region can be mapped again only once `releaseRegion` was called, which
   * is all that entries want that hold addresses alone.
   */
  unlinkLeafTable(root: number, vpn: number, holds = false): number {
    const leaf = this.leafOf(root, vpn);
    if (leaf === NO_LEAF) return NO_FRAME;
    const table = Math.floor(leaf / TABLE_ENTRIES);
    for (let i = 0; i < TABLE_ENTRIES; i++) {
      const entry = this.read(table * TABLE_ENTRIES + i);
      if (entry !== 0 && !(holds && holdsAddressAlone(entry))) return NO_FRAME;
    }
    const index = this.regionIndex(root, vpn);
    const entry = Atomics.load(this.words, entryAt(index));
    const held = holds ? entry & ~PRESENT : 0;
    return Atomics.compareExchange(this.words, entryAt(index), entry, held) === entry
      ? table
      : NO_FRAME;
  }

  /** Makes the addresses of a region free that the unlinked leaf table `table` has held. */
  releaseRegion(root: number, vpn: number, table: number): void {
    const index = this.regionIndex(root, vpn);
    const entry = Atomics.load(this.words, entryAt(index));
    if (entry === 0 || isPresent(entry) || pfnOf(entry) !== table) return;
    Atomics.compareExchange(this.words, entryAt(index), entry, 0);
  }

  /** Where the entry stands that leads to the leaf table of `vpn`: tables above stay for good. */
  private regionIndex(root: number, vpn: number): number {
    let parent = root;
    for (let level = LEVELS - 1; level > 1; level--) {
      parent = pfnOf(
        Atomics.load(this.words, entryAt(parent * TABLE_ENTRIES + tableIndex(vpn, level))),
      );
    }
    return parent * TABLE_ENTRIES + tableIndex(vpn, 1);
  }

  private visitTable(table: number, level: number, visit: (pte: number) => void): void {
    for (let i = 0; i < TABLE_ENTRIES; i++) {
      const entry = Atomics.load(this.words, entryAt(table * TABLE_ENTRIES + i));
      if (entry === 0) continue;
      if (level === 0) visit(entry);
      else if (isPresent(entry)) this.visitTable(pfnOf(entry), level - 1, visit);
    }
  }

  /** A new table's entry, or another core's; 0 if no table frame is left. */
  private publishTable(index: number, space: number): number {
    const frame = this.frames.allocateTable(space);
    if (frame === NO_FRAME) return 0;
    const entry = makePte(frame, PRESENT | WRITABLE);
    const found = Atomics.compareExchange(this.words, entryAt(index), 0, entry);
    if (found === 0) return entry;
    this.frames.freeTable(frame); // Another core was faster.
    return found;
  }
}

/** The frame that it names has been released, and nobody may have the address. */
function holdsAddressAlone(entry: number): boolean {
  return (entry & (PRESENT | RELEASED | TAKEN)) === (RELEASED | TAKEN);
}

function entryAt(index: number): number {
  return PTE_WORDS * index + ENTRY;
}

function versionAt(index: number): number {
  return PTE_WORDS * index + VERSION;
}
