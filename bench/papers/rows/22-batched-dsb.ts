// arm64: pages are paged out one by one; each has its TLBI and waits for it (DSB), or a batch of
// TLBIs has one DSB. What paging out takes besides is set from the flushes' share of the time.

import { FLUSH_SHARE, US_PER_OPERATION } from "../metrics.ts";
import { type Effect, type Paper, percent } from "../paper.ts";
import type { Setup } from "../setup.ts";

/** Of the time, what flushes take, in per cent: with 8 cores, and with about 100. */
const PUBLISHED = {
  small: { sharePercent: 5.36, beforeS: 14.674, afterS: 13.838 },
  large: { sharePercent: 16.99, beforeS: 13.46, afterS: 11.771 },
};

const MACHINE = "arm-broadcast";

/** Pages that reclaim takes at a time. */
const EACH: Setup = {
  machine: MACHINE,
  workload: "munmap",
  policy: "strict+broadcast(1)",
  cores: 8,
  pages: 32,
  operations: 200,
  accessGapNs: 1_000_000,
  privateAccesses: true,
};

const RANGE = { low: 0, high: 10_000_000 };

function effectOf(
  cores: number,
  { sharePercent, beforeS, afterS }: (typeof PUBLISHED)["small"],
  note: string,
): Effect {
  const baseline = { ...EACH, cores };
  return {
    machine: MACHINE,
    setup: `page-out, ${cores} cores, TLBI and DSB each → one DSB for 32 pages`,
    metric: "time of the program",
    unit: "%",
    published: percent(beforeS, afterS),
    note,
    async reproduce(lab) {
      const calibrated = await lab.calibrate(baseline, "gapNs", FLUSH_SHARE, sharePercent, RANGE);
      const { setup, parameter } = calibrated;
      const batched = { ...setup, policy: "arm-broadcast" };
      const value = await lab.change(setup, batched, US_PER_OPERATION);
      return { value, parameters: [parameter] };
    },
  };
}

const NOTE = "what paging out takes besides its flushes is set from their share of the time";

export const BATCHED_DSB: Paper = {
  row: 22,
  source:
    "B. Song, Y. Yang, Linux 6.6, 43b3dfdd0455: 'arm64: support batched/deferred tlb shootdown " +
    "during page reclamation/migration'",
  effects: [
    effectOf(8, PUBLISHED.small, NOTE),
    effectOf(
      128,
      PUBLISHED.large,
      `${NOTE}. In the model the interconnect serves 32 TLBIs with one DSB as fast as one TLBI, so ` +
        "that next to nothing of that share is left; published, a quarter of it is left with so " +
        "many cores, and next to nothing with 8",
    ),
  ],
};
