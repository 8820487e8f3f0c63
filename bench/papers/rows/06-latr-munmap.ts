// LATR: munmap of one page that all 16 cores have touched. One core unmaps, the others run; what
// munmap takes besides its flush is the time between operations.

import { US_PER_OPERATION } from "../metrics.ts";
import type { Paper } from "../paper.ts";
import type { Setup } from "../setup.ts";

/** From memory of the paper: about 8 µs with 16 cores under Linux. */
const BASELINE_US = 8;

const LINUX: Setup = {
  machine: "haswell-2s",
  workload: "munmap",
  policy: "strict",
  cores: 16,
  topology: { sockets: 2, coresPerSocket: 8 },
  operations: 4000,
};

export const LATR_MUNMAP: Paper = {
  row: 6,
  source: "M. Kumar et al.: LATR (ASPLOS'18), abstract; the baseline's 8 µs from memory of it",
  effects: [
    {
      machine: "haswell-2s",
      setup: "munmap of 1 page, 16 cores in 2 sockets, Linux 4.10 → LATR",
      metric: "time of one munmap",
      note: "deliveryRemoteNs is fitted to what Linux's shootdown takes on this machine",
      unit: "%",
      published: -70.8,
      async reproduce(lab) {
        const range = { low: 0, high: 8000 };
        const { setup, parameter } = await lab.calibrate(
          LINUX,
          "gapNs",
          US_PER_OPERATION,
          BASELINE_US,
          range,
        );
        const value = await lab.change(setup, { ...setup, policy: "latr" }, US_PER_OPERATION);
        return { value, parameters: [parameter] };
      },
    },
  ],
};
