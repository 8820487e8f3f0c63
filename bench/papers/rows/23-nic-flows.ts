// F&S: a NIC of 100 Gbit/s receives pages of 4 KiB for more and more flows, under Linux's strict
// mode, which does not give the leaf hint. Throughput follows from page-table reads; these follow
// from what invalidations and other flows leave in the paging-structure caches.

import type { Lab } from "../lab.ts";
import { type Metric, OPERATIONS_PER_S, TABLE_READS } from "../metrics.ts";
import { type Effect, type Paper, percent, type Reproduction } from "../paper.ts";
import type { Setup } from "../setup.ts";

const MACHINE = "cascade-lake";

/** Gbit/s of the line, and under strict with 5 and with 40 flows; page-table reads a page. */
const PUBLISHED = { line: 100, few: 79.6, many: 35.5, fewReads: 1.76, manyReads: 4.36 };

/** Five cores receive for all flows; a descriptor names 64 pages. */
const FEW: Setup = {
  machine: MACHINE,
  workload: "port:mapped",
  policy: "strict+no-leaf-hint",
  cores: 5,
  initiators: 5,
  iommus: 1,
  devices: 1,
  flows: 5,
  pages: 64,
  operations: 600,
  gapNs: 0,
  accessGapNs: 1_000_000,
};
const MANY: Setup = { ...FEW, flows: 40 };

async function changeOf(lab: Lab, from: Setup, to: Setup, metric: Metric): Promise<Reproduction> {
  return { value: await lab.change(from, to, metric), parameters: [] };
}

function withoutIommu(setup: Setup): Setup {
  return { ...setup, workload: "port:off" };
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

export const NIC_FLOWS: Paper = {
  row: 23,
  source: "F&S: Fast & Safe IO Memory Protection (SOSP'24), section 2.2",
  effects: [
    effectOf("strict, 5 → 40 flows", "throughput", percent(PUBLISHED.few, PUBLISHED.many), (lab) =>
      changeOf(lab, FEW, MANY, OPERATIONS_PER_S),
    ),
    effectOf(
      "5 flows, no IOMMU → strict",
      "throughput",
      percent(PUBLISHED.line, PUBLISHED.few),
      (lab) => changeOf(lab, withoutIommu(FEW), FEW, OPERATIONS_PER_S),
    ),
    effectOf(
      "40 flows, no IOMMU → strict",
      "throughput",
      percent(PUBLISHED.line, PUBLISHED.many),
      (lab) => changeOf(lab, withoutIommu(MANY), MANY, OPERATIONS_PER_S),
    ),
    effectOf(
      "strict, 5 → 40 flows",
      "page-table reads a page",
      percent(PUBLISHED.fewReads, PUBLISHED.manyReads),
      (lab) => changeOf(lab, FEW, MANY, TABLE_READS),
      `${NOTE}. A page has one translation here, of at most 4 reads; that 40 flows take more says ` +
        "that theirs are translated several times, or that acknowledgements are, which are not " +
        "modelled",
    ),
  ],
};
