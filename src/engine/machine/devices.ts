// Devices: what an IOMMU must know of each. A device cannot be stopped; its IOMMU can only wait
// until what is in flight has passed.
//
// word          writer            readers     meaning
// STATE         before the run,   IOMMU       DEVICE_*: whether it answers invalidations of its TLB
//               fault injection
// BLOCKED       attach, detach    the device  1: no context entry leads to a page table, and each
//                                             walk of its is a fault
// INVALIDATIONS IOMMU (add)       the device  moves before entries of the device's TLB vanish
// WALKING       the device        IOMMU       odd while it walks page tables for a fill
// IN_FLIGHT     the device        IOMMU       odd from translation to completion of a DMA
// LANDED_NS     the device        IOMMU       (plain) when the last walk or DMA ended; published by
//                                             WALKING and IN_FLIGHT

import {
  allFloatsOf,
  allWordsOf,
  DEVICE_LINES,
  type Regions,
  type SharedFloats,
  type SharedWords,
  strideWords,
} from "../layout/regions.ts";
import { checkWords, LINE_WORDS } from "../layout/words.ts";

const STATE = 0;
const BLOCKED = 1;
const INVALIDATIONS = 2;
const WALKING = LINE_WORDS;
const IN_FLIGHT = LINE_WORDS + 1;
const LANDED_NS = [LINE_WORDS + 2, 64] as const;

checkWords("device", DEVICE_LINES * LINE_WORDS, {
  STATE,
  BLOCKED,
  INVALIDATIONS,
  WALKING,
  IN_FLIGHT,
  LANDED_NS,
});

export const DEVICE_PRESENT = 0;
/** It was removed: an invalidation of its TLB times out (ITE). */
export const DEVICE_REMOVED = 1;
/** It answers an invalidation of its TLB with an error (ICE). */
export const DEVICE_ERRONEOUS = 2;

export class Devices {
  readonly count: number;
  private readonly words: SharedWords;
  private readonly floats: SharedFloats;
  private readonly stride: number;

  constructor(memory: SharedArrayBuffer, regions: Regions) {
    this.words = allWordsOf(memory, regions.devices);
    this.floats = allFloatsOf(memory, regions.devices);
    this.stride = strideWords(regions.devices);
    this.count = regions.devices.count;
  }

  setState(device: number, state: number): void {
    Atomics.store(this.words, device * this.stride + STATE, state);
  }

  stateOf(device: number): number {
    return Atomics.load(this.words, device * this.stride + STATE);
  }

  /** Takes the context entry of a device away, or gives it back. */
  setBlocked(device: number, blocked: boolean): void {
    Atomics.store(this.words, device * this.stride + BLOCKED, blocked ? 1 : 0);
  }

  isBlocked(device: number): boolean {
    return Atomics.load(this.words, device * this.stride + BLOCKED) === 1;
  }

  /** IOMMU: is about to drop something from the device's TLB. */
  countInvalidation(device: number): void {
    Atomics.add(this.words, device * this.stride + INVALIDATIONS, 1);
  }

  invalidationsOf(device: number): number {
    return Atomics.load(this.words, device * this.stride + INVALIDATIONS);
  }

  beginWalk(device: number): void {
    Atomics.add(this.words, device * this.stride + WALKING, 1);
  }

  endWalk(device: number, nowNs: number): void {
    this.land(device, nowNs);
    Atomics.add(this.words, device * this.stride + WALKING, 1);
  }

  beginDma(device: number): void {
    Atomics.add(this.words, device * this.stride + IN_FLIGHT, 1);
  }

  endDma(device: number, nowNs: number): void {
    this.land(device, nowNs);
    Atomics.add(this.words, device * this.stride + IN_FLIGHT, 1);
  }

  walkSerial(device: number): number {
    return Atomics.load(this.words, device * this.stride + WALKING);
  }

  dmaSerial(device: number): number {
    return Atomics.load(this.words, device * this.stride + IN_FLIGHT);
  }

  /** When what was under way last came to its end. */
  landedNs(device: number): number {
    return this.floats[(device * this.stride + LANDED_NS[0]) / 2];
  }

  private land(device: number, nowNs: number): void {
    this.floats[(device * this.stride + LANDED_NS[0]) / 2] = nowNs;
  }
}

/** Whether what `serial` counts was under way when it was read. */
export function wasUnderWay(serial: number): boolean {
  return (serial & 1) === 1;
}
