// The cache line of an initiator on which the acknowledgements of its shootdown come in. All
// responders write it, so that it goes from one to the other: an acknowledgement is seen one
// transfer after it was stored, or after the one before it was seen, whichever is later.
//
// The initiator alone reads it, and it goes on when it has seen them all. So the queue need not be
// simulated while it fills: it follows from when each was stored.

/** Doubled when it does not do: most cores never ask for an acknowledgement. */
const FIRST_CAPACITY = 16;

export class AckLine {
  /** Of the last `fold`: which acknowledgement was the last, when it was stored and seen. */
  last = 0;
  lastStoredNs = 0;
  seenNs = 0;
  private length = 0;
  private storedNs = new Float64Array(FIRST_CAPACITY);
  private transferNs = new Float64Array(FIRST_CAPACITY);
  /** Acknowledgements by the time at which they were stored, once they are sorted. */
  private order = new Int32Array(FIRST_CAPACITY);
  private scratch = new Int32Array(FIRST_CAPACITY);

  /** A new shootdown begins, of so many targets: each will be noted, in any order. */
  begin(targets: number): void {
    if (targets > this.order.length) this.grow(targets);
    this.length = targets;
  }

  /** The acknowledgement of a target, by its place, was stored at `storedNs`, so far from here. */
  note(target: number, storedNs: number, transferNs: number): void {
    this.storedNs[target] = storedNs;
    this.transferNs[target] = transferNs;
    this.order[target] = target;
  }

  /** Lets them through in order of arrival, those of one time in the order of their targets. */
  fold(): void {
    const { storedNs, transferNs, order, length } = this;
    if (length > 1) this.sort();
    let seenNs = 0;
    for (let i = 0; i < length; i++) {
      const ack = order[i];
      seenNs = Math.max(storedNs[ack], seenNs) + transferNs[ack];
    }
    this.last = order[length - 1];
    this.lastStoredNs = storedNs[this.last];
    this.seenNs = seenNs;
  }

  /** After `fold`: each in turn, with from when on the line was its own until it was seen. */
  forEach(visit: (ack: number, fromNs: number, seenNs: number) => void): void {
    let seenNs = 0;
    for (let i = 0; i < this.length; i++) {
      const ack = this.order[i];
      const fromNs = Math.max(this.storedNs[ack], seenNs);
      seenNs = fromNs + this.transferNs[ack];
      visit(ack, fromNs, seenNs);
    }
  }

  /** Merges runs of 1, 2, 4 … : one look for each pair that is in order already, as most are. */
  private sort(): void {
    const { storedNs, order, length } = this;
    for (let run = 1; run < length; run *= 2) {
      for (let from = 0; from + run < length; from += 2 * run) {
        const middle = from + run;
        if (storedNs[order[middle - 1]] <= storedNs[order[middle]]) continue;
        this.merge(from, middle, Math.min(middle + run, length));
      }
    }
  }

  private merge(from: number, middle: number, end: number): void {
    const { storedNs, order, scratch } = this;
    const lefts = middle - from;
    for (let i = 0; i < lefts; i++) scratch[i] = order[from + i];
    let left = 0;
    let right = middle;
    for (let to = from; left < lefts; to++) {
      // Of equals the left one first: it is that of the lower target.
      const takesRight = right < end && storedNs[order[right]] < storedNs[scratch[left]];
      order[to] = takesRight ? order[right++] : scratch[left++];
    }
  }

  private grow(targets: number): void {
    let capacity = this.order.length;
    while (capacity < targets) capacity *= 2;
    this.storedNs = new Float64Array(capacity);
    this.transferNs = new Float64Array(capacity);
    this.order = new Int32Array(capacity);
    this.scratch = new Int32Array(capacity);
  }
}
