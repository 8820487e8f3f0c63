// A core's paging-structure caches, as one: which 2 MiB regions a walk finds the way to without
// reading the upper levels of the page table (Intel SDM vol. 3, 4.10.3). Direct-mapped and private
// to the core. It decides what a walk costs and never where it leads: page-table pages are not
// freed while a run lasts.
//
// array      per        meaning
// keys       entry      context · 2²⁷ + number of the region + 1; 0 is empty
// filledIn   entry      the epoch of the context when it was filled
// epochs     context    the epoch; an entry of an older one is gone (so dropping is one addition)

import { TABLE_ENTRIES, VPN_LIMIT } from "../layout/address.ts";
import { PCIDS } from "../layout/regions.ts";

/** A power of two; assumed, since manuals do not give the size. */
const ENTRIES = 32;
const REGION_LIMIT = VPN_LIMIT / TABLE_ENTRIES;

export class PagingStructures {
  private readonly keys = new Float64Array(ENTRIES);
  private readonly filledIn = new Int32Array(ENTRIES);
  private readonly epochs = new Int32Array(PCIDS);

  /** Whether a walk for `vpn` in context `pcid` need not read the upper levels. */
  holds(pcid: number, vpn: number): boolean {
    const region = Math.floor(vpn / TABLE_ENTRIES);
    const entry = region & (ENTRIES - 1);
    if (this.keys[entry] !== pcid * REGION_LIMIT + region + 1) return false;
    return this.filledIn[entry] === this.epochs[pcid];
  }

  /** A walk for `vpn` has read them. */
  fill(pcid: number, vpn: number): void {
    const region = Math.floor(vpn / TABLE_ENTRIES);
    const entry = region & (ENTRIES - 1);
    this.keys[entry] = pcid * REGION_LIMIT + region + 1;
    this.filledIn[entry] = this.epochs[pcid];
  }

  /** Drops everything of one context. */
  drop(pcid: number): void {
    this.epochs[pcid]++;
  }
}
