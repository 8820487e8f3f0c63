// Invalidation descriptors of the queued-invalidation interface: 128 bits, four 32-bit words
// (VT-d specification, "Queued Invalidation Descriptors"; field positions as Linux programs them
// in drivers/iommu/intel/iommu.h).
//
// word   context cache (1)    IOTLB (2)                 device TLB (3)     wait (5)
// 0      type 3:0, G 5:4,     type 3:0, G 5:4, DW 6,    type 3:0,          type 3:0, IF 4, SW 5,
//        DID 31:16            DR 7, DID 31:16           depth 20:16        FN 6, PD 7
// 1      SID 15:0, FM 17:16   -                         SID 15:0           status data
// 2      -                    AM 5:0, IH 6, ADDR 31:12  S 0, ADDR 31:12    status address, low half
// 3      -                    ADDR 63:32                ADDR 63:32         the same, high half
//
// Everything not named is reserved and must be zero.

import { lowBits } from "./address.ts";
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

/**
 * Largest address mask (2¹⁸ pages) that this hardware accepts; the value QEMU reports (VTD_MAMV).
 */
export const MAX_ADDRESS_MASK = 18;

const TYPE = { shift: 0, width: 4 } as const;
const GRANULARITY = { shift: 4, width: 2 } as const;
const DRAIN_WRITES = { shift: 6, width: 1 } as const;
const DRAIN_READS = { shift: 7, width: 1 } as const;
const DID = { shift: 16, width: 16 } as const;
const SOURCE_ID = { shift: 0, width: 16 } as const;
const FUNCTION_MASK = { shift: 16, width: 2 } as const;
const ADDRESS_MASK = { shift: 0, width: 6 } as const;
const LEAF_HINT = { shift: 6, width: 1 } as const;
const PAGE_LOW = { shift: 12, width: 20 } as const;
const QUEUE_DEPTH = { shift: 16, width: 5 } as const;
const DEVICE_SIZE = { shift: 0, width: 1 } as const;
const INTERRUPT = { shift: 4, width: 1 } as const;
const STATUS_WRITE = { shift: 5, width: 1 } as const;
const FENCE = { shift: 6, width: 1 } as const;
const PAGE_REQUEST_DRAIN = { shift: 7, width: 1 } as const;

checkBits("context-cache word 0", { TYPE, GRANULARITY, DID });
checkBits("context-cache word 1", { SOURCE_ID, FUNCTION_MASK });
checkBits("IOTLB word 0", { TYPE, GRANULARITY, DRAIN_WRITES, DRAIN_READS, DID });
checkBits("IOTLB word 2", { ADDRESS_MASK, LEAF_HINT, PAGE_LOW });
checkBits("device-TLB word 0", { TYPE, QUEUE_DEPTH });
checkBits("device-TLB word 2", { DEVICE_SIZE, PAGE_LOW });
checkBits("wait word 0", { TYPE, INTERRUPT, STATUS_WRITE, FENCE, PAGE_REQUEST_DRAIN });

// Rebound, as the engine folds a module's own numbers but not an object's properties.
const TYPE_MASK = maskOf(TYPE.width);
const GRANULARITY_SHIFT = GRANULARITY.shift;
const GRANULARITY_MASK = maskOf(GRANULARITY.width);
const DRAIN_WRITES_BIT = bitsOf(DRAIN_WRITES);
const DRAIN_READS_BIT = bitsOf(DRAIN_READS);
const DID_SHIFT = DID.shift;
const DID_MASK = maskOf(DID.width);
const ADDRESS_MASK_MASK = maskOf(ADDRESS_MASK.width);
const LEAF_HINT_BIT = bitsOf(LEAF_HINT);
const PAGE_LOW_SHIFT = PAGE_LOW.shift;
const PAGE_LOW_MASK = maskOf(PAGE_LOW.width);
const PAGE_HIGH_UNIT = PAGE_LOW_MASK + 1;
const SOURCE_ID_MASK = maskOf(SOURCE_ID.width);
const INTERRUPT_BIT = bitsOf(INTERRUPT);
const STATUS_WRITE_BIT = bitsOf(STATUS_WRITE);
const FENCE_BIT = bitsOf(FENCE);
const DEVICE_SIZE_BIT = bitsOf(DEVICE_SIZE);

