// Paging-structure caches of a core or a device, as one: which 2 MiB regions a walk finds the way
// to without reading the upper levels of the page table (Intel SDM vol. 3, 4.10.3), and the leaf
// table that it goes to. Direct-mapped; only the owner touches them while a run lasts (plain
// accesses), anyone may read them at rest.
//
// array      per        meaning
// keys       entry      context · 2²⁷ + number of the region + 1; 0 is empty
// filledIn   entry      the epoch of the context when it was filled
// tables     entry      frame of the leaf table, used without another look at the upper levels …
// tags       entry      … and its tag when it was filled
// epochs     context    the epoch; an entry of an older one is gone (so dropping is one addition)

import { TABLE_ENTRIES, VPN_LIMIT } from "../layout/address.ts";
import {
  PCIDS,
  type SharedFloats,
  type SharedWords,
  STRUCTURE_ENTRIES,
  TABLE_DROPS,
} from "../layout/regions.ts";

const REGION_LIMIT = VPN_LIMIT / TABLE_ENTRIES;

/** No way to the region is cached. */
export const NO_TABLE = -1;

export class PagingStructures {
  /** Of all that there is memory for, how many are used; a power of two. */
  private readonly entries: number;
  private readonly keys: SharedFloats;
  private readonly filledIn: SharedWords;
  private readonly tables: SharedWords;
  private readonly tags: SharedWords;
  private readonly epochs: SharedWords;

  /** Over the memory from byte `offset` on. */
  constructor(memory: SharedArrayBuffer, offset: number, entries = STRUCTURE_ENTRIES) {
    this.entries = entries;
    this.keys = new Float64Array(memory, offset, STRUCTURE_ENTRIES);
    let end = offset + this.keys.byteLength;
    const words = (count: number): SharedWords => {
      const array = new Int32Array(memory, end, count);
      end += array.byteLength;
      return array;
    };
    this.filledIn = words(STRUCTURE_ENTRIES);
    this.tables = words(STRUCTURE_ENTRIES);
    this.tags = words(STRUCTURE_ENTRIES);
    this.epochs = words(PCIDS);
  }

  /** The leaf table that a walk for `vpn` in context `pcid` goes to at once, or NO_TABLE. */
  tableOf(pcid: number, vpn: number): number {
    const region = Math.floor(vpn / TABLE_ENTRIES);
    const entry = region & (this.entries - 1);
    if (this.keys[entry] !== pcid * REGION_LIMIT + region + 1) return NO_TABLE;
    return this.filledIn[entry] === this.epochs[pcid] ? this.tables[entry] : NO_TABLE;
  }

  /** Of a region that `tableOf` found: the tag of its leaf table when it was cached. */
  tagOf(vpn: number): number {
    return this.tags[Math.floor(vpn / TABLE_ENTRIES) & (this.entries - 1)];
  }

  /** A walk for `vpn` has read the upper levels, and come to leaf table `table`. */
  fill(pcid: number, vpn: number, table: number, tag: number): void {
    const region = Math.floor(vpn / TABLE_ENTRIES);
    const entry = region & (this.entries - 1);
    this.keys[entry] = pcid * REGION_LIMIT + region + 1;
    this.filledIn[entry] = this.epochs[pcid];
    this.tables[entry] = table;
    this.tags[entry] = tag;
  }

  /** Drops everything of one context. */
  drop(pcid: number): void {
    this.epochs[pcid]++;
  }

  /** Drops the way to region number `region`, or to another that shares its TABLE_DROPS slot. */
  dropRegion(region: number): void {
    const entry = region & (this.entries - 1);
    if ((this.keys[entry] - 1 - region) % TABLE_DROPS === 0) this.keys[entry] = 0;
  }

  /** At rest: calls `visit` for each region that is cached. */
  visitAll(visit: (pcid: number, vpn: number, table: number, tag: number) => void): void {
    this.keys.forEach((key, entry) => {
      if (key === 0) return;
      const pcid = Math.floor((key - 1) / REGION_LIMIT);
      if (this.filledIn[entry] !== this.epochs[pcid]) return;
      const vpn = ((key - 1) % REGION_LIMIT) * TABLE_ENTRIES;
      visit(pcid, vpn, this.tables[entry], this.tags[entry]);
    });
  }
}
