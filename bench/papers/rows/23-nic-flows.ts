// F&S: a NIC of 100 Gbit/s receives pages of 4 KiB for more and more flows, under Linux's strict
// mode, which does not give the leaf hint. Throughput follows from page-table reads; these follow
// from what invalidations and other flows leave in the paging-structure caches.

import type { Lab } from "../lab.ts";
import { type Metric, OPERATIONS_PER_S, TABLE_READS } from "../metrics.ts";
import { type Effect, type Paper, percent, type Reproduction } from "../paper.ts";
import type { Setup } from "../setup.ts";

const MACHINE = "skylake-2s";

/** Gbit/s of the line, and under strict with 5 and with 40 flows; page-table reads a page. */
export const NIC = { line: 100, few: 79.6, many: 35.5, fewReads: 1.76, manyReads: 4.36 };

const DESCRIPTOR_PAGES = 64;

/** Five cores receive for all flows. */
const FEW: Setup = {
  machine: MACHINE,
  workload: "port:mapped",
  policy: "strict+no-leaf-hint",
  cores: 5,
  initiators: 5,
  iommus: 1,
  devices: 1,
  flows: 5,
  pages: DESCRIPTOR_PAGES,
  operations: 600,
  gapNs: 0,
  accessGapNs: 1_000_000,
};
const MANY: Setup = { ...FEW, flows: 40 };

/** Page-table reads with 5 and with 40 flows, if the caches held so many regions. */
export function readsOfFlows(lab: Lab, cachedRegions: number): Promise<readonly number[]> {
  return Promise.all(
    [FEW, MANY].map((setup) => lab.measure({ ...setup, cachedRegions }, TABLE_READS)),
  );
}

function withoutIommu(setup: Setup): Setup {
  return { ...setup, workload: "port:off" };
}

async function changeOf(lab: Lab, from: Setup, to: Setup, metric: Metric): Promise<Reproduction> {
  return { value: await lab.change(from, to, metric), parameters: [] };
}

const NOTE =
  "assumed: each flow has addresses of its own, five cores drive all flows, the line is full " +
  "without an IOMMU";

function effectOf(
  flows: string,
  metric: string,
  published: number,
  reproduce: Effect["reproduce"],
  note = NOTE,
): Effect {
  const setup = `NIC receive, 100 Gbit/s, 4 KiB MTU, ${flows}`;
  return { machine: MACHINE, setup, metric, unit: "%", published, reproduce, note };
}

/** How much the caches hold is fitted to these reads. */
export const READS = effectOf(
  "strict, 5 → 40 flows",
  "page-table reads a page",
  percent(NIC.fewReads, NIC.manyReads),
  (lab) => changeOf(lab, FEW, MANY, TABLE_READS),
  `${NOTE}; how much the caches hold is fitted to these reads. A page has one translation ` +
    "here, of at most 4 reads; that 40 flows take more says that theirs are translated several " +
    "times, or that acknowledgements are, which are not modelled",
);

export const NIC_FLOWS: Paper = {
  row: 23,
  source: "F&S: Fast & Safe IO Memory Protection (SOSP'24), section 2.2",
  effects: [
    effectOf("strict, 5 → 40 flows", "throughput", percent(NIC.few, NIC.many), (lab) =>
      changeOf(lab, FEW, MANY, OPERATIONS_PER_S),
    ),
    effectOf("5 flows, no IOMMU → strict", "throughput", percent(NIC.line, NIC.few), (lab) =>
      changeOf(lab, withoutIommu(FEW), FEW, OPERATIONS_PER_S),
    ),
    effectOf("40 flows, no IOMMU → strict", "throughput", percent(NIC.line, NIC.many), (lab) =>
      changeOf(lab, withoutIommu(MANY), MANY, OPERATIONS_PER_S),
    ),
    READS,
  ],
};