/** Bits that may be set, by type and word; everything else is reserved. */
const CONTEXT_CACHE_0 = bitsOf(TYPE, GRANULARITY, DID);
const CONTEXT_CACHE_1 = bitsOf(SOURCE_ID, FUNCTION_MASK);
const IOTLB_0 = bitsOf(TYPE, GRANULARITY, DRAIN_WRITES, DRAIN_READS, DID);
const IOTLB_2 = bitsOf(ADDRESS_MASK, LEAF_HINT, PAGE_LOW);
const DEVICE_TLB_0 = bitsOf(TYPE, QUEUE_DEPTH);
const DEVICE_TLB_1 = bitsOf(SOURCE_ID);
const DEVICE_TLB_2 = bitsOf(DEVICE_SIZE, PAGE_LOW);
const WAIT_0 = bitsOf(TYPE, INTERRUPT, STATUS_WRITE, FENCE, PAGE_REQUEST_DRAIN);

function bitsOf(...fields: Bits[]): number {
  return fields.reduce((mask, field) => mask | (maskOf(field.width) << field.shift), 0);
}

/** Four words, as they stand in the queue. */
export type Descriptor = readonly [number, number, number, number];

/** Invalidates cached context entries; granularity 1 global, 2 domain, 3 one device. */
export function contextCacheDescriptor(
  granularity: number,
  did: number,
  sourceId: number,
  functionMask: number,
): Descriptor {
  const source = (sourceId & SOURCE_ID_MASK) | (functionMask << FUNCTION_MASK.shift);
  return [
    TYPE_CONTEXT_CACHE | (granularity << GRANULARITY_SHIFT) | (did << DID_SHIFT),
    source,
    0,
    0,
  ];
}

/**
 * Invalidates the IOTLB: all, a domain, or 2^addressMask pages from `vpn`, which is aligned to
 * that many. `drain` waits for reads and writes in flight; `leafHint` promises that only leaf
 * entries changed.
 */
export function iotlbDescriptor(
  granularity: number,
  did: number,
  drain: boolean,
  vpn: number,
  addressMask: number,
  leafHint: boolean,
): Descriptor {
  return [
    TYPE_IOTLB |
      (granularity << GRANULARITY_SHIFT) |
      (drain ? DRAIN_WRITES_BIT | DRAIN_READS_BIT : 0) |
      (did << DID_SHIFT),
    0,
    addressMask | (leafHint ? LEAF_HINT_BIT : 0) | pageLow(vpn),
    pageHigh(vpn),
  ];
}

/**
 * Asks the device `sourceId` to drop a page, or the aligned range that a `sized` address encodes.
 */
export function deviceTlbDescriptor(
  sourceId: number,
  queueDepth: number,
  vpn: number,
  sized: boolean,
): Descriptor {
  return [
    TYPE_DEVICE_TLB | (queueDepth << QUEUE_DEPTH.shift),
    sourceId & SOURCE_ID_MASK,
    (sized ? DEVICE_SIZE_BIT : 0) | pageLow(vpn),
    pageHigh(vpn),
  ];
}

/**
 * Reports that all before it is complete by writing `statusData` to `statusAddress` (here the
 * index of a slot, whose status word it is). With `fence`, descriptors behind it do not start
 * before that.
 */
export function waitDescriptor(
  statusData: number,
  statusAddress: number,
  fence: boolean,
): Descriptor {
  return [TYPE_WAIT | STATUS_WRITE_BIT | (fence ? FENCE_BIT : 0), statusData, statusAddress, 0];
}

function pageLow(vpn: number): number {
  return lowBits(vpn, PAGE_LOW_MASK) << PAGE_LOW_SHIFT;
}

function pageHigh(vpn: number): number {
  return Math.floor(vpn / PAGE_HIGH_UNIT);
}

export function descriptorType(words: Descriptor): number {
  return words[0] & TYPE_MASK;
}

