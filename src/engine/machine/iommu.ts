// An IOMMU's registers and invalidation queue (VT-d; register names as in the specification,
// chapter 11). Indices of the queue run freely; a slot is the index modulo 256.
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
// IOTLB_REG          initiator, IOMMU    both        the register command; IVT in bit 31
// COMMAND_DUE_NS,    initiator           IOMMU       (plain) published by setting IVT
// COMMAND_FROM
// other COMMAND_*    IOMMU               initiator   (plain) published by clearing IVT
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
//
// A slot of the queue has a cache line: the descriptor's 128 bits as the hardware defines them, and
// beside them what software keeps of it, so that a submission moves as few lines as possible.
//
// slot word          writer              readers     meaning
// DESCRIPTOR         submitter           IOMMU       (plain) as the next three: published by IQT
// FROM               submitter           IOMMU       who waits
// FIRST              submitter           IOMMU       the submission's first slot
// DUE_NS             submitter           IOMMU       when the tail write arrives
// STATUS             submitter, IOMMU    both        doneMark or abortedMark of the slot's index; a
//                                                    wait descriptor writes the former
// STARTED_NS,        IOMMU               submitter   (plain) as the next four: published by STATUS
// VISIBLE_NS, DRAIN_NS, LATE_NS, HELD_UP_NS

import { TABLE_ENTRIES } from "../layout/address.ts";
import {
  DESCRIPTOR_WORDS,
  type Descriptor,
  descriptorType,
  TYPE_WAIT,
} from "../layout/descriptor.ts";
import {
  floatsOf,
  IOMMU_HEAD_LINES,
  type Regions,
  type SharedFloats,
  type SharedWords,
  TABLE_DROPS,
  wordsOf,
} from "../layout/regions.ts";
import { QUEUE_SLOTS } from "../layout/shape.ts";
import { type Bits, checkBits, checkWords, LINE_WORDS, maskOf } from "../layout/words.ts";

const IQH = 0;
const INVALIDATIONS = 1;
const DRAINING = 2;
const FILLS = 3;
const TABLES_EPOCH = 4;
const UPPER_EPOCH = 5;
const FSTS = LINE_WORDS;
const GSTS = LINE_WORDS + 1;
const IQT = 2 * LINE_WORDS;
const IOTLB_REG = 3 * LINE_WORDS;
const COMMAND_FROM = 3 * LINE_WORDS + 1;
const COMMAND_DUE_NS = [3 * LINE_WORDS + 2, 64] as const;
const COMMAND_STARTED_NS = [3 * LINE_WORDS + 4, 64] as const;
const COMMAND_VISIBLE_NS = [3 * LINE_WORDS + 6, 64] as const;
const COMMAND_DRAIN_NS = 3 * LINE_WORDS + 8;
const COMMAND_LATE_NS = 3 * LINE_WORDS + 9;
const COMMAND_HELD_UP_NS = 3 * LINE_WORDS + 10;
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
  IOTLB_REG,
  COMMAND_FROM,
  COMMAND_DUE_NS,
  COMMAND_STARTED_NS,
  COMMAND_VISIBLE_NS,
  COMMAND_DRAIN_NS,
  COMMAND_LATE_NS,
  COMMAND_HELD_UP_NS,
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

const DESCRIPTOR = 0;
const STATUS = 4;
const FROM = 5;
const FIRST = 6;
const DUE_NS = [8, 64] as const;
const STARTED_NS = [10, 64] as const;
const VISIBLE_NS = [12, 64] as const;
const DRAIN_NS = 14;
const LATE_NS = 15;
const HELD_UP_NS = 7;

checkWords("queue slot", LINE_WORDS, {
  DESCRIPTOR,
  LAST_DESCRIPTOR_WORD: DESCRIPTOR + DESCRIPTOR_WORDS - 1,
  STATUS,
  FROM,
  FIRST,
  DUE_NS,
  STARTED_NS,
  VISIBLE_NS,
  DRAIN_NS,
  LATE_NS,
  HELD_UP_NS,
});

/**
 * What a slot's STATUS says once its descriptor is done, or given up: a number of that lap of the
 * ring, so that a slot taken anew is pending without anybody clearing it (Linux keeps QI_FREE,
 * QI_IN_USE and so on).
 */
export function doneMark(index: number): number {
  return (index + 1) | 0;
}

export function abortedMark(index: number): number {
  return ~doneMark(index);
}

/** Bits of the fault status register (VT-d, FSTS_REG, offset 0x34). */
export const FSTS_IQE = 1 << 4;
export const FSTS_ICE = 1 << 5;
export const FSTS_ITE = 1 << 6;

const GSTS_QIES = 1 << 26;

