// A log-linear histogram of whole, non-negative numbers (ns, pages): exact below 512, above that a
// bucket is at most 1/256 of its value wide. Merging is exact, since all share one set of buckets.
//
// bucket                 holds
// 0 … 511                the value itself
// 256·k + 0 … 255, k≥2   values of k + 8 bits, cut to their nine leading bits

const SUB_BUCKETS = 256;
const LARGEST_BITS = 52;
const BUCKETS = SUB_BUCKETS * (LARGEST_BITS - 6);
const TWO_31 = 2_147_483_648;

/** Index of the bucket that holds `value` (a whole number, 0 ≤ value < 2⁵²). */
export function bucketOf(value: number): number {
  let low = value;
  let shift = 0;
  while (low >= TWO_31) {
    low = Math.floor(low / 2);
    shift++;
  }
  const extra = 23 - Math.clz32(low); // Bits beyond the nine that a bucket keeps, less one.
  if (extra <= 0) return low;
  return SUB_BUCKETS * (extra + shift) + (low >>> extra);
}

/** Smallest value of a bucket; the largest is one less than that of the next. */
export function bucketFloor(bucket: number): number {
  if (bucket < 2 * SUB_BUCKETS) return bucket;
  const octave = Math.floor(bucket / SUB_BUCKETS) - 1;
  let floor = (bucket % SUB_BUCKETS) + SUB_BUCKETS;
  for (let i = 0; i < octave; i++) floor *= 2;
  return floor;
}

/** What crosses from a worker to the main thread: the occupied buckets and the exact extremes. */
export interface HistogramData {
  readonly buckets: readonly number[];
  readonly counts: readonly number[];
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
}

export class Histogram {
  count = 0;
  sum = 0;
  min = Number.POSITIVE_INFINITY;
  max = 0;
  /** Made at the first sample: most histograms of most actors stay empty. */
  private counts = new Float64Array(0);

  /** Adds `times` samples of `value`, a whole number from 0 to 2⁵² − 1. */
  record(value: number, times = 1): void {
    if (this.counts.length === 0) this.counts = new Float64Array(BUCKETS);
    this.counts[bucketOf(value)] += times;
    this.count += times;
    this.sum += value * times;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
  }

  /** Empties it, so that a recorder can serve the next point. */
  reset(): void {
    this.counts.fill(0);
    this.count = 0;
    this.sum = 0;
    this.min = Number.POSITIVE_INFINITY;
    this.max = 0;
  }

  get mean(): number | undefined {
    return this.count === 0 ? undefined : this.sum / this.count;
  }

  /**
   * The smallest recorded value such that at least `fraction` (0 to 1) of all samples are not
   * larger, to the width of its bucket; undefined when nothing was recorded.
   */
  quantile(fraction: number): number | undefined {
    if (this.count === 0) return undefined;
    const rank = Math.max(1, Math.ceil(fraction * this.count));
    if (rank >= this.count) return this.max;
    let seen = 0;
    for (let bucket = 0; bucket < this.counts.length; bucket++) {
      seen += this.counts[bucket]!;
      if (seen >= rank) {
        const middle = Math.floor((bucketFloor(bucket) + bucketFloor(bucket + 1) - 1) / 2);
        return Math.min(Math.max(middle, this.min), this.max);
      }
    }
    return this.max;
  }

  /** Occupied buckets as [representative value, count], ascending. */
  *entries(): Generator<readonly [value: number, count: number]> {
    for (let bucket = 0; bucket < this.counts.length; bucket++) {
      const count = this.counts[bucket]!;
      if (count > 0) {
        yield [Math.floor((bucketFloor(bucket) + bucketFloor(bucket + 1) - 1) / 2), count];
      }
    }
  }

  toData(): HistogramData {
    const buckets: number[] = [];
    const counts: number[] = [];
    for (let bucket = 0; bucket < this.counts.length; bucket++) {
      if (this.counts[bucket]! > 0) {
        buckets.push(bucket);
        counts.push(this.counts[bucket]!);
      }
    }
    return { buckets, counts, count: this.count, sum: this.sum, min: this.min, max: this.max };
  }

  /** Adds another worker's samples; exact. */
  merge(data: HistogramData): void {
    if (this.counts.length === 0) this.counts = new Float64Array(BUCKETS);
    data.buckets.forEach((bucket, i) => {
      this.counts[bucket] += data.counts[i]!;
    });
    this.count += data.count;
    this.sum += data.sum;
    if (data.min < this.min) this.min = data.min;
    if (data.max > this.max) this.max = data.max;
  }
}
