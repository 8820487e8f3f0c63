// A growing list of page ranges, kept between operations so that no operation allocates.

import { END_OF_CHAIN, NO_FRAME } from "../machine/frames.ts";

const FIRST_CAPACITY = 64;
/** Numbers of one range: first page, pages, when it was unmapped, its frames, its tables. */
const FIELDS = 5;
const VPN = 0;
const PAGES = 1;
const UNMAPPED_NS = 2;
const FRAMES = 3;
const TABLES = 4;

export class RangeList {
  length = 0;
  private fields = new Float64Array(FIELDS * FIRST_CAPACITY);

  /**
   * Adds a range that was unmapped at `nowNs`. `frames` is the first of the chain of its frames, or
   * NO_FRAME while its entries still name them; `tables` that of page-table pages unlinked with it.
   */
  add(vpn: number, pages: number, nowNs: number, frames = NO_FRAME, tables = END_OF_CHAIN): void {
    const at = FIELDS * this.length;
    if (at === this.fields.length) this.grow();
    const { fields } = this;
    fields[at + VPN] = vpn;
    fields[at + PAGES] = pages;
    fields[at + UNMAPPED_NS] = nowNs;
    fields[at + FRAMES] = frames;
    fields[at + TABLES] = tables;
    this.length++;
  }

  vpnOf(range: number): number {
    return this.fields[FIELDS * range + VPN];
  }

  pagesOf(range: number): number {
    return this.fields[FIELDS * range + PAGES];
  }

  unmappedNs(range: number): number {
    return this.fields[FIELDS * range + UNMAPPED_NS];
  }

  framesOf(range: number): number {
    return this.fields[FIELDS * range + FRAMES];
  }

  tablesOf(range: number): number {
    return this.fields[FIELDS * range + TABLES];
  }

  clear(): void {
    this.length = 0;
  }

  /** Whether page-table pages were unlinked with any range from `from` on. */
  haveTables(from: number): boolean {
    for (let range = from; range < this.length; range++) {
      if (this.tablesOf(range) !== END_OF_CHAIN) return true;
    }
    return false;
  }

  /** First page of the smallest range that covers the ranges from `from` on. */
  coverStart(from: number): number {
    let start = Number.POSITIVE_INFINITY;
    for (let range = from; range < this.length; range++) {
      start = Math.min(start, this.vpnOf(range));
    }
    return start;
  }

  /** One behind the last page of that range. */
  coverEnd(from: number): number {
    let end = 0;
    for (let range = from; range < this.length; range++) {
      end = Math.max(end, this.vpnOf(range) + this.pagesOf(range));
    }
    return end;
  }

  private grow(): void {
    const fields = new Float64Array(2 * this.fields.length);
    fields.set(this.fields);
    this.fields = fields;
  }
}
