// ABIS: who is told if accesses are tracked. The best case: all cores serve requests, each with a
// buffer of its own that only it touches, while all have the space loaded.

import { INTERRUPTS_PER_OPERATION } from "../metrics.ts";
import type { Paper } from "../paper.ts";
import type { Setup } from "../setup.ts";

const ALL: Setup = {
  machine: "haswell-2s",
  workload: "server",
  policy: "strict",
  cores: 48,
  topology: { sockets: 2, coresPerSocket: 24 },
  operations: 100,
  gapNs: 100_000,
  accessGapNs: 1_000_000,
  privateAccesses: true,
};

export const ABIS: Paper = {
  row: 10,
  source: "N. Amit: 'Optimizing the TLB Shootdown Algorithm with Page Access Tracking' (ATC'17)",
  effects: [
    {
      machine: ALL.machine,
      setup: "requests with buffers of their own, 48 cores, all cores → those that accessed",
      metric: "remote invalidations",
      unit: "%",
      published: -98,
      note: "the source's figure is the best of several programs; tracking is exact in the model",
      async reproduce(lab) {
        const value = await lab.change(ALL, { ...ALL, policy: "abis" }, INTERRUPTS_PER_OPERATION);
        return { value, parameters: [] };
      },
    },
  ],
};
