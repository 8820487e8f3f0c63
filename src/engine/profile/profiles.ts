// The profiles that come with the program. Cycles were converted at 2.4 GHz for Haswell.

import type { CostName } from "./costs.ts";
import type { Grade, Profile, Value } from "./profile.ts";

const AKAROS_COMMIT = "Akaros 81b6433a, commit message: about 800 ns a flush in all";
const HANSEN =
  "D. Hansen, LKML 2015: INVLPG 216, CR3 write 124, global flush 960 cycles on a Haswell Xeon";
const CORE_TO_CORE = "core-to-core-latency, Broadwell: 44 ns within a socket";
const AMIT =
  "N. Amit, concurrent-flush RFC: 775 ns with 1 remote core, 910 with 3: 68 for each further one";
const RIOMMU =
  "rIOMMU (ASPLOS'15), table 1: 2127 cycles an invalidation, 1532 a miss, Xeon E3 at 3.1 GHz";
const FS = "F&S (SOSP'24) section 2.2: DMA base 65 ns, Cascade Lake";

function value(ns: number, grade: Grade, source: string): Value {
  return { ns, grade, source };
}

/** What Akaros ran on in 2020; the register path, whose parts add up to the published 800 ns. */
const AKAROS_2020: Profile = {
  name: "akaros-2020",
  summary: "Intel, Broadwell class, as Akaros measured it: IOTLB flush by register in 800 ns",
  costs: {
    ipiSendNs: value(60, "interpolated", "between the 68 ns of Haswell and newer machines; serial"),
    deliveryNs: value(300, "interpolated", "same socket"),
    interruptEntryNs: value(125, "interpolated", "half of 250 ns entry and exit"),
    interruptExitNs: value(125, "interpolated", "half of 250 ns entry and exit"),
    kernelMessageNs: value(100, "interpolated", "allocate and queue, or dequeue, one message"),
    invalidatePageNs: value(90, "interpolated", `as on Haswell; ${HANSEN}`),
    flushContextNs: value(50, "interpolated", `CR3 write; ${HANSEN}`),
    cacheLineNs: value(44, "sourced", CORE_TO_CORE),
    walkNs: value(17, "interpolated", "warm page walk"),
    pteNs: value(20, "interpolated", "one atomic on a cached line, and its accounting"),
    frameNs: value(10, "interpolated", "a per-core magazine"),
    iotlbPageNs: value(450, "interpolated", "no published value: as domain-selective"),
    iotlbDomainNs: value(450, "interpolated", `rest of the 800 ns; ${AKAROS_COMMIT}`),
    iotlbGlobalNs: value(450, "interpolated", "no published value: as domain-selective"),
    contextCacheNs: value(450, "interpolated", "no published value: as an IOTLB flush"),
    deviceTlbNs: value(450, "interpolated", "no published value: as an IOTLB flush"),
    furtherDescriptorNs: value(50, "interpolated", "as on Haswell"),
    tailWriteNs: value(100, "interpolated", "an MMIO write"),
    registerPollNs: value(
      250,
      "interpolated",
      `an MMIO read; part of the 800 ns; ${AKAROS_COMMIT}`,
    ),
    statusWriteNs: value(250, "interpolated", "as the poll, so that both interfaces take 800 ns"),
    iotlbMissNs: value(500, "interpolated", RIOMMU),
    dmaNs: value(65, "interpolated", FS),
  },
  l1: { sets: 16, ways: 4 },
  l2: { sets: 128, ways: 12 },
  iotlb: { sets: 64, ways: 4 },
  tlbSource: "L1D 64 entries; L2 1536 entries, 12-way (Intel optimization manual); IOTLB assumed",
};

const HASWELL_2S: Profile = {
  name: "haswell-2s",
  summary: "two-socket Haswell Xeon, queued invalidation; one socket's distances",
  costs: {
    ipiSendNs: value(68, "derived", AMIT),
    deliveryNs: value(300, "interpolated", "same socket"),
    interruptEntryNs: value(125, "interpolated", "half of 250 ns entry and exit"),
    interruptExitNs: value(125, "interpolated", "half of 250 ns entry and exit"),
    kernelMessageNs: value(100, "interpolated", "allocate and queue, or dequeue, one message"),
    invalidatePageNs: value(90, "derived", HANSEN),
    flushContextNs: value(52, "derived", HANSEN),
    cacheLineNs: value(44, "sourced", CORE_TO_CORE),
    walkNs: value(15, "interpolated", "warm page walk"),
    pteNs: value(20, "interpolated", "one atomic on a cached line, and its accounting"),
    frameNs: value(10, "interpolated", "a per-core magazine"),
    iotlbPageNs: value(690, "derived", RIOMMU),
    iotlbDomainNs: value(790, "interpolated", "a little above page-selective"),
    iotlbGlobalNs: value(990, "interpolated", "a little above domain-selective"),
    contextCacheNs: value(790, "interpolated", "no published value: as a domain-selective flush"),
    deviceTlbNs: value(790, "interpolated", "no published value: as a domain-selective flush"),
    furtherDescriptorNs: value(50, "interpolated", "descriptors behind one tail write overlap"),
    tailWriteNs: value(100, "interpolated", "an MMIO write"),
    registerPollNs: value(250, "interpolated", "an MMIO read, as on akaros-2020"),
    statusWriteNs: value(300, "interpolated", "a posted write to memory and its snoop"),
    iotlbMissNs: value(500, "memory", RIOMMU),
    dmaNs: value(65, "interpolated", FS),
  },
  l1: { sets: 16, ways: 4 },
  l2: { sets: 128, ways: 8 },
  iotlb: { sets: 64, ways: 4 },
  tlbSource: "L1D 64 entries; L2 1024 entries, 8-way (Intel optimization manual); IOTLB assumed",
};

const NOTHING = value(0, "zero", "not modelled: what remains is this host's own cost");

function freeCosts(): Profile["costs"] {
  const names = Object.keys(AKAROS_2020.costs) as CostName[];
  return Object.fromEntries(names.map((name) => [name, NOTHING])) as Record<CostName, Value>;
}

/**
 * Every modelled cost at zero: threads then measure this machine's cache lines, atomics and waits.
 */
export const HOST: Profile = {
  name: "host",
  summary: "all costs zero: this machine's own cache lines, atomics and waits",
  costs: freeCosts(),
  l1: AKAROS_2020.l1,
  l2: AKAROS_2020.l2,
  iotlb: AKAROS_2020.iotlb,
  tlbSource: AKAROS_2020.tlbSource,
};

export const PROFILES: readonly Profile[] = [AKAROS_2020, HASWELL_2S, HOST];
