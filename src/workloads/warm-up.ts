// When a warm-up is over: once what is left of it, without its first part, looks like one piece.
// The rule is MSER-5 (White, Cobb, Spratt, "A comparison of five steady-state truncation heuristics
// for simulation", WSC 2000): of all first parts that could be left out, the right one is that
// after which the mean of the rest is known best; where that is more than half, there was too
// little to tell. Of each five operations the median counts and not the mean, as one operation that
// the host interrupts must not pass for a change.

const BATCH = 5;
/** Fewer batches tell nothing. */
const LEAST_BATCHES = 10;
/** The last few are often alike by chance: so many, and such a part of all, must be left. */
const LEAST_LEFT = 4;
const LEAST_PART = 0.25;

export const LEAST_WARMUP = BATCH * LEAST_BATCHES;

export class WarmUp {
  private readonly latenciesNs: number[] = [];

  /** An operation has ended that took so long. */
  add(latencyNs: number): void {
    this.latenciesNs.push(latencyNs);
  }

  /** How many there were so far. */
  get operations(): number {
    return this.latenciesNs.length;
  }

  /** Whether the operations so far end with a steady half; undefined where they are too few. */
  get isSteady(): boolean | undefined {
    const medians = mediansOf(this.latenciesNs);
    if (medians.length < LEAST_BATCHES) return undefined;
    return truncationOf(medians) <= medians.length / 2;
  }
}

/** How many of the first values to leave out, so that the mean of the others is known best. */
export function truncationOf(values: readonly number[]): number {
  let best = values.length - 1;
  let least = Number.POSITIVE_INFINITY;
  let mean = 0;
  let squares = 0; // Of the distances of all from the mean, value by value (Welford).
  for (let first = values.length - 1; first >= 0; first--) {
    const count = values.length - first;
    const distance = values[first] - mean;
    mean += distance / count;
    squares += distance * (values[first] - mean);
    if (count < LEAST_LEFT || count < LEAST_PART * values.length) continue;
    const error = squares / (count * count);
    if (error > least) continue;
    least = error;
    best = first;
  }
  return best;
}

function mediansOf(values: readonly number[]): number[] {
  const medians: number[] = [];
  for (let first = 0; first + BATCH <= values.length; first += BATCH) {
    const batch = values.slice(first, first + BATCH).sort((a, b) => a - b);
    medians.push(batch[(BATCH - 1) / 2]);
  }
  return medians;
}
