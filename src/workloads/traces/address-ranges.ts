// Which addresses of one process are in use: reserved by a system call, or seen in a fault. As a
// set of pages, in sorted ranges that do not touch.

export class AddressRanges {
  /** First page of each range, ascending, and one behind its last. */
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];

  add(vpn: number, pages: number): void {
    if (pages <= 0) return;
    const { starts, ends } = this;
    const from = firstAtLeast(ends, vpn); // The first that may touch it …
    const to = firstAtLeast(starts, vpn + pages + 1); // … and the first behind it that cannot.
    const start = from < to ? Math.min(vpn, starts[from]!) : vpn;
    const end = from < to ? Math.max(vpn + pages, ends[to - 1]!) : vpn + pages;
    if (to - from === 1 && start === starts[from] && end === ends[from]) return;
    starts.splice(from, to - from, start);
    ends.splice(from, to - from, end);
  }

  remove(vpn: number, pages: number): void {
    if (!this.hasAny(vpn, pages)) return;
    const { starts, ends } = this;
    const from = firstAtLeast(ends, vpn + 1);
    const to = firstAtLeast(starts, vpn + pages);
    const newStarts: number[] = [];
    const newEnds: number[] = [];
    if (starts[from]! < vpn) {
      newStarts.push(starts[from]!);
      newEnds.push(vpn);
    }
    if (ends[to - 1]! > vpn + pages) {
      newStarts.push(vpn + pages);
      newEnds.push(ends[to - 1]!);
    }
    starts.splice(from, to - from, ...newStarts);
    ends.splice(from, to - from, ...newEnds);
  }

  /** Whether any of the pages is in use. */
  hasAny(vpn: number, pages: number): boolean {
    const place = firstAtLeast(this.ends, vpn + 1);
    return pages > 0 && place < this.starts.length && this.starts[place]! < vpn + pages;
  }
}

/** Place of the first of ascending numbers that is at least `least`. */
function firstAtLeast(numbers: readonly number[], least: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numbers[middle]! < least) low = middle + 1;
    else high = middle;
  }
  return low;
}
