// Linux's batched flushes in reclaim: kernel threads unmap pages that all other cores use; with
// `tlb_ubc` one interrupt a core does for a batch of them.

import { INTERRUPTS_PER_S } from "../metrics.ts";
import { type Paper, percent } from "../paper.ts";
import type { Setup } from "../setup.ts";

/** Interrupts a second. */
const PUBLISHED = { each: 900_000, batched: 60_000 };

const EACH: Setup = {
  machine: "ivb-ex-8s",
  workload: "reclaim",
  policy: "linux-x86+each",
  cores: 48,
  initiators: 4,
  topology: { sockets: 4, coresPerSocket: 12 },
  operations: 100,
  accessGapNs: 200_000,
};

export const RECLAIM_BATCH: Paper = {
  row: 14,
  source: "M. Gorman, Linux 4.3, 'mm: send one IPI per CPU to TLB flush …' (72b252aed506)",
  effects: [
    {
      machine: "ivb-ex-8s",
      setup:
        "reclaim, 48 cores in 4 sockets, one reclaimer a socket, each page → one flush a batch",
      metric: "interrupts a second",
      unit: "%",
      published: percent(PUBLISHED.each, PUBLISHED.batched),
      note: "assumed: one thread a socket reclaims, and all other cores use what it takes",
      async reproduce(lab) {
        const range = { low: 0, high: 50_000_000 };
        const { setup, parameter } = await lab.calibrate(
          EACH,
          "gapNs",
          INTERRUPTS_PER_S,
          PUBLISHED.each,
          range,
        );
        const batched = { ...setup, policy: "linux-reclaim" };
        return {
          value: await lab.change(setup, batched, INTERRUPTS_PER_S),
          parameters: [parameter],
        };
      },
    },
  ],
};
