// Invalidation descriptors of the queued-invalidation interface: 128 bits, four 32-bit words
// (VT-d specification, "Queued Invalidation Descriptors"; field positions as Linux programs them in
// drivers/iommu/intel/iommu.h).
//
// word   context cache (1)        IOTLB (2)                device TLB (3)       wait (5)
// 0      type 3:0, G 5:4,         type 3:0, G 5:4, DW 6,   type 3:0, depth      type 3:0, IF 4, SW 5,
//        DID 31:16                DR 7, DID 31:16          20:16                FN 6, PD 7
// 1      SID 15:0, FM 17:16       -                        SID 15:0             status data
// 2      -                        AM 5:0, IH 6, ADDR 31:12 S 0, ADDR 31:12      status address, low
// 3      -                        ADDR 63:32               ADDR 63:32           status address, high
//
// Everything not named is reserved and must be zero.

import { type Bits, checkBits, maskOf } from "./words.ts";

export const DESCRIPTOR_WORDS = 4;

export const TYPE_CONTEXT_CACHE = 1;
export const TYPE_IOTLB = 2;
export const TYPE_DEVICE_TLB = 3;
export const TYPE_WAIT = 5;

export const GRANULARITY_GLOBAL = 1;
export const GRANULARITY_DOMAIN = 2;
/** Of an IOTLB descriptor; for the context cache the same code selects one device. */
export const GRANULARITY_PAGE = 3;

/** Largest address mask (2¹⁸ pages) that this hardware accepts; the value QEMU reports (VTD_MAMV). */
export const MAX_ADDRESS_MASK = 18;

const TYPE: Bits = { shift: 0, width: 4 };
const GRANULARITY: Bits = { shift: 4, width: 2 };
const DRAIN_WRITES: Bits = { shift: 6, width: 1 };
const DRAIN_READS: Bits = { shift: 7, width: 1 };
const DID: Bits = { shift: 16, width: 16 };
const SOURCE_ID: Bits = { shift: 0, width: 16 };
const FUNCTION_MASK: Bits = { shift: 16, width: 2 };
const ADDRESS_MASK: Bits = { shift: 0, width: 6 };
const LEAF_HINT: Bits = { shift: 6, width: 1 };
const PAGE_LOW: Bits = { shift: 12, width: 20 };
const QUEUE_DEPTH: Bits = { shift: 16, width: 5 };
const DEVICE_SIZE: Bits = { shift: 0, width: 1 };
const INTERRUPT: Bits = { shift: 4, width: 1 };
const STATUS_WRITE: Bits = { shift: 5, width: 1 };
const FENCE: Bits = { shift: 6, width: 1 };
const PAGE_REQUEST_DRAIN: Bits = { shift: 7, width: 1 };

checkBits("context-cache word 0", { TYPE, GRANULARITY, DID });
checkBits("context-cache word 1", { SOURCE_ID, FUNCTION_MASK });
checkBits("IOTLB word 0", { TYPE, GRANULARITY, DRAIN_WRITES, DRAIN_READS, DID });
checkBits("IOTLB word 2", { ADDRESS_MASK, LEAF_HINT, PAGE_LOW });
checkBits("device-TLB word 0", { TYPE, QUEUE_DEPTH });
checkBits("device-TLB word 2", { DEVICE_SIZE, PAGE_LOW });
checkBits("wait word 0", { TYPE, INTERRUPT, STATUS_WRITE, FENCE, PAGE_REQUEST_DRAIN });

const TWO_20 = 0x100000;

/** Four words, as they stand in the queue. */
export type Descriptor = readonly [number, number, number, number];

function get(word: number, field: Bits): number {
  return (word >>> field.shift) & maskOf(field.width);
}

function put(value: number, field: Bits): number {
  return (value & maskOf(field.width)) << field.shift;
}

export interface ContextCacheInvalidation {
  readonly granularity: number;
  readonly did: number;
  readonly sourceId: number;
  readonly functionMask: number;
}

export function contextCacheDescriptor(fields: ContextCacheInvalidation): Descriptor {
  return [
    TYPE_CONTEXT_CACHE | put(fields.granularity, GRANULARITY) | put(fields.did, DID),
    put(fields.sourceId, SOURCE_ID) | put(fields.functionMask, FUNCTION_MASK),
    0,
    0,
  ];
}

export interface IotlbInvalidation {
  readonly granularity: number;
  readonly did: number;
  readonly drainReads: boolean;
  readonly drainWrites: boolean;
  /** First page; naturally aligned to 2^addressMask pages. Only for page granularity. */
  readonly vpn: number;
  readonly addressMask: number;
  /** Only leaf entries changed: paging-structure caches may stay. */
  readonly leafHint: boolean;
}

export function iotlbDescriptor(fields: IotlbInvalidation): Descriptor {
  return [
    TYPE_IOTLB |
      put(fields.granularity, GRANULARITY) |
      put(fields.drainWrites ? 1 : 0, DRAIN_WRITES) |
      put(fields.drainReads ? 1 : 0, DRAIN_READS) |
      put(fields.did, DID),
    0,
    put(fields.addressMask, ADDRESS_MASK) |
      put(fields.leafHint ? 1 : 0, LEAF_HINT) |
      put(fields.vpn % TWO_20, PAGE_LOW),
    Math.floor(fields.vpn / TWO_20),
  ];
}

export interface DeviceTlbInvalidation {
  readonly sourceId: number;
  readonly queueDepth: number;
  readonly vpn: number;
  /** The S bit: the address encodes a size of more than one page. */
  readonly sized: boolean;
}

