// INVLPGB in Linux: 36 threads, each of which drops and touches a page of its own. Under vanilla a
// serial lock (that of the LRU lists) limits them; only when it is gone does the broadcast show.
//
// Both figures without INVLPGB are baselines, one for each parameter: without the lock's section the
// time that a loop takes besides its flush, with it how long the section lasts.

import { OPERATIONS_PER_S } from "../metrics.ts";
import { type Effect, type Paper, percent } from "../paper.ts";
import type { Setup } from "../setup.ts";

/** Loops a second. */
const PUBLISHED = { vanilla: 527_000, lockFix: 731_000, invlpgb: 527_000, both: 1_157_000 };

const MACHINE = "zen3-2s";

const LOCK_FIX: Setup = {
  machine: MACHINE,
  workload: "madvise",
  policy: "linux-x86",
  cores: 36,
  initiators: 36,
  operations: 2000, // Fewer, and where the lock limits the loops, its queue is still filling up.
  accessGapNs: 100_000,
  privateAccesses: true,
};

const GAP = { low: 0, high: 100_000 };
const SERIAL = { low: 0, high: 10_000 };
const POLICY = { policy: "invlpgb" };

const NOTE =
  "set from the figures without INVLPGB: what a loop takes besides its flush, and how long the " +
  "lock is held";

const WITHOUT_LOCK: Effect = {
  machine: MACHINE,
  setup: "tlb_flush2_threads, 36 cores, lock fix → lock fix and INVLPGB",
  metric: "loops a second",
  unit: "%",
  published: percent(PUBLISHED.lockFix, PUBLISHED.both),
  note: NOTE,
  async reproduce(lab) {
    const { setup, parameter } = await lab.calibrate(
      LOCK_FIX,
      "gapNs",
      OPERATIONS_PER_S,
      PUBLISHED.lockFix,
      GAP,
    );
    const value = await lab.change(setup, { ...setup, ...POLICY }, OPERATIONS_PER_S);
    return { value, parameters: [parameter] };
  },
};

const WITH_LOCK: Effect = {
  machine: MACHINE,
  setup: "tlb_flush2_threads, 36 cores, vanilla → INVLPGB",
  metric: "loops a second",
  unit: "%",
  published: percent(PUBLISHED.vanilla, PUBLISHED.invlpgb),
  note:
    `${NOTE}. What is left beside the lock is the start of a run, while the lock's queue is ` +
    "filling up, and how far the two calibrations are from their figures",
  async reproduce(lab) {
    const fix = await lab.calibrate(LOCK_FIX, "gapNs", OPERATIONS_PER_S, PUBLISHED.lockFix, GAP);
    const { setup, parameter } = await lab.calibrate(
      fix.setup,
      "serialNs",
      OPERATIONS_PER_S,
      PUBLISHED.vanilla,
      SERIAL,
    );
    const value = await lab.change(setup, { ...setup, ...POLICY }, OPERATIONS_PER_S);
    return { value, parameters: [fix.parameter, parameter] };
  },
};

export const INVLPGB: Paper = {
  row: 2,
  source: "R. van Riel, LKML 2024, 'AMD broadcast TLB invalidation', cover letter",
  effects: [WITH_LOCK, WITHOUT_LOCK],
};
