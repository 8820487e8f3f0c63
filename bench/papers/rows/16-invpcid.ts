// How Linux flushes one page of a user's half of isolated page tables: by INVPCID, or by writing
// CR3 with a flush of the whole context when it returns to user mode. A kernel build: programs of
// one thread, and flushes of one page (92 % of them are).

import { US_PER_OPERATION } from "../metrics.ts";
import { type Paper, percent } from "../paper.ts";
import type { Setup } from "../setup.ts";

/** Seconds of user time, and the flushes that were counted in a build, with the deferred flush. */
const PUBLISHED = { deferredCr3S: 880.45, invpcidS: 875.36, flushes: 1_776_000 };

const DEFERRED_CR3: Setup = {
  machine: "skylake-2s-pti",
  workload: "munmap",
  policy: "strict+full",
  cores: 1,
  operations: 1000,
  // So often that a program has used all of its pages before its next flush.
  accessGapNs: 100,
  privateAccesses: true,
};

const US_PER_S = 1e6;

export const INVPCID: Paper = {
  row: 16,
  source:
    "D. Hansen, LKML 2017, 'x86 TLB flushing: INVPCID vs. deferred CR3 write'; flushes: its traces",
  effects: [
    {
      machine: DEFERRED_CR3.machine,
      setup: "kernel build, PTI, deferred CR3 write → INVPCID",
      metric: "user time of the build",
      unit: "%",
      published: percent(PUBLISHED.deferredCr3S, PUBLISHED.invpcidS),
      note: "a working set of 256 pages, assumed; the trace's flushes are taken for one build's",
      async reproduce(lab) {
        const { setup, parameter } = await lab.calibrate(
          DEFERRED_CR3,
          "gapNs",
          US_PER_OPERATION,
          (US_PER_S * PUBLISHED.deferredCr3S) / PUBLISHED.flushes,
          { low: 0, high: 1_000_000 },
        );
        const value = await lab.change(setup, { ...setup, policy: "strict" }, US_PER_OPERATION);
        return { value, parameters: [parameter] };
      },
    },
  ],
};
