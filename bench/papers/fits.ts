// What of the machines in machines/ is fitted, and to what: interpolated costs, each solved for one
// published cost; but for the interconnect of arm-broadcast, of which none is published, and which
// is fitted to what a row measured under contention. A fit is done with what stands in the files.

import type { CostName, Costs } from "../../src/engine/profile/costs.ts";
import type { Lab } from "./lab.ts";
import { US_PER_OPERATION } from "./metrics.ts";
import type { Effect } from "./paper.ts";
import { LOOPS, timeOfLoops } from "./rows/19-local-tlbi.ts";
import { NIC, READS, readsOfFlows } from "./rows/23-nic-flows.ts";
import type { Setup } from "./setup.ts";
import type { Range } from "./solve.ts";

export interface Fit {
  /** Its file has the values. */
  readonly machine: string;
  /** The costs, which all get the same value. */
  readonly costs: readonly CostName[];
  readonly range: Range;
  /** The published figure, and where it is from. */
  readonly figure: number;
  readonly source: string;
  /** The effect that the figure is, if it is one: nothing is reproduced by it any more. */
  readonly effect?: Effect;
  /** The same in the model, with these costs instead of the machine's. */
  readonly measure: (lab: Lab, costs: Partial<Costs>) => Promise<number>;
}

/** MADV_DONTNEED of one page in a loop, and threads that run. */
const ONE_PAGE: Omit<Setup, "cores"> = {
  machine: "haswell-2s",
  workload: "madvise",
  policy: "strict",
  operations: 400,
  accessGapNs: 100_000,
  privateAccesses: true,
};

const NS_PER_US = 1000;

/**
 * With the series, where one target is told as several are; without it one is told by other code,
 * which its author calls slower.
 */
const RFC_NS = { oneRemote: 562, threeRemote: 758 };

/** What a loop with so many threads takes longer than with one, in ns. */
async function incrementNs(lab: Lab, threads: number, setup: Partial<Setup>): Promise<number> {
  const [one, all] = await Promise.all(
    [1, threads].map((cores) => {
      return lab.measure({ ...ONE_PAGE, ...setup, cores }, US_PER_OPERATION);
    }),
  );
  return NS_PER_US * (all - one);
}

/** LATR: nanoseconds a target, when all 16 cores are told. */
const LATR_TARGETS = 15;
const LATR_NS_PER_TARGET = 400;

/** A flush of n pages one by one takes 1153 + 249 n cycles. */
const FULL_FLUSH_CYCLES = 2283;
const ONE_PAGE_CYCLES = 1153 + 249;
const IVY_BRIDGE_GHZ = 2.6;

/** Of an unmap, the invalidation of the IOTLB with its wait. */
const INVALIDATION_CYCLES = 2127;
const XEON_6234_MHZ = 3300;