/** Of an IOTLB or context-cache descriptor. */
export function granularityOf(words: Descriptor): number {
  return (words[0] >>> GRANULARITY_SHIFT) & GRANULARITY_MASK;
}

export function domainOf(words: Descriptor): number {
  return (words[0] >>> DID_SHIFT) & DID_MASK;
}

/** Of an IOTLB descriptor: whether it waits for DMA in flight, reads or writes. */
export function drainsOf(words: Descriptor): boolean {
  return (words[0] & (DRAIN_WRITES_BIT | DRAIN_READS_BIT)) !== 0;
}

/** Of an IOTLB or device-TLB descriptor: the first page. */
export function vpnOf(words: Descriptor): number {
  return words[3] * PAGE_HIGH_UNIT + ((words[2] >>> PAGE_LOW_SHIFT) & PAGE_LOW_MASK);
}

export function addressMaskOf(words: Descriptor): number {
  return words[2] & ADDRESS_MASK_MASK;
}

export function leafHintOf(words: Descriptor): boolean {
  return (words[2] & LEAF_HINT_BIT) !== 0;
}

/** Of a device-TLB or context-cache descriptor: the device. */
export function sourceIdOf(words: Descriptor): number {
  return words[1] & SOURCE_ID_MASK;
}

/**
 * The page that a sized address gives for 2^addressMask pages from `vpn`, which is aligned to that
 * many: the lowest zero of its bits says how many these are (PCIe ATS, as Linux's
 * qi_flush_dev_iotlb encodes it).
 */
export function sizedPage(vpn: number, addressMask: number): number {
  return vpn + powerOfTwo(addressMask - 1) - 1;
}

/** Of a device-TLB descriptor: the pages that it drops. */
export function deviceRangeOf(words: Descriptor): AlignedRange {
  const vpn = vpnOf(words);
  if ((words[2] & DEVICE_SIZE_BIT) === 0) return { vpn, addressMask: 0 };
  let addressMask = 1;
  let span = 2;
  while (vpn % span === span - 1) {
    addressMask++;
    span *= 2;
  }
  span = powerOfTwo(addressMask);
  return { vpn: Math.floor(vpn / span) * span, addressMask };
}

/** Of a wait descriptor. */
export function writesStatus(words: Descriptor): boolean {
  return (words[0] & STATUS_WRITE_BIT) !== 0;
}

export function statusDataOf(words: Descriptor): number {
  return words[1];
}

export function statusAddressOf(words: Descriptor): number {
  return words[2];
}

/**
 * Whether hardware would execute the descriptor: a known type, no reserved bit, a valid
 * granularity, an address mask within the maximum and a wait that reports somehow. If not, it sets
 * IQE and stops.
 */
export function isValidDescriptor(words: Descriptor): boolean {
  switch (descriptorType(words)) {
    case TYPE_IOTLB:
      return (
        ((words[0] & ~IOTLB_0) | words[1] | (words[2] & ~IOTLB_2)) === 0 &&
        granularityOf(words) !== 0 &&
        addressMaskOf(words) <= MAX_ADDRESS_MASK
      );
    case TYPE_WAIT:
      return (
        ((words[0] & ~WAIT_0) | words[3]) === 0 &&
        (words[0] & (INTERRUPT_BIT | STATUS_WRITE_BIT)) !== 0
      );
    case TYPE_CONTEXT_CACHE:
      return (
        ((words[0] & ~CONTEXT_CACHE_0) | (words[1] & ~CONTEXT_CACHE_1)) === 0 &&
        (words[2] | words[3]) === 0 &&
        granularityOf(words) !== 0
      );
    case TYPE_DEVICE_TLB:
      return (
        ((words[0] & ~DEVICE_TLB_0) | (words[1] & ~DEVICE_TLB_1) | (words[2] & ~DEVICE_TLB_2)) === 0
      );
    default:
      return false;
  }
}

/** 2^exponent, beyond 32 bits too. */
export function powerOfTwo(exponent: number): number {
  let power = 1;
  for (let i = 0; i < exponent; i++) power *= 2;
  return power;
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
