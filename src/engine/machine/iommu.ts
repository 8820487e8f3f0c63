// An IOMMU's registers, what it and its submitters know of its invalidation queue besides the slots
// (queue-slots.ts), and what invalidation means for its IOTLB (VT-d; register names as in the
// specification, chapter 11). Indices of the queue run freely.
//
// word               writer              readers     meaning
// IQH                IOMMU               submitters  next descriptor to fetch
// INVALIDATIONS      IOMMU (add)         devices     moves before entries vanish: a fill that sees
//                                                    it move takes its entry out again
// DRAINING           IOMMU               devices     1: ring the IOMMU when a walk or DMA ends
// FILLS              devices (add)       IOMMU       serials of IOTLB fills
// FSTS               IOMMU, recovery     submitters  IQE, ICE, ITE (or, and)
// GSTS               before the run      IOMMU       QIES: the queue is enabled
// IQT                lock holder         IOMMU       one behind the last descriptor: publishes them
// COMMAND_LINE       initiator, IOMMU    both        the register interface: command-register.ts
// FREE_*             lock holder         the next    (plain) free slots; handed on by the lock
// EPOCH[did]         IOMMU (add)         devices     domain flushes so far
// GLOBAL_EPOCH       IOMMU (add)         devices     global flushes so far
// TABLES_EPOCH       IOMMU (add)         devices     invalidations that dropped all ways to leaf
//                                                    tables
// UPPER_EPOCH        IOMMU (add)         devices     … and those that dropped any: all of them go
//                                                    through the same upper levels
// TABLE_DROPS[slot]  IOMMU (add)         devices     invalidations that dropped the way to one
//                                                    2 MiB region, by its number modulo the slots
// ENDED[slot]        submitters          submitters  of a submission's first slot, once nobody
//                                                    waits for it: the index behind the whole

import { TABLE_ENTRIES } from "../layout/address.ts";
import { type Descriptor, descriptorType, TYPE_WAIT } from "../layout/descriptor.ts";
import {
  IOMMU_HEAD_LINES,
  type Regions,
  type SharedWords,
  TABLE_DROPS,
  wordsOf,
} from "../layout/regions.ts";
import { QUEUE_SLOTS } from "../layout/shape.ts";
import { checkWords, LINE_WORDS } from "../layout/words.ts";
import { COMMAND_LINE, CommandRegister } from "./command-register.ts";
import { doneMark, QueueSlots, slotOf } from "./queue-slots.ts";

const IQH = 0;
const INVALIDATIONS = 1;
const DRAINING = 2;
const FILLS = 3;
const TABLES_EPOCH = 4;
const UPPER_EPOCH = 5;
const FSTS = LINE_WORDS;
const GSTS = LINE_WORDS + 1;
const IQT = 2 * LINE_WORDS;
const FREE_HEAD = 4 * LINE_WORDS;
const FREE_TAIL = 4 * LINE_WORDS + 1;
const FREE_COUNT = 4 * LINE_WORDS + 2;
const EPOCHS = 5 * LINE_WORDS;
/** Domain ids of this model: 1 to 14 (0 is reserved, as in Linux). */
export const DID_LIMIT = LINE_WORDS - 1;
const GLOBAL_EPOCH = EPOCHS + DID_LIMIT;
/** On lines that the IOMMU never reads: writing them takes no line away from it. */
const ENDED = 6 * LINE_WORDS;
const DROPS = ENDED + QUEUE_SLOTS;

