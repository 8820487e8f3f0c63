// What a planted bug is: a change of the compiled program, or only a policy, that breaks a rule.

import type { Policy } from "../../src/engine/policy/policy.ts";

export interface Edit {
  /** Stands there exactly once: where it does not, the bug has to be planted anew. */
  readonly find: string;
  readonly replace: string;
}

export interface Bug {
  readonly name: string;
  /** Which rule it breaks: a number of them (see README.md), or what is said in other words. */
  readonly rule: string;
  /** In the notation of the command line … */
  readonly policy: string;
  /** … and what is different from it. */
  readonly choices?: Partial<Policy>;
  /** By file, below dist/src; none where the policy itself is the bug. */
  readonly edits: Readonly<Record<string, readonly Edit[]>>;
}
