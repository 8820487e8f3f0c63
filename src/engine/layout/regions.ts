// Where every region of the one SharedArrayBuffer lies. Word tables of single records stand
// beside the machine part that owns them; here is only who follows whom. All regions start on a
// cache line.

import { TABLE_ENTRIES } from "./address.ts";
import {
  actorsOf,
  BROADCAST_SLOTS,
  DEVICE_TLB,
  MAILBOX_SLOTS,
  type MachineShape,
  QUEUE_SLOTS,
  type TlbShape,
} from "./shape.ts";
import { LINE_BYTES, LINE_WORDS, WORD_BYTES, wholeLines } from "./words.ts";

/** Counts by which an IOMMU's devices learn of which 2 MiB regions the tables were dropped. */
export const TABLE_DROPS = 32;
/** Lines of one record, by region; the owner's word table is checked against it. */
export const CONTROL_LINES = 3;
export const ACTOR_LINES = 2;
export const MAILBOX_HEAD_LINES = 2;
export const IOMMU_HEAD_LINES = 6 + QUEUE_SLOTS / LINE_WORDS + TABLE_DROPS / LINE_WORDS;
export const DEVICE_LINES = 2;
export const RING_HEAD_LINES = 2;
export const LOCK_HEAD_LINES = 1;
export const SPACE_HEAD_LINES = 2;
export const CORE_STATE_LINES = 1;
export const MAGAZINE_LINES = 5;
export const LIVE_LINES = 9;
export const FLUSH_QUEUE_HEAD_LINES = 1;
export const INTERCONNECT_HEAD_LINES = 1;
/** Words of one flush-queue entry. */
export const FLUSH_ENTRY_WORDS = 10;
/** Words of one IOTLB entry. */
export const IOTLB_ENTRY_WORDS = 8;
/** Words of one core-TLB entry. */
export const TLB_ENTRY_WORDS = 8;
/** Contexts (PCIDs) that a TLB tells apart. */
export const PCIDS = 16;
/** Of a paging-structure cache, a power of two; assumed, as manuals do not give the size. */
export const STRUCTURE_ENTRIES = 32;
/** Words of one paging-structure entry. */
export const STRUCTURE_ENTRY_WORDS = 8;
/** Its entries, and an epoch a context. */
export const STRUCTURES_BYTES = (STRUCTURE_ENTRIES * STRUCTURE_ENTRY_WORDS + PCIDS) * WORD_BYTES;
/** Words of a page-table entry: with its version, which every walk reads too. */
export const PTE_WORDS = 2;
/** Words of the promises about one leaf entry. */
export const PROMISE_WORDS = 6;
/** Frame events that an actor keeps, each of so many float64s. */
export const FRAME_EVENTS = 512;
export const FRAME_EVENT_FLOATS = 5;
export const FRAME_EVENT_HEAD_LINES = 1;

export type SharedWords = Int32Array<SharedArrayBuffer>;
export type SharedFloats = Float64Array<SharedArrayBuffer>;

export interface Region {
  readonly offset: number;
  /** Bytes from one record to the next. */
  readonly stride: number;
  readonly count: number;
}

export interface Regions {
  readonly control: Region;
  readonly actors: Region;
  readonly locks: Region;
  readonly spaces: Region;
  readonly coreStates: Region;
  readonly mailboxHeads: Region;
  readonly mailboxSlots: Region;
  readonly interconnect: Region;
  readonly coreTlbs: Region;
  readonly magazines: Region;
  readonly livePages: Region;
  readonly flushQueues: Region;
  readonly iommus: Region;
  readonly queues: Region;
  readonly iotlbs: Region;
  readonly devices: Region;
  readonly rings: Region;
  readonly deviceStructures: Region;
  /** None without ATS. */
  readonly deviceTlbs: Region;
  readonly frames: Region;
  readonly tableEntries: Region;
  readonly tableSharers: Region;
  /** None while the checker is off, as the next. */
  readonly promises: Region;
  readonly frameEvents: Region;
  /** The size of the whole. */
  readonly bytes: number;
}

/** Words per frame: tag, owner, link, and of a frame that was freed unflushed stamp and owner. */
const FRAME_WORDS = 5;

/**
 * One lock per space, per IOMMU and per flush queue, in this order; one for what else of the kernel
 * only one core can be in; and those of leaf tables.
 */
export function locksOf(shape: MachineShape): number {
  return shape.spaces + shape.iommus + shape.cores + 1 + (shape.tableLocks ?? 0);
}

export function tlbEntries(tlb: TlbShape): number {
  return tlb.sets * tlb.ways;
}

