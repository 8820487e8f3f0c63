// The IOTLB wall: at 200 Gbit/s buffers that stay mapped still miss, as there are more of them than
// the IOTLB holds; in pages of 2 MiB they do not.

import { OPERATIONS_PER_S } from "../metrics.ts";
import type { Effect, Paper } from "../paper.ts";
import type { Setup } from "../setup.ts";

const MACHINE = "icelake-pcie4";

/** In per cent of the throughput without an IOMMU. */
const PUBLISHED = { pages: -20, hugePages: 0 };

const OFF: Setup = {
  machine: MACHINE,
  workload: "port:off",
  policy: "strict",
  cores: 4,
  initiators: 4,
  iommus: 1,
  devices: 1,
  flows: 4,
  pages: 64,
  operations: 400,
  gapNs: 0,
  accessGapNs: 1_000_000,
  // 4 KiB at 200 Gbit/s.
  dmaPeriodNs: 164,
};

function effectOf(buffers: string, workload: string, published: number, note: string): Effect {
  return {
    machine: MACHINE,
    setup: `NIC of 200 Gbit/s, ${buffers} that stay mapped, no IOMMU → IOMMU`,
    metric: "throughput",
    unit: "%",
    published,
    async reproduce(lab) {
      return {
        value: await lab.change(OFF, { ...OFF, workload }, OPERATIONS_PER_S),
        parameters: [],
      };
    },
    note,
  };
}

const ASSUMED =
  "assumed: four queues, as many as leave the paging-structure caches enough, and one DMA in flight";

export const IOTLB_WALL: Paper = {
  row: 31,
  source: "A. Farshin et al.: Overcoming the IOTLB wall (PeerJ Computer Science 2023), abstract",
  effects: [
    effectOf("pages", "port:pooled", PUBLISHED.pages, `published: up to 20 %; ${ASSUMED}`),
    effectOf(
      "huge pages",
      "port:huge",
      PUBLISHED.hugePages,
      `published: the loss is completely recovered; ${ASSUMED}`,
    ),
  ],
};
