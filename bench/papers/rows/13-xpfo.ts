// XPFO takes a page that goes to user space out of the kernel's own mapping, which all cores have
// loaded: each allocation tells all of them, or each core flushes at its next context switch (here:
// at its tick). What an allocation takes besides is set from how many times the system time grows.

import { OPERATIONS_PER_S } from "../metrics.ts";
import { type Effect, type Paper, percent } from "../paper.ts";
import type { Setup } from "../setup.ts";

/** System time in seconds: without XPFO, with flushes at once, with deferred ones. */
const PUBLISHED = {
  large: { without: 915.183, atOnce: 24_129.354, deferred: 1216.987 },
  small: { without: 607.671, atOnce: 1588.646, deferred: 794.473 },
};

const AT_ONCE: Omit<Setup, "machine" | "cores" | "operations"> = {
  workload: "madvise",
  policy: "strict+concurrent",
  accessGapNs: 100_000,
  privateAccesses: true,
};

/** A tick of HZ=250. */
const DEFERRED = "tick(4096,4ms)+frames(at-once)+addresses(at-once)";
/** Nobody is told and nothing is flushed: what an allocation takes alone. */
const UNFLUSHED = "queue(4096,never)+frames(at-once)+addresses(at-once)";

/** What of a set-up is the machine and its size. */
type Machine = "machine" | "cores" | "initiators" | "idleCores" | "topology" | "operations";

const GAP = { low: 100, high: 20_000 };

function effectOf(
  what: string,
  machine: Pick<Setup, Machine>,
  { without, atOnce, deferred }: (typeof PUBLISHED)["large"],
): Effect {
  const baseline: Setup = { ...AT_ONCE, ...machine };
  const { initiators = 1 } = baseline;
  return {
    machine: baseline.machine,
    setup: `${what}, flush at once → at the next context switch`,
    metric: "system time",
    unit: "%",
    published: percent(atOnce, deferred),
    note: "deferred to ticks, not to context switches; what else XPFO does takes no time",
    async reproduce(lab) {
      const usPerAllocation = async (setup: Setup, by: number): Promise<number> =>
        by / (await lab.measure(setup, OPERATIONS_PER_S));
      const growth = async (gapNs: number): Promise<number> => {
        const alone = { ...baseline, gapNs, cores: 1, initiators: 1, idleCores: 0 };
        const [flushed, unflushed] = await Promise.all([
          usPerAllocation({ ...baseline, gapNs }, initiators),
          usPerAllocation({ ...alone, policy: UNFLUSHED }, 1),
        ]);
        return flushed / unflushed;
      };
      const gapNs = await lab.solve(growth, atOnce / without, GAP);
      const setup = { ...baseline, gapNs };
      const [before, after] = await Promise.all([
        usPerAllocation(setup, initiators),
        usPerAllocation({ ...setup, policy: DEFERRED }, initiators),
      ]);
      const reached = (await growth(gapNs)).toPrecision(4);
      const figure = (atOnce / without).toPrecision(4);
      return {
        value: percent(before, after),
        parameters: [`gapNs ${gapNs}: system time with flushes at once × ${reached} of ${figure}`],
      };
    },
  };
}

export const XPFO: Paper = {
  row: 13,
  source: "K. Aziz, LKML 2019, 'xpfo, mm: Defer TLB flushes for non-current CPUs'",
  effects: [
    effectOf(
      "make -j60, 96 cores",
      {
        machine: "skylake-2s-pti",
        cores: 96,
        topology: { sockets: 4, coresPerSocket: 24 },
        initiators: 60,
        operations: 40,
        idleCores: 36,
      },
      PUBLISHED.large,
    ),
    effectOf(
      "make -j4, 4 cores",
      {
        machine: "ivb-ex-8s",
        cores: 4,
        topology: { sockets: 1, coresPerSocket: 4 },
        initiators: 4,
        operations: 600,
      },
      PUBLISHED.small,
    ),
  ],
};