/** Lays out the memory of a machine; the same shape gives the same layout in every thread. */
export function layOut(shape: MachineShape): Regions {
  let end = 0;
  const region = (count: number, bytes: number): Region => {
    const stride = wholeLines(bytes);
    const placed = { offset: end, stride, count };
    end += stride * count;
    return placed;
  };
  const lines = (count: number): number => count * LINE_BYTES;
  const coreTlbEntries = tlbEntries(shape.l1) + tlbEntries(shape.l2);
  const tlbBytes = (coreTlbEntries * TLB_ENTRY_WORDS + PCIDS) * WORD_BYTES;
  const iotlbBytes = (tlb: TlbShape): number =>
    tlbEntries(tlb) * (IOTLB_ENTRY_WORDS + 1) * WORD_BYTES; // A word of the journal each.
  const loadedWords = Math.ceil(shape.cores / 32);
  const frames = shape.dataFrames + shape.tableFrames;
  const regions = {
    control: region(1, lines(CONTROL_LINES)),
    actors: region(actorsOf(shape), lines(ACTOR_LINES)),
    locks: region(locksOf(shape), lines(LOCK_HEAD_LINES) + shape.cores * WORD_BYTES),
    spaces: region(shape.spaces, lines(SPACE_HEAD_LINES) + 3 * loadedWords * WORD_BYTES),
    coreStates: region(shape.cores, lines(CORE_STATE_LINES)),
    mailboxHeads: region(shape.cores, lines(MAILBOX_HEAD_LINES)),
    mailboxSlots: region(shape.cores, MAILBOX_SLOTS * LINE_BYTES),
    interconnect: region(1, lines(INTERCONNECT_HEAD_LINES + BROADCAST_SLOTS)),
    coreTlbs: region(shape.cores, wholeLines(tlbBytes) + wholeLines(STRUCTURES_BYTES)),
    magazines: region(shape.cores, lines(MAGAZINE_LINES)),
    livePages: region(shape.cores, lines(LIVE_LINES)),
    flushQueues: region(
      shape.cores,
      lines(FLUSH_QUEUE_HEAD_LINES) + shape.flushQueueSlots * FLUSH_ENTRY_WORDS * WORD_BYTES,
    ),
    iommus: region(shape.iommus, lines(IOMMU_HEAD_LINES)),
    queues: region(shape.iommus, QUEUE_SLOTS * LINE_BYTES),
    iotlbs: region(shape.iommus, iotlbBytes(shape.iotlb)),
    devices: region(shape.devices, lines(DEVICE_LINES)),
    rings: region(
      shape.ringSlots === 0 ? 0 : shape.rings,
      lines(RING_HEAD_LINES + shape.ringSlots),
    ),
    deviceStructures: region(shape.devices, STRUCTURES_BYTES),
    deviceTlbs: region(shape.ats ? shape.devices : 0, iotlbBytes(DEVICE_TLB)),
    frames: region(1, (1 + FRAME_WORDS * frames) * WORD_BYTES + lines(2)),
    tableEntries: region(1, shape.tableFrames * TABLE_ENTRIES * PTE_WORDS * WORD_BYTES),
    tableSharers: region(
      1,
      shape.tracksAccesses ? shape.tableFrames * TABLE_ENTRIES * WORD_BYTES : 0,
    ),
    promises: region(
      shape.checks ? 1 : 0,
      shape.tableFrames * TABLE_ENTRIES * PROMISE_WORDS * WORD_BYTES,
    ),
    frameEvents: region(
      shape.checks ? actorsOf(shape) : 0,
      lines(FRAME_EVENT_HEAD_LINES) + FRAME_EVENTS * FRAME_EVENT_FLOATS * 8,
    ),
  };
  return { ...regions, bytes: end };
}

/** The words of record `index` of a region. */
export function wordsOf(memory: SharedArrayBuffer, region: Region, index = 0): SharedWords {
  checkIndex(region, index);
  return new Int32Array(memory, region.offset + index * region.stride, region.stride / WORD_BYTES);
}

/** The same record as float64 fields: field of word w is element w / 2. */
export function floatsOf(memory: SharedArrayBuffer, region: Region, index = 0): SharedFloats {
  checkIndex(region, index);
  return new Float64Array(memory, region.offset + index * region.stride, region.stride / 8);
}

/** All words of a region, for accessors that compute the index of a record themselves. */
export function allWordsOf(memory: SharedArrayBuffer, region: Region): SharedWords {
  return new Int32Array(memory, region.offset, (region.stride * region.count) / WORD_BYTES);
}

export function allFloatsOf(memory: SharedArrayBuffer, region: Region): SharedFloats {
  return new Float64Array(memory, region.offset, (region.stride * region.count) / 8);
}

/** A region for objects that stand for one record each and share its typed arrays. */
export interface Views {
  readonly words: SharedWords;
  readonly floats: SharedFloats;
  /** From one record to the next. */
  readonly strideWords: number;
}

export function viewsOf(memory: SharedArrayBuffer, region: Region): Views {
  return {
    words: allWordsOf(memory, region),
    floats: allFloatsOf(memory, region),
    strideWords: strideWords(region),
  };
}

/** Words from one record of a region to the next. */
export function strideWords(region: Region): number {
  return region.stride / WORD_BYTES;
}

function checkIndex(region: Region, index: number): void {
  if (index < 0 || index >= region.count) {
    throw new RangeError(`record ${index} of a region with ${region.count}`);
  }
}
