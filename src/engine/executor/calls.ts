// Nested protocol calls for an executor that suspends. `yield* f()` resumes a suspended protocol
// through all of its callers, each time. The second half of the build (scripts/build-executors.mjs)
// replaces it by `call(f())`, which runs `f` as far as it comes: if it comes to its end there is
// nothing to resume; if not, the callers are suspended one after the other, once, and the executor
// goes on at the innermost.

import type { Protocol } from "./cpu.ts";

/** What `call` returns for a protocol that has not ended: the caller must yield. */
export const SUSPENDED: unique symbol = Symbol("suspended");

/** Protocols that were suspended since the executor last took them, innermost first. */
export const suspended: Protocol<unknown>[] = [];

/**
 * `next` of every generator. Each generator function has a prototype of its own, so that reading
 * the property would be megamorphic: a tenth of the time of a run.
 */
export const resumeGenerator = Object.getPrototypeOf(function* () {}).prototype.next as (
  this: Protocol<unknown>,
  value?: unknown,
) => IteratorResult<undefined, unknown>;

/** Runs `protocol` until it ends or yields. */
export function call<Result>(protocol: Protocol<Result>): Result | typeof SUSPENDED {
  const step = resumeGenerator.call(protocol);
  if (step.done) return step.value as Result;
  suspended.push(protocol);
  return SUSPENDED;
}
