// A page-table entry: 32 bits, with the flags where x86 has them (Intel SDM vol. 3, table 4-20).
//
// bits    field      written by                                  read by
// 0       PRESENT    map, unmap                                  walkers
// 1       WRITABLE   map, protect                                walkers
// 2       USER       map                                         walkers
// 5       ACCESSED   walkers (compare-and-swap while present)    policies
// 6       DIRTY      walkers (the same)                          policies
// 9       RELEASED   whoever frees the frame                     mappers
// 10      TAKEN      who has a released entry's address          mappers
// 31:12   PFN        map; unmap keeps it until the flush is over whoever frees the frame

import { checkBits } from "./words.ts";

export const PRESENT = 1 << 0;
export const WRITABLE = 1 << 1;
export const USER = 1 << 2;
export const ACCESSED = 1 << 5;
export const DIRTY = 1 << 6;
/** For software: the entry still holds the address, and no longer the frame that it names. */
export const RELEASED = 1 << 9;
/**
 * For software: the address of a released entry is not to be had. Its range goes on holding it, or
 * one of those who want it is about to clear the entry.
 */
export const TAKEN = 1 << 10;

export const PFN_BITS = 20;
const PFN_SHIFT = 12;
/** Frame numbers are below this, so that an entry fits 32 bits. */
export const PFN_LIMIT = 1 << PFN_BITS;

checkBits("pte", {
  PRESENT: { shift: 0, width: 1 },
  WRITABLE: { shift: 1, width: 1 },
  USER: { shift: 2, width: 1 },
  ACCESSED: { shift: 5, width: 1 },
  DIRTY: { shift: 6, width: 1 },
  RELEASED: { shift: 9, width: 1 },
  TAKEN: { shift: 10, width: 1 },
  PFN: { shift: PFN_SHIFT, width: PFN_BITS },
});

export function makePte(pfn: number, flags: number): number {
  return (pfn << PFN_SHIFT) | flags;
}

export function pfnOf(pte: number): number {
  return pte >>> PFN_SHIFT;
}

export function isPresent(pte: number): boolean {
  return (pte & PRESENT) !== 0;
}

/** An unmapped page whose frame is still held: the entry names a frame but is not present. */
export function isHeld(pte: number): boolean {
  return pte !== 0 && (pte & PRESENT) === 0;
}
