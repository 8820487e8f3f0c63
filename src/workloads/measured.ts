// What an initiator notes of its measured part, besides counters.

import type { CauseTally } from "./cause-tally.ts";

/** When an initiator's measured part began and ended, in modelled ns; both 0 for a responder. */
export interface Measured {
  beganNs: number;
  endedNs: number;
  /** Operations before that, of the warm-up and of what came before it. */
  warmup: number;
  /** These were as many as they may be, and latencies had not settled by then. */
  neverSteady: boolean;
  /** Of a replay. */
  readonly causes: CauseTally;
}
