// Slices of one track by time: which of them enclose a moment, or overlap a stretch of it.

import { byStart, type Slice } from "./form.ts";

export class SliceLine {
  private readonly slices: readonly Slice[];

  /** The slices nest or do not overlap. */
  constructor(slices: readonly Slice[]) {
    this.slices = slices.toSorted(byStart);
  }

  /** The innermost slice around a moment: rather one that ends then than one that begins. */
  around(atNs: number): Slice | undefined {
    const begun = this.countBefore(atNs);
    for (let i = begun - 1; i >= 0; i--) {
      if (this.slices[i].endNs >= atNs) return this.slices[i];
    }
    const next: Slice | undefined = this.slices[begun];
    return next?.startNs === atNs ? next : undefined;
  }

  /** Those with some time in common; none of these slices is inside another. */
  overlapping(fromNs: number, toNs: number): Slice[] {
    const found: Slice[] = [];
    for (let i = this.countBefore(toNs) - 1; i >= 0 && this.slices[i].endNs > fromNs; i--) {
      found.push(this.slices[i]);
    }
    return found;
  }

  /** How many begin before `ns`. */
  private countBefore(ns: number): number {
    let low = 0;
    let high = this.slices.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.slices[middle].startNs < ns) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