checkWords("IOMMU", IOMMU_HEAD_LINES * LINE_WORDS, {
  IQH,
  INVALIDATIONS,
  DRAINING,
  FILLS,
  TABLES_EPOCH,
  UPPER_EPOCH,
  FSTS,
  GSTS,
  IQT,
  COMMAND: COMMAND_LINE * LINE_WORDS,
  LAST_OF_COMMAND: (COMMAND_LINE + 1) * LINE_WORDS - 1,
  FREE_HEAD,
  FREE_TAIL,
  FREE_COUNT,
  EPOCHS,
  LAST_EPOCH: EPOCHS + DID_LIMIT - 1,
  GLOBAL_EPOCH,
  ENDED,
  LAST_ENDED: ENDED + QUEUE_SLOTS - 1,
  DROPS,
  LAST_DROPS: DROPS + TABLE_DROPS - 1,
});

/** Bits of the fault status register (VT-d, FSTS_REG, offset 0x34). */
export const FSTS_IQE = 1 << 4;
export const FSTS_ICE = 1 << 5;
export const FSTS_ITE = 1 << 6;

const GSTS_QIES = 1 << 26;

export class Iommu {
  readonly id: number;
  readonly register: CommandRegister;
  readonly slots: QueueSlots;
  private readonly words: SharedWords;

  constructor(memory: SharedArrayBuffer, regions: Regions, id: number) {
    this.id = id;
    this.words = wordsOf(memory, regions.iommus, id);
    this.register = new CommandRegister(memory, regions, id);
    this.slots = new QueueSlots(memory, regions, id);
  }

  /** Before the run: the queue is empty, and enabled if the policy uses it. */
  format(queueEnabled: boolean): void {
    Atomics.store(this.words, GSTS, queueEnabled ? GSTS_QIES : 0);
    this.words[FREE_COUNT] = QUEUE_SLOTS;
  }

  get queueEnabled(): boolean {
    return (Atomics.load(this.words, GSTS) & GSTS_QIES) !== 0;
  }

  // The queue: submitters, all under the submit lock.

  get freeSlots(): number {
    return this.words[FREE_COUNT];
  }

  /** The slot that will be taken next, as a free-running index. */
  get nextSlot(): number {
    return this.words[FREE_HEAD];
  }

  /** Takes the next slot for a submission that begins at slot `first`. Returns its index. */
  takeSlot(words: Descriptor, first: number, from: number, dueNs: number): number {
    const index = this.words[FREE_HEAD];
    this.slots.fill(index, words, first, from, dueNs);
    this.words[FREE_HEAD] = (index + 1) | 0;
    this.words[FREE_COUNT]--;
    return index;
  }

  /** The tail write: hands everything taken so far to the IOMMU. */
  writeTail(): void {
    Atomics.store(this.words, IQT, this.words[FREE_HEAD]);
  }

  /** Whether the IOMMU is done with the descriptor at `index`. */
  hasPassed(index: number): boolean {
    return ((this.head - index) | 0) > 0;
  }

  /**
   * The owner is done with a submission, whose wait is done or aborted: its slots may be reclaimed.
   */
  markEnded(wait: number): void {
    Atomics.store(this.words, ENDED + slotOf(this.slots.firstOf(wait)), (wait + 1) | 0);
  }

  /**
   * Under the lock: nobody waits at once for the submission that begins at `first` and ends with
   * the last slot taken. Its slots may be reclaimed as soon as the IOMMU has passed them.
   */
  markPosted(first: number): void {
    Atomics.store(this.words, ENDED + slotOf(first), this.words[FREE_HEAD]);
  }

  /** Gives up every wait that the IOMMU has passed without writing its status (after ITE). */
  abortPendingWaits(): void {
    const head = this.head;
    for (let index = this.words[FREE_TAIL]; index !== head; index = (index + 1) | 0) {
      if (descriptorType(this.slots.fetch(index)) !== TYPE_WAIT) continue;
      if (this.slots.statusOf(index) !== doneMark(index)) this.slots.abort(index);
    }
  }