/** The upper half of IOTLB_REG (VT-d: IVT 63, IIRG 61:60, DR 49, DW 48, DID 47:32). */
const REG_DID: Bits = { shift: 0, width: 16 };
const REG_DRAIN_WRITES: Bits = { shift: 16, width: 1 };
const REG_DRAIN_READS: Bits = { shift: 17, width: 1 };
const REG_GRANULARITY: Bits = { shift: 28, width: 2 };
const REG_IVT: Bits = { shift: 31, width: 1 };
checkBits("IOTLB_REG", { REG_DID, REG_DRAIN_WRITES, REG_DRAIN_READS, REG_GRANULARITY, REG_IVT });
const IVT = 1 << REG_IVT.shift;

/** When an invalidation was served, as its initiator reads it. */
export interface ServiceTimes {
  /** Service began: nothing of another submission stood before it any more. */
  startedNs: number;
  /** Of the service, how long it waited for walks and DMA in flight. */
  drainNs: number;
  /** The initiator can see it. */
  visibleNs: number;
  /** By how much the host delayed the start … */
  lateNs: number;
  /** … and the end. */
  heldUpNs: number;
}

export class Iommu {
  readonly id: number;
  private readonly words: SharedWords;
  private readonly floats: SharedFloats;
  private readonly slots: SharedWords;
  private readonly slotFloats: SharedFloats;

  constructor(memory: SharedArrayBuffer, regions: Regions, id: number) {
    this.id = id;
    this.words = wordsOf(memory, regions.iommus, id);
    this.floats = floatsOf(memory, regions.iommus, id);
    this.slots = wordsOf(memory, regions.queues, id);
    this.slotFloats = floatsOf(memory, regions.queues, id);
  }

  /** Before the run: the queue is empty, and enabled if the policy uses it. */
  format(queueEnabled: boolean): void {
    Atomics.store(this.words, GSTS, queueEnabled ? GSTS_QIES : 0);
    this.words[FREE_COUNT] = QUEUE_SLOTS;
  }

  get queueEnabled(): boolean {
    return (Atomics.load(this.words, GSTS) & GSTS_QIES) !== 0;
  }

  // The register interface.

  /** Initiator, under the IOMMU's lock: writes the command; it arrives at `dueNs`. */
  command(
    granularity: number,
    did: number,
    drainReads: boolean,
    drainWrites: boolean,
    from: number,
    dueNs: number,
  ): void {
    this.floats[COMMAND_DUE_NS[0] / 2] = dueNs; // Plain, as the next: published by IVT.
    this.words[COMMAND_FROM] = from;
    const word =
      IVT |
      (granularity << REG_GRANULARITY.shift) |
      (drainReads ? 1 << REG_DRAIN_READS.shift : 0) |
      (drainWrites ? 1 << REG_DRAIN_WRITES.shift : 0) |
      did;
    Atomics.store(this.words, IOTLB_REG, word);
  }

  /** IOMMU: the command word if one is pending, else 0. */
  pendingCommand(): number {
    const word = Atomics.load(this.words, IOTLB_REG);
    return (word & IVT) === 0 ? 0 : word;
  }

  /** IOMMU: the actor that polls for the pending command. */
  commandFrom(): number {
    return this.words[COMMAND_FROM];
  }

  commandDueNs(): number {
    return this.floats[COMMAND_DUE_NS[0] / 2];
  }

  /** IOMMU: clears IVT; the initiator's poll may see it from `times.visibleNs` on. */
  completeCommand(times: ServiceTimes): void {
    this.floats[COMMAND_STARTED_NS[0] / 2] = times.startedNs; // Plain, as below: published by IVT.
    this.floats[COMMAND_VISIBLE_NS[0] / 2] = times.visibleNs;
    this.words[COMMAND_DRAIN_NS] = times.drainNs;
    this.words[COMMAND_LATE_NS] = times.lateNs;
    this.words[COMMAND_HELD_UP_NS] = times.heldUpNs;
    Atomics.and(this.words, IOTLB_REG, ~IVT);
  }

  /** Initiator: when it can see IVT clear; Infinity while it is set. */
  commandVisibleNs(): number {
    if ((Atomics.load(this.words, IOTLB_REG) & IVT) !== 0) return Number.POSITIVE_INFINITY;
    return this.floats[COMMAND_VISIBLE_NS[0] / 2];
  }

  commandTimes(times: ServiceTimes): void {
    times.startedNs = this.floats[COMMAND_STARTED_NS[0] / 2];
    times.visibleNs = this.floats[COMMAND_VISIBLE_NS[0] / 2];
    times.drainNs = this.words[COMMAND_DRAIN_NS];
    times.lateNs = this.words[COMMAND_LATE_NS];
    times.heldUpNs = this.words[COMMAND_HELD_UP_NS];
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
    const base = slotOf(index) * LINE_WORDS;
    this.writeDescriptor(index, words);
    this.slots[base + FROM] = from;
    this.slots[base + FIRST] = first;
    this.slotFloats[(base + DUE_NS[0]) / 2] = dueNs;
    this.words[FREE_HEAD] = (index + 1) | 0;
    this.words[FREE_COUNT]--;
    return index;
  }

