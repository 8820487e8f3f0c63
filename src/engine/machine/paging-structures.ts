// A core's paging-structure caches, as one: which 2 MiB regions a walk finds the way to without
// reading the upper levels of the page table (Intel SDM vol. 3, 4.10.3). Direct-mapped and private
// to the core. It decides what a walk costs and never where it leads: page-table pages are not
// freed while a run lasts.
//
// numbers    per        meaning
// KEYS       entry      context · 2²⁷ + number of the region + 1; 0 is empty
// FILLED_IN  entry      the epoch of the context when it was filled
// CURRENT    context    the epoch; an entry of an older one is gone (so dropping is one addition)

import { TABLE_ENTRIES, VPN_LIMIT } from "../layout/address.ts";
import { PCIDS } from "../layout/regions.ts";

/** A power of two; assumed, since manuals do not give the size. */
const ENTRIES = 32;
const REGION_LIMIT = VPN_LIMIT / TABLE_ENTRIES;

const FILLED_IN = ENTRIES;
const CURRENT = FILLED_IN + ENTRIES;

export class PagingStructures {
  private readonly numbers = new Float64Array(CURRENT + PCIDS);

  /** Whether a walk for `vpn` in context `pcid` need not read the upper levels. */
  holds(pcid: number, vpn: number): boolean {
    const { numbers } = this;
    const region = Math.floor(vpn / TABLE_ENTRIES);
    const entry = region & (ENTRIES - 1);
    if (numbers[entry] !== pcid * REGION_LIMIT + region + 1) return false;
    return numbers[FILLED_IN + entry] === numbers[CURRENT + pcid];
  }

  /** A walk for `vpn` has read them. */
  fill(pcid: number, vpn: number): void {
    const { numbers } = this;
    const region = Math.floor(vpn / TABLE_ENTRIES);
    const entry = region & (ENTRIES - 1);
    numbers[entry] = pcid * REGION_LIMIT + region + 1;
    numbers[FILLED_IN + entry] = numbers[CURRENT + pcid];
  }

  /** Drops everything of one context. */
  drop(pcid: number): void {
    this.numbers[CURRENT + pcid]++;
  }
}
