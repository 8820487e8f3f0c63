// A run that a broken invariant has ended: the bug that broke it is mostly one that the checker has
// seen before, so that what was found by then is what counts.

import type { FindingKind } from "../engine/check/finding.ts";
import { type CheckData, type CheckSums, sumChecks } from "../engine/check/sums.ts";
import { InvariantError } from "../engine/errors.ts";

/** What did not hold, and where: as data, since an error's class does not cross threads. */
export interface BrokenInvariant {
  readonly message: string;
  readonly stack: string;
  readonly actor: number;
  readonly atNs: number;
}

export interface BrokenRun {
  readonly broken: BrokenInvariant;
  /** What each actor's checker had seen by then; of no actor if it is off. */
  readonly checks: readonly CheckData[];
}

/** Thrown for such a run: `check` is what was found in it, the broken invariant first. */
export class BrokenRunError extends InvariantError {
  readonly check: CheckSums;

  constructor({ broken, checks }: BrokenRun) {
    const { message, stack, actor, atNs } = broken;
    super(message);
    this.stack = stack; // Of the actor: where this one is made tells nothing.
    const kind: FindingKind = "broken-invariant";
    const nowhere = { space: -1, vpn: -1, frame: -1, history: [] };
    const ending = { kind, actor, atNs, ...nowhere, message };
    const sums = sumChecks(checks, [ending]);
    // First, as of many findings only the first are kept, and this one says why there are no more.
    this.check = { ...sums, findings: [ending, ...sums.findings.slice(0, -1)] };
  }
}

/** Undefined for any other error. By name: each form of the program has a class of its own. */
export function brokenInvariantOf(
  error: unknown,
  actor: number,
  atNs: number,
): BrokenInvariant | undefined {
  if (!(error instanceof Error) || error.name !== InvariantError.name) return undefined;
  const { message, stack = message } = error;
  return { message, stack, actor, atNs };
}
