// A growing list of page ranges, kept between operations so that no operation allocates.

const FIRST_CAPACITY = 64;

export class RangeList {
  length = 0;
  private vpns = new Float64Array(FIRST_CAPACITY);
  private sizes = new Float64Array(FIRST_CAPACITY);
  private times = new Float64Array(FIRST_CAPACITY);

  /** Adds a range that was unmapped at `nowNs`. */
  add(vpn: number, pages: number, nowNs: number): void {
    if (this.length === this.vpns.length) this.grow();
    this.vpns[this.length] = vpn;
    this.sizes[this.length] = pages;
    this.times[this.length] = nowNs;
    this.length++;
  }

  vpnOf(range: number): number {
    return this.vpns[range];
  }

  pagesOf(range: number): number {
    return this.sizes[range];
  }

  unmappedNs(range: number): number {
    return this.times[range];
  }

  clear(): void {
    this.length = 0;
  }

  /** First page of the smallest range that covers the ranges from `from` on. */
  coverStart(from: number): number {
    let start = Number.POSITIVE_INFINITY;
    for (let range = from; range < this.length; range++) {
      start = Math.min(start, this.vpns[range]);
    }
    return start;
  }

  /** One behind the last page of that range. */
  coverEnd(from: number): number {
    let end = 0;
    for (let range = from; range < this.length; range++) {
      end = Math.max(end, this.vpns[range] + this.sizes[range]);
    }
    return end;
  }

  private grow(): void {
    const vpns = new Float64Array(2 * this.vpns.length);
    const sizes = new Float64Array(2 * this.vpns.length);
    const times = new Float64Array(2 * this.vpns.length);
    vpns.set(this.vpns);
    sizes.set(this.sizes);
    times.set(this.times);
    this.vpns = vpns;
    this.sizes = sizes;
    this.times = times;
  }
}
