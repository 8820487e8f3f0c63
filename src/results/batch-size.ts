// How much a policy gathers before it flushes: the n of `batch(n)`, `queue(n,10ms)` and
// `deferred(n,10ms)`. Policies that differ in nothing else are one family.

/** A policy's family, and its place in it. */
export interface BatchSize {
  /** `batch(n)`: its text, or that of a column, with n in place of the number. */
  readonly family: string;
  readonly n: number;
}

const GATHERS = /\b(batch|queue|deferred)\((\d+)/;

/** Of the first word that gathers; undefined where there is none. */
export function batchSizeOf(text: string): BatchSize | undefined {
  const found = GATHERS.exec(text);
  if (found === null) return undefined;
  return { family: text.replace(GATHERS, "$1(n"), n: Number(found[2]) };
}

/** Whether it gathers beyond the end of an operation: a queue does, a batch ends with it. */
export function outlastsOperations({ family }: BatchSize): boolean {
  return !/\bbatch\(n/.test(family);
}
