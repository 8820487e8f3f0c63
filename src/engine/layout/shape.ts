// How large a machine is: what the size of its shared memory follows from.

import { UsageError } from "../errors.ts";
import { PFN_LIMIT } from "./pte.ts";

export const MAX_CORES = 1024;
export const MAX_IOMMUS = 8;
export const MAX_DEVICES = 16;
/** Each has a domain id and a process-context id of its own, of which 14 are left for them. */
const MAX_SPACES = 14;

/** Slots of a VT-d invalidation queue (Linux drivers/iommu/intel/dmar.c, QI_LENGTH). */
export const QUEUE_SLOTS = 256;
/** Messages that one core's mailbox holds. */
export const MAILBOX_SLOTS = 256;
/** Broadcasts that the interconnect keeps: more than cores can wait for at once. */
export const BROADCAST_SLOTS = 2 * MAX_CORES;

/** A device's own TLB: assumed, as no data sheet of a device says how large it is. */
export const DEVICE_TLB: TlbShape = { sets: 16, ways: 4 };

export interface TlbShape {
  readonly sets: number;
  readonly ways: number;
}

/** Which part of a run its actors record as time lines. */
export interface TimelineWindow {
  /**
   * Recording begins with the first operation of an initiator that begins so long after its
   * operation `fromOperation` did, which are counted from 1; 0 is the beginning of the run.
   */
  readonly fromOperation: number;
  readonly fromNs: number;
  /** So long after that an initiator begins no other, unless it replays a trace. */
  readonly toNs: number;
  /** Slices that each actor keeps. */
  readonly maxSlices: number;
}

export interface MachineShape {
  readonly cores: number;
  readonly iommus: number;
  readonly devices: number;
  /** Address spaces; space 0 is the measured process. */
  readonly spaces: number;
  /** Frames for data. */
  readonly dataFrames: number;
  /** Frames that can be page tables: they alone have room for entries. */
  readonly tableFrames: number;
  /** Slots of each core's flush queue; a power of two, one stays empty. */
  readonly flushQueueSlots: number;
  /** Locks for leaf tables, which share these by their addresses; without: one lock a space. */
  readonly tableLocks?: number;
  /**
   * Lines that a handler fetches from its initiator besides that of the message; none if undefined.
   * In Linux these are the call (call_single_data), what to flush (flush_tlb_info) and the space's
   * generation (tlb_gen), all of them written by the initiator.
   */
  readonly messageLines?: number;
  /**
   * Lines that an initiator fetches from each core that it tells, before it interrupts any; none if
   * undefined. In Linux this is the head of the target's queue (call_single_queue), which the
   * target's handler was the last to write; from 4.20 to 5.12 also what says that a core idles
   * (is_lazy), which stood in one line with what handlers write (cpu_tlbstate).
   */
  readonly targetLines?: number;
  /** Frames go back to the common list at once, where the next core takes them from. */
  readonly withoutMagazines?: true;
  /** Whether it is kept who accessed each page. */
  readonly tracksAccesses: boolean;
  /** Descriptor rings: one a device, or one a flow of a port. */
  readonly rings: number;
  /** Slots of each descriptor ring; a power of two, 0 without rings. */
  readonly ringSlots: number;
  /** 2 MiB regions that a device's paging-structure caches hold; a power of two. */
  readonly cachedRegions: number;
  readonly l1: TlbShape;
  readonly l2: TlbShape;
  readonly iotlb: TlbShape;
  /** Devices have TLBs of their own (ATS). */
  readonly ats: boolean;
  /** The checker watches: its regions have a size, and its hooks do something. */
  readonly checks: boolean;
  /** What is recorded as time lines; nothing if it is missing. */
  readonly timeline?: TimelineWindow;
}

/** Actors are numbered: cores, then IOMMUs, then devices. */
export function actorsOf(shape: MachineShape): number {
  return shape.cores + shape.iommus + shape.devices;
}

export function iommuActor(shape: MachineShape, iommu: number): number {
  return shape.cores + iommu;
}

export function deviceActor(shape: MachineShape, device: number): number {
  return shape.cores + shape.iommus + device;
}

/** A name for people: `core 3`, `iommu 0`, `device 1`. */
export function actorName(shape: MachineShape, actor: number): string {
  if (actor < shape.cores) return `core ${actor}`;
  if (actor < shape.cores + shape.iommus) return `iommu ${actor - shape.cores}`;
  return `device ${actor - shape.cores - shape.iommus}`;
}

/** @throws UsageError naming the limit that `shape` is beyond. */
export function checkShape(shape: MachineShape): void {
  within("cores", shape.cores, 1, MAX_CORES);
  within("IOMMUs", shape.iommus, 0, MAX_IOMMUS);
  within("devices", shape.devices, 0, MAX_DEVICES);
  if (shape.devices > 0 && shape.iommus === 0) {
    throw new UsageError("a device is behind an IOMMU: add --iommus 1, or leave out --devices");
  }
  within("address spaces", shape.spaces, 1, MAX_SPACES);
  const { l1, l2, iotlb, flushQueueSlots, ringSlots, cachedRegions } = shape;
  for (const size of [l1.sets, l2.sets, iotlb.sets, flushQueueSlots, ringSlots, cachedRegions]) {
    if ((size & (size - 1)) !== 0)
      throw new UsageError(`${size} sets, slots or regions: not a power of two`);
  }
  const frames = shape.dataFrames + shape.tableFrames;
  // A free list holds frame + 1 in as many bits: the last number cannot be had.
  if (frames >= PFN_LIMIT) {
    throw new UsageError(
      `this point needs ${frames} frames and a machine has fewer than ${PFN_LIMIT} (2^20): ` +
        "ask for fewer pages per operation, fewer initiators or a shorter queue",
    );
  }
}

function within(what: string, value: number, low: number, high: number): void {
  if (Number.isInteger(value) && value >= low && value <= high) return;
  throw new UsageError(`${value} ${what}: a machine has ${low} to ${high}`);
}