export const FITS: readonly Fit[] = [
  {
    machine: "haswell-2s",
    costs: ["interruptEntryNs", "interruptExitNs"],
    range: { low: 0, high: 1000 },
    figure: 775,
    source: "N. Amit, concurrent-flush RFC: a shootdown of 1 remote core takes 775 ns",
    measure: (lab, costs) => incrementNs(lab, 2, { costs }),
  },
  {
    machine: "haswell-2s",
    costs: ["clusterSendNs"],
    range: { low: 1, high: 1000 }, // 0 would say that there is no such write.
    figure: RFC_NS.threeRemote - RFC_NS.oneRemote,
    source: "N. Amit, concurrent-flush RFC: with it, 758 ns with 3 remote cores and 562 with 1",
    measure: async (lab, costs) => {
      const setup = { policy: "strict+concurrent", costs };
      return (await incrementNs(lab, 4, setup)) - (await incrementNs(lab, 2, setup));
    },
  },
  {
    machine: "haswell-2s",
    costs: ["deliveryRemoteNs"],
    range: { low: 300, high: 10_000 },
    figure: LATR_TARGETS * LATR_NS_PER_TARGET,
    source: "LATR (ASPLOS'18), second hand: 400 ns a target with all of 16 cores in 2 sockets",
    measure: (lab, costs) => {
      const topology = { sockets: 2, coresPerSocket: 8 };
      return incrementNs(lab, LATR_TARGETS + 1, { topology, costs });
    },
  },
  {
    machine: "ivb-ex-8s",
    costs: ["flushContextNs"],
    range: { low: 0, high: 5000 },
    figure: (FULL_FLUSH_CYCLES - ONE_PAGE_CYCLES) / IVY_BRIDGE_GHZ,
    source:
      "Linux, commit of the ceiling, i5-3320M at 2.6 GHz: cycles of a full flush and of a page",
    measure: async (lab, costs) => {
      const alone: Setup = { ...ONE_PAGE, machine: "ivb-ex-8s", costs, cores: 1, gapNs: 1 };
      const [full, page] = await Promise.all(
        ["strict+full", "strict"].map((policy) => {
          return lab.measure({ ...alone, policy, programPages: 1 }, US_PER_OPERATION);
        }),
      );
      return NS_PER_US * (full - page);
    },
  },
  {
    machine: "skylake-2s",
    costs: ["iotlbPageNs"],
    range: { low: 0, high: 1000 },
    figure: (NS_PER_US * INVALIDATION_CYCLES) / XEON_6234_MHZ,
    source: "rIOMMU: 2127 cycles an invalidation, at the 3.3 GHz of F&S's Xeon Gold 6234",
    measure: async (lab, costs) => {
      const setup: Setup = { ...ONE_PAGE, machine: "skylake-2s", costs, cores: 1 };
      const [attached, detached] = await Promise.all(
        [1, 0].map((iommus) => lab.measure({ ...setup, iommus }, US_PER_OPERATION)),
      );
      return NS_PER_US * (attached - detached);
    },
  },
  {
    machine: "arm-broadcast",
    costs: ["broadcastServiceNs"],
    range: { low: 0, high: 10_000 },
    figure: LOOPS.published,
    source: "row 19, in which initiators contend (row 22 has one)",
    effect: LOOPS,
    measure: (lab, costs) => timeOfLoops(lab, costs).then(({ value }) => value),
  },
];

/** What a fit comes to: the whole number of ns for its costs. */
export async function fitted(fit: Fit, lab: Lab): Promise<number> {
  const measure = (ns: number): Promise<number> =>
    fit.measure(lab, Object.fromEntries(fit.costs.map((name) => [name, ns])));
  return lab.solve(measure, fit.figure, fit.range);
}

/** The only count that is fitted, by `fittedRegions`. */
export const REGIONS_FIT = {
  machine: "skylake-2s",
  count: "cachedRegions",
  source: "F&S (SOSP'24): page-table reads a page with 5 and with 40 flows",
  effect: READS,
} as const;

/** Whether a value of the effect's machine was fitted to this very effect. */
export function isFittedTo(effect: Effect): boolean {
  return [...FITS, REGIONS_FIT].some((fit) => fit.effect === effect);
}

/** Sizes that the paging-structure caches of an IOMMU may have had on F&S's machine. */
const CACHED_REGIONS = [2, 4, 8, 16, 32] as const;

/**
 * The size with which page-table reads come nearest to what F&S counted with 5 and with 40 flows:
 * where the parts of these figures that are missing or too much add up to least.
 */
export async function fittedRegions(lab: Lab): Promise<number> {
  const published = [NIC.fewReads, NIC.manyReads];
  const errors = await Promise.all(
    CACHED_REGIONS.map(async (count) => {
      const reads = await readsOfFlows(lab, count);
      return published.reduce((sum, figure, i) => sum + Math.abs(reads[i] / figure - 1), 0);
    }),
  );
  return CACHED_REGIONS[errors.indexOf(Math.min(...errors))];
}