  /**
   * Gives back the submissions at the tail of those in use that have ended, up to the first that
   * has not (Linux: reclaim_free_desc).
   */
  reclaim(): void {
    let tail = this.words[FREE_TAIL];
    let used = QUEUE_SLOTS - this.words[FREE_COUNT];
    const { head } = this;
    while (used > 0) {
      // What a former lap of the ring left here does not lie behind this slot.
      const slots = (Atomics.load(this.words, ENDED + slotOf(tail)) - tail) | 0;
      if (slots <= 0 || ((head - tail - slots) | 0) < 0) break;
      tail = (tail + slots) | 0;
      used -= slots;
    }
    this.words[FREE_TAIL] = tail;
    this.words[FREE_COUNT] = QUEUE_SLOTS - used;
  }

  // The queue: the IOMMU.

  get head(): number {
    return Atomics.load(this.words, IQH);
  }

  get tail(): number {
    return Atomics.load(this.words, IQT);
  }

  /** Whether every descriptor that was handed over has been executed. */
  get isIdle(): boolean {
    return this.head === this.tail;
  }

  /** Moves IQH behind a descriptor that is done. */
  setHead(head: number): void {
    Atomics.store(this.words, IQH, head);
  }

  raiseFault(bit: number): void {
    Atomics.or(this.words, FSTS, bit);
  }

  get faults(): number {
    return Atomics.load(this.words, FSTS);
  }

  /** Software: write-1-to-clear of a fault bit. */
  clearFault(bit: number): void {
    Atomics.and(this.words, FSTS, ~bit);
  }

  // What invalidation means for the IOTLB.

  /** The epoch that an entry of domain `did` must carry to be valid. */
  epochOf(did: number): number {
    return Atomics.load(this.words, EPOCHS + did) + Atomics.load(this.words, GLOBAL_EPOCH);
  }

  flushDomain(did: number): void {
    Atomics.add(this.words, EPOCHS + did, 1);
  }

  flushAll(): void {
    Atomics.add(this.words, GLOBAL_EPOCH, 1);
  }

  /** Paging-structure caches of its devices lose everything. */
  dropTables(): void {
    Atomics.add(this.words, TABLES_EPOCH, 1);
    Atomics.add(this.words, UPPER_EPOCH, 1);
  }

  /** They lose the ways to the leaf tables of `pages` pages, and with them the upper levels. */
  dropTablesOf(vpn: number, pages: number): void {
    const first = regionOf(vpn);
    const count = Math.min(regionOf(vpn + pages - 1) - first + 1, TABLE_DROPS);
    for (let i = 0; i < count; i++) {
      Atomics.add(this.words, DROPS + ((first + i) & (TABLE_DROPS - 1)), 1);
    }
    Atomics.add(this.words, UPPER_EPOCH, 1);
  }

  get tablesEpoch(): number {
    return Atomics.load(this.words, TABLES_EPOCH);
  }

  get upperEpoch(): number {
    return Atomics.load(this.words, UPPER_EPOCH);
  }

  /** How often the way to the region of number `region`, or to one like it, has been dropped. */
  tableDropsOf(region: number): number {
    return Atomics.load(this.words, DROPS + (region & (TABLE_DROPS - 1)));
  }

  /** Moves before entries vanish. */
  countInvalidation(): void {
    Atomics.add(this.words, INVALIDATIONS, 1);
  }

  get invalidations(): number {
    return Atomics.load(this.words, INVALIDATIONS);
  }

  /** How many fills of its IOTLB have begun. */
  get fills(): number {
    return Atomics.load(this.words, FILLS);
  }

  nextFillSerial(): number {
    return (Atomics.add(this.words, FILLS, 1) & 0x3fffffff) + 1;
  }

  setDraining(draining: boolean): void {
    Atomics.store(this.words, DRAINING, draining ? 1 : 0);
  }

  get draining(): boolean {
    return Atomics.load(this.words, DRAINING) === 1;
  }
}

/** The number of the 2 MiB region that a page is in: those of one leaf table. */
export function regionOf(vpn: number): number {
  return Math.floor(vpn / TABLE_ENTRIES);
}
