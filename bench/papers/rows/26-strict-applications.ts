// F&S: what applications lose to Linux's strict mode, on the machine of row 23 and with its
// mechanism alone: a server is a port with as many flows as it has connections.

import { OPERATIONS_PER_S } from "../metrics.ts";
import type { Effect, Paper } from "../paper.ts";
import type { Setup } from "../setup.ts";

const MACHINE = "skylake-2s";

/** What is lost, in per cent; of nginx the middle of 65 and 70, of SPDK what 60 of 100 Gbit/s is. */
const PUBLISHED = { redisLeast: -38, redisMost: -70, nginx: -67.5, spdk: -40 };

const CORES = 8;

const STRICT: Setup = {
  machine: MACHINE,
  workload: "port:mapped",
  policy: "strict+no-leaf-hint",
  cores: CORES,
  initiators: CORES,
  iommus: 1,
  devices: 1,
  pages: 64,
  operations: 200,
  gapNs: 0,
  accessGapNs: 1_000_000,
};

function effectOf(
  application: string,
  connectionsPerCore: number,
  published: number,
  note: string,
): Effect {
  const flows = CORES * connectionsPerCore;
  const strict = { ...STRICT, flows };
  return {
    machine: MACHINE,
    setup: `${application}, ${CORES} cores, ${flows} connections, no IOMMU → strict`,
    metric: "throughput",
    unit: "%",
    published,
    async reproduce(lab) {
      const off = { ...strict, workload: "port:off" };
      return { value: await lab.change(off, strict, OPERATIONS_PER_S), parameters: [] };
    },
    note: `${note}; assumed: so many connections, and a line that is full without an IOMMU`,
  };
}

const REDIS = "published: 38 to 70 %, taken as of few and of many connections";

export const STRICT_APPLICATIONS: Paper = {
  row: 26,
  source: "F&S: Fast & Safe IO Memory Protection (SOSP'24), section 4.2",
  effects: [
    effectOf("Redis", 1, PUBLISHED.redisLeast, REDIS),
    effectOf("Redis", 8, PUBLISHED.redisMost, REDIS),
    effectOf("nginx", 8, PUBLISHED.nginx, "published: 65 to 70 %"),
    effectOf("SPDK", 1, PUBLISHED.spdk, "published: at most 60 Gbit/s, of 100"),
  ],
};