  writeDescriptor(index: number, words: Descriptor): void {
    const base = slotOf(index) * LINE_WORDS + DESCRIPTOR;
    const slots = this.slots;
    slots[base] = words[0];
    slots[base + 1] = words[1];
    slots[base + 2] = words[2];
    slots[base + 3] = words[3];
  }

  /** The tail write: hands everything taken so far to the IOMMU. */
  writeTail(): void {
    Atomics.store(this.words, IQT, this.words[FREE_HEAD]);
  }

  statusOf(index: number): number {
    return Atomics.load(this.slots, slotOf(index) * LINE_WORDS + STATUS);
  }

  /** The first slot of the submission that ends with the wait at `wait`. */
  firstOf(wait: number): number {
    return this.slots[slotOf(wait) * LINE_WORDS + FIRST];
  }

  /** The descriptors of a submission, without its wait. */
  descriptorsOf(wait: number): readonly Descriptor[] {
    const descriptors: Descriptor[] = [];
    for (let index = this.firstOf(wait); index !== wait; index = (index + 1) | 0) {
      descriptors.push(this.fetch(index));
    }
    return descriptors;
  }

  /** Whether the IOMMU is done with the descriptor at `index`. */
  hasPassed(index: number): boolean {
    return ((this.head - index) | 0) > 0;
  }

  /**
   * The owner is done with a submission, whose wait is done or aborted: its slots may be reclaimed.
   */
  markEnded(wait: number): void {
    Atomics.store(this.words, ENDED + slotOf(this.firstOf(wait)), (wait + 1) | 0);
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
      if (descriptorType(this.fetch(index)) !== TYPE_WAIT) continue;
      if (this.statusOf(index) === doneMark(index)) continue;
      Atomics.store(this.slots, slotOf(index) * LINE_WORDS + STATUS, abortedMark(index));
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

  /** Submitter: when it can see the status of its wait descriptor, which is done. */
  visibleNs(index: number): number {
    return this.slotFloats[(slotOf(index) * LINE_WORDS + VISIBLE_NS[0]) / 2];
  }

  statusTimes(index: number, times: ServiceTimes): void {
    const base = slotOf(index) * LINE_WORDS;
    times.startedNs = this.slotFloats[(base + STARTED_NS[0]) / 2];
    times.visibleNs = this.slotFloats[(base + VISIBLE_NS[0]) / 2];
    times.drainNs = this.slots[base + DRAIN_NS];
    times.lateNs = this.slots[base + LATE_NS];
    times.heldUpNs = this.slots[base + HELD_UP_NS];
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

  /** When the descriptor at `index` reaches the IOMMU. */
  dueNs(index: number): number {
    return this.slotFloats[(slotOf(index) * LINE_WORDS + DUE_NS[0]) / 2];
  }

  /** The actor that waits for the slot at `index`. */
  fromOf(index: number): number {
    return this.slots[slotOf(index) * LINE_WORDS + FROM];
  }

  fetch(index: number): Descriptor {
    const base = slotOf(index) * LINE_WORDS + DESCRIPTOR;
    const slots = this.slots;
    return [slots[base], slots[base + 1], slots[base + 2], slots[base + 3]];
  }

  /** Moves IQH behind a descriptor that is done. */
  setHead(head: number): void {
    Atomics.store(this.words, IQH, head);
  }

  /** The wait descriptor's status write, to the status word of slot `address`. */
  writeStatus(address: number, data: number, times: ServiceTimes): void {
    const base = slotOf(address) * LINE_WORDS;
    this.slotFloats[(base + STARTED_NS[0]) / 2] = times.startedNs; // Plain, as below: by STATUS.
    this.slotFloats[(base + VISIBLE_NS[0]) / 2] = times.visibleNs;
    this.slots[base + DRAIN_NS] = times.drainNs;
    this.slots[base + LATE_NS] = times.lateNs;
    this.slots[base + HELD_UP_NS] = times.heldUpNs;
    Atomics.store(this.slots, base + STATUS, data);
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

/** The slot of the ring at a free-running index. */
export function slotOf(index: number): number {
  return index & (QUEUE_SLOTS - 1);
}

/** Fields of a register-interface command word. */
export function commandGranularity(word: number): number {
  return (word >>> REG_GRANULARITY.shift) & maskOf(REG_GRANULARITY.width);
}

export function commandDid(word: number): number {
  return word & maskOf(REG_DID.width);
}

export function commandDrains(word: number): boolean {
  return (word & ((1 << REG_DRAIN_READS.shift) | (1 << REG_DRAIN_WRITES.shift))) !== 0;
}
