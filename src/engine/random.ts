// The one generator of everything random: mulberry32, a 32-bit state, the same numbers on
// every engine.

export class Random {
  private state: number;

  /** Streams with different `stream` numbers of one seed are unrelated. */
  constructor(seed: number, stream = 0) {
    this.state = (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(stream + 1, 0xc2b2ae35)) | 0;
  }

  /** A whole number from 0 to 2³² − 1. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** From 0, below 1. */
  fraction(): number {
    return this.next() / 4_294_967_296;
  }

  /** A whole number from half of `mean` to one and a half of it: what repeats, but not in step. */
  around(mean: number): number {
    return Math.floor(mean / 2) + this.below(mean + 1);
  }

  /** A whole number from 0 to `limit` − 1, for a limit up to 2³². */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit);
  }

  /** The same items in an order drawn anew. */
  shuffled<Item>(items: readonly Item[]): Item[] {
    const order = [...items];
    for (let last = order.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      [order[last], order[other]] = [order[other], order[last]];
    }
    return order;
  }
}
