// The slots of an IOMMU's invalidation queue. A slot has a cache line: the descriptor's 128 bits as
// the hardware defines them, and beside them what software keeps of it, so that a submission moves
// as few lines as possible. Indices run freely; a slot is the index modulo 256.
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

import { DESCRIPTOR_WORDS, type Descriptor } from "../layout/descriptor.ts";
import {
  floatsOf,
  type Regions,
  type SharedFloats,
  type SharedWords,
  wordsOf,
} from "../layout/regions.ts";
import { QUEUE_SLOTS } from "../layout/shape.ts";
import { checkWords, LINE_WORDS, wordNs } from "../layout/words.ts";
import type { ServiceTimes } from "./service-times.ts";

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

export class QueueSlots {
  private readonly slots: SharedWords;
  private readonly slotFloats: SharedFloats;

  constructor(memory: SharedArrayBuffer, regions: Regions, iommu: number) {
    this.slots = wordsOf(memory, regions.queues, iommu);
    this.slotFloats = floatsOf(memory, regions.queues, iommu);
  }

  /** Submitter: fills the slot at `index`, for a submission that begins at slot `first`. */
  fill(index: number, words: Descriptor, first: number, from: number, dueNs: number): void {
    const base = slotOf(index) * LINE_WORDS;
    this.writeDescriptor(index, words);
    this.slots[base + FROM] = from;
    this.slots[base + FIRST] = first;
    this.slotFloats[(base + DUE_NS[0]) / 2] = dueNs;
  }

  writeDescriptor(index: number, words: Descriptor): void {
    const base = slotOf(index) * LINE_WORDS + DESCRIPTOR;
    const slots = this.slots;
    slots[base] = words[0];
    slots[base + 1] = words[1];
    slots[base + 2] = words[2];
    slots[base + 3] = words[3];
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

  /** The wait at `index` is given up. */
  abort(index: number): void {
    Atomics.store(this.slots, slotOf(index) * LINE_WORDS + STATUS, abortedMark(index));
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

  /** The wait descriptor's status write, to the status word of slot `address`. */
  writeStatus(address: number, data: number, times: ServiceTimes): void {
    const base = slotOf(address) * LINE_WORDS;
    this.slotFloats[(base + STARTED_NS[0]) / 2] = times.startedNs; // Plain, as below: by STATUS.
    this.slotFloats[(base + VISIBLE_NS[0]) / 2] = times.visibleNs;
    this.slots[base + DRAIN_NS] = wordNs(times.drainNs);
    this.slots[base + LATE_NS] = wordNs(times.lateNs);
    this.slots[base + HELD_UP_NS] = wordNs(times.heldUpNs);
    Atomics.store(this.slots, base + STATUS, data);
  }
}

/** The slot of the ring at a free-running index. */
export function slotOf(index: number): number {
  return index & (QUEUE_SLOTS - 1);
}
