// Descriptor rings, between the core that drives a device and the device: ring i is device i's, or
// flow i's of a port. A descriptor names a run of pages that are mapped for the device; it goes
// through them and hands the descriptor back. Which state a descriptor is in follows from the two
// counts: below COMPLETED it is the driver's again, from there to POSTED the device's.
//
// head word     writer    readers  meaning
// POSTED        driver    device   descriptors handed over so far; publishes their slots
// COMPLETED     device    driver   descriptors handed back so far; publishes COMPLETED_NS
//
// slot word     writer    readers  published by
// VPN, DUE_NS   driver    device   POSTED: the first page, and when the device may see it
// COMPLETED_NS  device    driver   COMPLETED: when the driver may see it

import {
  allFloatsOf,
  allWordsOf,
  type Regions,
  RING_HEAD_LINES,
  type SharedFloats,
  type SharedWords,
  strideWords,
} from "../layout/regions.ts";
import { checkWords, LINE_WORDS } from "../layout/words.ts";

const POSTED = 0;
const COMPLETED = LINE_WORDS;
const SLOTS = RING_HEAD_LINES * LINE_WORDS;

checkWords("ring", SLOTS + 1, { POSTED, COMPLETED, SLOTS });

const VPN = [0, 64] as const;
const DUE_NS = [2, 64] as const;
const COMPLETED_NS = [4, 64] as const;

checkWords("ring slot", LINE_WORDS, { VPN, DUE_NS, COMPLETED_NS });

export class Rings {
  /** Slots of each ring, a power of two; 0 where there are none. */
  readonly slots: number;
  private readonly words: SharedWords;
  private readonly floats: SharedFloats;
  private readonly stride: number;

  constructor(memory: SharedArrayBuffer, regions: Regions, slots: number) {
    this.slots = slots;
    this.words = allWordsOf(memory, regions.rings);
    this.floats = allFloatsOf(memory, regions.rings);
    this.stride = strideWords(regions.rings);
  }

  /** How many descriptors have been posted. */
  posted(ring: number): number {
    return Atomics.load(this.words, ring * this.stride + POSTED);
  }

  /** How many of these the device is done with. */
  completed(ring: number): number {
    return Atomics.load(this.words, ring * this.stride + COMPLETED);
  }

  /** Driver: hands over the pages from `vpn` on, in a ring that is not full; seen at `dueNs`. */
  post(ring: number, vpn: number, dueNs: number): void {
    const posted = this.posted(ring);
    const slot = this.slotOf(ring, posted);
    this.floats[slot + VPN[0] / 2] = vpn; // Plain, as the next: published by POSTED.
    this.floats[slot + DUE_NS[0] / 2] = dueNs;
    // Pairs with the load in postedNs().
    Atomics.store(this.words, ring * this.stride + POSTED, (posted + 1) | 0);
  }

  /** Device: from when on it may see a descriptor; Infinity if it has not been posted yet. */
  postedNs(ring: number, descriptor: number): number {
    if (((this.posted(ring) - descriptor) | 0) <= 0) return Number.POSITIVE_INFINITY;
    return this.floats[this.slotOf(ring, descriptor) + DUE_NS[0] / 2];
  }

  /** Device: the first page of a descriptor, once `postedNs` has said when. */
  vpnOf(ring: number, descriptor: number): number {
    return this.floats[this.slotOf(ring, descriptor) + VPN[0] / 2];
  }

  /** Device: hands back the oldest descriptor that it has; the driver may see it at `visibleNs`. */
  complete(ring: number, visibleNs: number): void {
    const completed = this.completed(ring);
    // Plain: published by COMPLETED.
    this.floats[this.slotOf(ring, completed) + COMPLETED_NS[0] / 2] = visibleNs;
    // Pairs with the load in completedNs().
    Atomics.store(this.words, ring * this.stride + COMPLETED, (completed + 1) | 0);
  }

  /**
   * Driver: from when on it may see that a descriptor, whose slot it has not used again, is done;
   * Infinity if it is not yet.
   */
  completedNs(ring: number, descriptor: number): number {
    if (((this.completed(ring) - descriptor) | 0) <= 0) return Number.POSITIVE_INFINITY;
    return this.floats[this.slotOf(ring, descriptor) + COMPLETED_NS[0] / 2];
  }

  /** Where the descriptor's slot begins among the float64 fields. */
  private slotOf(ring: number, descriptor: number): number {
    const slot = descriptor & (this.slots - 1);
    return (ring * this.stride + SLOTS + slot * LINE_WORDS) / 2;
  }
}
