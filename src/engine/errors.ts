// Errors by kind. A kind is an exit status (2 usage, 20 unsafe, 21 no progress, 22 regression);
// anything else that is thrown is our own bug and exits with 1.

/**
 * The user asked for something that cannot be done; the message names the value and what would
 * be right.
 */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly exitCode = 2;
}

/** A run that ends so has results all the same. */
export const UNSAFE_EXIT_CODE = 20;

/** A policy has let a stale translation be used; the message says which. */
export class UnsafeError extends Error {
  override readonly name = "UnsafeError";
  readonly exitCode = UNSAFE_EXIT_CODE;
}

/** No actor made progress for longer than is allowed; the message says who waits for whom. */
export class NoProgressError extends Error {
  override readonly name = "NoProgressError";
  readonly exitCode = 21;
}

/** Something is worse than it was by more than may be; the message says what. */
export class RegressionError extends Error {
  override readonly name = "RegressionError";
  readonly exitCode = 22;
}

/** Thrown when an invariant of the engine does not hold: always a bug in this program. */
export class InvariantError extends Error {
  override readonly name = "InvariantError";
}

/**
 * Reports a broken invariant with its values. The message is a constant and the values are numbers,
 * so that a check on a hot path builds no string while all is well.
 */
export function violated(what: string, a?: number, b?: number): never {
  const values = [a, b].filter((value) => value !== undefined).join(", ");
  throw new InvariantError(values === "" ? what : `${what}: ${values}`);
}
