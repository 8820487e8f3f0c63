// LATR: Apache, whose requests map a file of 10 KB and unmap it, in Linux 4.10 under mmap_lock until
// the flush is done. No figure of the baseline alone is published; what is, is by how much another
// system, ABIS, is faster, and from that the time of a request is set.

import type { Lab } from "../lab.ts";
import { OPERATIONS_PER_S } from "../metrics.ts";
import { type Effect, type Paper, percent } from "../paper.ts";
import type { Setup } from "../setup.ts";

/** By how many per cent LATR serves more requests than Linux, and than ABIS. */
const PUBLISHED = { overLinux: 59.9, overAbis: 37.9 };

const LINUX: Setup = {
  machine: "haswell-2s",
  workload: "server",
  policy: "strict",
  cores: 16,
  topology: { sockets: 2, coresPerSocket: 8 },
  operations: 200,
  pages: 3,
  serialUntilFlushed: true,
  accessGapNs: 100_000,
  privateAccesses: true,
};

const RANGE = { low: 0, high: 10_000_000 };

const NOTE =
  "in the model ABIS tracks accesses for nothing and tells nobody here, so that it is as fast as " +
  "LATR: what it is slower by was its tracking";

/** Linux with the requests that ABIS speeds up by what is published. */
async function linuxOf(lab: Lab): Promise<{ setup: Setup; parameter: string }> {
  const gain = (gapNs: number): Promise<number> => {
    const linux = { ...LINUX, gapNs };
    return lab.change(linux, { ...linux, policy: "abis" }, OPERATIONS_PER_S);
  };
  const figure = percent(100 + PUBLISHED.overAbis, 100 + PUBLISHED.overLinux);
  const gapNs = await lab.solve(gain, figure, RANGE);
  const reached = (await gain(gapNs)).toPrecision(3);
  return {
    setup: { ...LINUX, gapNs },
    parameter: `gapNs ${gapNs}: ABIS over Linux ${reached} % of ${figure.toPrecision(3)} %`,
  };
}

function effectOf(over: string, policy: string, published: number): Effect {
  return {
    machine: LINUX.machine,
    setup: `Apache, 16 cores in 2 sockets, ${over} → LATR`,
    metric: "requests a second",
    unit: "%",
    published,
    note: NOTE,
    async reproduce(lab) {
      const { setup, parameter } = await linuxOf(lab);
      const latr = { ...setup, policy: "latr" };
      const value = await lab.change({ ...setup, policy }, latr, OPERATIONS_PER_S);
      return { value, parameters: [parameter] };
    },
  };
}

export const LATR_APACHE: Paper = {
  row: 9,
  source: "M. Kumar et al.: LATR (ASPLOS'18), abstract",
  effects: [
    effectOf("Linux 4.10", "strict", PUBLISHED.overLinux),
    effectOf("ABIS", "abis", PUBLISHED.overAbis),
  ],
};
