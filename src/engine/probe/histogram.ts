// A log-linear histogram of whole, non-negative numbers (ns, pages): exact below 2048, above that a
// bucket is at most 1/1024 of its value wide, finer than a host's clock can tell. Merging is exact,
// since all share one set of buckets.
//
// bucket                   holds
// 0 … 2047                 the value itself
// 1024·k + 0 … 1023, k≥2   values of k + 10 bits, cut to their eleven leading bits
//
// A sample costs one array: that of the exact buckets, in which the sums stand too. Counts above
// are kept in runs of 1024 buckets, an octave each, and only of octaves that occurred.
//
// element of the array   meaning
// COUNT, SUM, MIN, MAX   of all samples
// EXACT + value          samples of this value

const RUN_BITS = 10;
const RUN_BUCKETS = 1024;
const IN_RUN = RUN_BUCKETS - 1;
const LARGEST_BITS = 52;
/** Values below have a bucket each. */
const EXACT_VALUES = 2 * RUN_BUCKETS;

const COUNT = 0;
const SUM = 1;
const MIN = 2;
const MAX = 3;
const EXACT = 4;
const ELEMENTS = EXACT + EXACT_VALUES;

/** That of a histogram without samples: most actors' stay so. */
const NO_SAMPLES = new Float64Array(0);
const RUNS = LARGEST_BITS - RUN_BITS + 1;
const TWO_31 = 2_147_483_648;

/** Index of the bucket that holds `value` (a whole number, 0 ≤ value < 2⁵²). */
export function bucketOf(value: number): number {
  let low = value;
  let shift = 0;
  while (low >= TWO_31) {
    low = Math.floor(low / 2);
    shift++;
  }
  // Bits beyond those that a bucket keeps.
  const extra = 31 - RUN_BITS - Math.clz32(low);
  if (extra <= 0) return low;
  return RUN_BUCKETS * (extra + shift) + (low >>> extra);
}

/** Smallest value of a bucket; the largest is one less than that of the next. */
export function bucketFloor(bucket: number): number {
  if (bucket < EXACT_VALUES) return bucket;
  const octave = Math.floor(bucket / RUN_BUCKETS) - 1;
  let floor = (bucket % RUN_BUCKETS) + RUN_BUCKETS;
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
  private exact = NO_SAMPLES;
  /** By octave; the first two, of exact buckets, stay empty. */
  private runs: (Float64Array | undefined)[] = [];

  /** Adds `times` samples of `value`, a whole number from 0 to 2⁵² − 1. */
  record(value: number, times = 1): void {
    if (this.exact === NO_SAMPLES) this.exact = emptyBuckets();
    const { exact } = this;
    exact[COUNT] += times;
    exact[SUM] += value * times;
    if (value < exact[MIN]) exact[MIN] = value;
    if (value > exact[MAX]) exact[MAX] = value;
    if (value < EXACT_VALUES) exact[EXACT + (value | 0)] += times;
    else this.addAbove(bucketOf(value), times);
  }

  /** Empties it, so that a recorder can serve the next point. */
  reset(): void {
    if (this.exact !== NO_SAMPLES) clear(this.exact);
    for (const run of this.runs) run?.fill(0);
  }

  get count(): number {
    return this.exact === NO_SAMPLES ? 0 : this.exact[COUNT];
  }

  get sum(): number {
    return this.exact === NO_SAMPLES ? 0 : this.exact[SUM];
  }

  /** Infinity without samples. */
  get min(): number {
    return this.exact === NO_SAMPLES ? Number.POSITIVE_INFINITY : this.exact[MIN];
  }

  /** 0 without samples. */
  get max(): number {
    return this.exact === NO_SAMPLES ? 0 : this.exact[MAX];
  }

  get mean(): number | undefined {
    return this.count === 0 ? undefined : this.sum / this.count;
  }

  /** The standard deviation, to the width of a bucket; undefined when nothing was recorded. */
  get deviation(): number | undefined {
    if (this.count === 0) return undefined;
    const entries = [...this.entries()];
    const mean = entries.reduce((sum, [value, count]) => sum + value * count, 0) / this.count;
    const squares = entries.reduce((sum, [value, count]) => {
      return sum + count * (value - mean) * (value - mean);
    }, 0);
    return Math.sqrt(squares / this.count);
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
    for (const [bucket, count] of this.buckets()) {
      seen += count;
      if (seen >= rank) return Math.min(Math.max(middleOf(bucket), this.min), this.max);
    }
    return this.max;
  }

  /** Occupied buckets as [representative value, count], ascending. */
  *entries(): Generator<readonly [value: number, count: number]> {
    for (const [bucket, count] of this.buckets()) yield [middleOf(bucket), count];
  }

  /** Occupied buckets as [number, count], ascending. */
  *buckets(): Generator<readonly [bucket: number, count: number]> {
    for (let value = 0; EXACT + value < this.exact.length; value++) {
      if (this.exact[EXACT + value] > 0) yield [value, this.exact[EXACT + value]];
    }
    for (let first = 0; first < this.runs.length; first++) {
      const run = this.runs[first];
      if (run === undefined) continue;
      for (let i = 0; i < RUN_BUCKETS; i++) {
        if (run[i] > 0) yield [RUN_BUCKETS * first + i, run[i]];
      }
    }
  }

  toData(): HistogramData {
    const occupied = [...this.buckets()];
    return {
      buckets: occupied.map(([bucket]) => bucket),
      counts: occupied.map(([, count]) => count),
      count: this.count,
      sum: this.sum,
      min: this.min,
      max: this.max,
    };
  }

  /** Adds another worker's samples; exact. */
  merge(data: HistogramData): void {
    if (data.count === 0) return;
    if (this.exact === NO_SAMPLES) this.exact = emptyBuckets();
    const { exact } = this;
    data.buckets.forEach((bucket, i) => {
      if (bucket < EXACT_VALUES) exact[EXACT + bucket] += data.counts[i];
      else this.addAbove(bucket, data.counts[i]);
    });
    exact[COUNT] += data.count;
    exact[SUM] += data.sum;
    exact[MIN] = Math.min(exact[MIN], data.min);
    exact[MAX] = Math.max(exact[MAX], data.max);
  }

  /** Counts samples of a bucket that is not exact. */
  private addAbove(bucket: number, times: number): void {
    if (this.runs.length === 0) this.runs = new Array(RUNS).fill(undefined);
    const place = bucket >>> RUN_BITS;
    let run = this.runs[place];
    if (run === undefined) {
      run = new Float64Array(RUN_BUCKETS);
      this.runs[place] = run;
    }
    run[bucket & IN_RUN] += times;
  }
}

function emptyBuckets(): Float64Array<ArrayBuffer> {
  const buckets = new Float64Array(ELEMENTS);
  clear(buckets);
  return buckets;
}

function clear(buckets: Float64Array): void {
  buckets.fill(0);
  buckets[MIN] = Number.POSITIVE_INFINITY;
}

function middleOf(bucket: number): number {
  return Math.floor((bucketFloor(bucket) + bucketFloor(bucket + 1) - 1) / 2);
}
