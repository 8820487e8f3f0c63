// How long the operations of a point took: each value that occurred and how often, ascending.

export class Distribution {
  readonly values: readonly number[];
  readonly counts: readonly number[];
  /** Of all samples; above 0. */
  readonly total: number;

  /** `samples` is value → count, and not empty. */
  constructor(samples: ReadonlyMap<number, number>) {
    const entries = [...samples].sort(([a], [b]) => a - b);
    this.values = entries.map(([value]) => value);
    this.counts = entries.map(([, count]) => count);
    this.total = this.counts.reduce((sum, count) => sum + count, 0);
  }

  /** The smallest value such that at least `fraction` (0 to 1) of all samples are not larger. */
  quantile(fraction: number): number {
    const rank = Math.max(1, Math.ceil(fraction * this.total));
    let seen = 0;
    const place = this.counts.findIndex((count) => {
      seen += count;
      return seen >= rank;
    });
    return this.values.at(place)!; // Rounding may put the rank behind the last one: place is -1.
  }

  get mean(): number {
    return this.sumOf((value) => value) / this.total;
  }

  get variance(): number {
    const { mean } = this;
    return this.sumOf((value) => (value - mean) * (value - mean)) / Math.max(1, this.total - 1);
  }

  private sumOf(term: (value: number) => number): number {
    return this.values.reduce((sum, value, i) => sum + this.counts[i] * term(value), 0);
  }
}