export function deviceTlbDescriptor(fields: DeviceTlbInvalidation): Descriptor {
  return [
    TYPE_DEVICE_TLB | put(fields.queueDepth, QUEUE_DEPTH),
    put(fields.sourceId, SOURCE_ID),
    put(fields.sized ? 1 : 0, DEVICE_SIZE) | put(fields.vpn % TWO_20, PAGE_LOW),
    Math.floor(fields.vpn / TWO_20),
  ];
}

export interface Wait {
  readonly statusWrite: boolean;
  readonly interrupt: boolean;
  /** Descriptors behind it do not start before it is complete. */
  readonly fence: boolean;
  readonly statusData: number;
  /** Where the status is written: here the index of a status word of the same IOMMU. */
  readonly statusAddress: number;
}

export function waitDescriptor(fields: Wait): Descriptor {
  return [
    TYPE_WAIT |
      put(fields.interrupt ? 1 : 0, INTERRUPT) |
      put(fields.statusWrite ? 1 : 0, STATUS_WRITE) |
      put(fields.fence ? 1 : 0, FENCE),
    fields.statusData,
    fields.statusAddress,
    0,
  ];
}

export function descriptorType(word0: number): number {
  return get(word0, TYPE);
}

export function decodeContextCache(words: Descriptor): ContextCacheInvalidation {
  return {
    granularity: get(words[0], GRANULARITY),
    did: get(words[0], DID),
    sourceId: get(words[1], SOURCE_ID),
    functionMask: get(words[1], FUNCTION_MASK),
  };
}

export function decodeIotlb(words: Descriptor): IotlbInvalidation {
  return {
    granularity: get(words[0], GRANULARITY),
    did: get(words[0], DID),
    drainWrites: get(words[0], DRAIN_WRITES) === 1,
    drainReads: get(words[0], DRAIN_READS) === 1,
    vpn: words[3] * TWO_20 + get(words[2], PAGE_LOW),
    addressMask: get(words[2], ADDRESS_MASK),
    leafHint: get(words[2], LEAF_HINT) === 1,
  };
}

export function decodeDeviceTlb(words: Descriptor): DeviceTlbInvalidation {
  return {
    sourceId: get(words[1], SOURCE_ID),
    queueDepth: get(words[0], QUEUE_DEPTH),
    vpn: words[3] * TWO_20 + get(words[2], PAGE_LOW),
    sized: get(words[2], DEVICE_SIZE) === 1,
  };
}

export function decodeWait(words: Descriptor): Wait {
  return {
    statusWrite: get(words[0], STATUS_WRITE) === 1,
    interrupt: get(words[0], INTERRUPT) === 1,
    fence: get(words[0], FENCE) === 1,
    statusData: words[1],
    statusAddress: words[2],
  };
}

const VALID_0 = {
  [TYPE_CONTEXT_CACHE]: bitsOf(TYPE, GRANULARITY, DID),
  [TYPE_IOTLB]: bitsOf(TYPE, GRANULARITY, DRAIN_WRITES, DRAIN_READS, DID),
  [TYPE_DEVICE_TLB]: bitsOf(TYPE, QUEUE_DEPTH),
  [TYPE_WAIT]: bitsOf(TYPE, INTERRUPT, STATUS_WRITE, FENCE, PAGE_REQUEST_DRAIN),
} as const;

function bitsOf(...fields: Bits[]): number {
  return fields.reduce((mask, field) => mask | (maskOf(field.width) << field.shift), 0);
}

/**
 * Whether hardware would execute the descriptor: a known type, no reserved bit, a valid granularity, an
 * address mask within the maximum and a wait that reports somehow. If not, it sets IQE and stops.
 */
export function isValidDescriptor(words: Descriptor): boolean {
  const type = descriptorType(words[0]);
  switch (type) {
    case TYPE_CONTEXT_CACHE:
      return (
        (words[0] & ~VALID_0[type]) === 0 &&
        (words[1] & ~bitsOf(SOURCE_ID, FUNCTION_MASK)) === 0 &&
        (words[2] | words[3]) === 0 &&
        get(words[0], GRANULARITY) !== 0
      );
    case TYPE_IOTLB:
      return (
        (words[0] & ~VALID_0[type]) === 0 &&
        words[1] === 0 &&
        (words[2] & ~bitsOf(ADDRESS_MASK, LEAF_HINT, PAGE_LOW)) === 0 &&
        get(words[0], GRANULARITY) !== 0 &&
        get(words[2], ADDRESS_MASK) <= MAX_ADDRESS_MASK
      );
    case TYPE_DEVICE_TLB:
      return (
        (words[0] & ~VALID_0[type]) === 0 &&
        (words[1] & ~bitsOf(SOURCE_ID)) === 0 &&
        (words[2] & ~bitsOf(DEVICE_SIZE, PAGE_LOW)) === 0
      );
    case TYPE_WAIT:
      return (
        (words[0] & ~VALID_0[type]) === 0 &&
        words[3] === 0 &&
        (words[0] & bitsOf(INTERRUPT, STATUS_WRITE)) !== 0
      );
    default:
      return false;
  }
}

/** The fewest naturally aligned pages that cover `pages` from `vpn`: as VT-d wants a range. */
export interface AlignedRange {
  readonly vpn: number;
  readonly addressMask: number;
}

/**
 * Widens a range until it is one naturally aligned power of two of pages, as page-selective
 * invalidation covers no other (Linux: cache_tag_flush_range and its address-mask computation).
 * The mask may exceed MAX_ADDRESS_MASK: then the domain has to be flushed instead.
 */
export function alignedRange(vpn: number, pages: number): AlignedRange {
  let addressMask = 0;
  let span = 1;
  let first = vpn;
  while (first + span < vpn + pages) {
    span *= 2;
    addressMask++;
    first = Math.floor(vpn / span) * span;
  }
  return { vpn: first, addressMask };
}
