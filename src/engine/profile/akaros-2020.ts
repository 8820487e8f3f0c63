// What Akaros ran on in 2020; the register path, whose parts add up to the published 800 ns.

import type { Profile } from "./profile.ts";
import {
  ASSUMED_IOTLB,
  BROADWELL,
  CACHED_REGIONS,
  count,
  FS_DMA,
  HANSEN,
  INTEL_L1,
  iotlbMissInAll,
  NO_BROADCAST,
  none,
  origin,
  RIOMMU,
  SOFTWARE,
  value,
} from "./values.ts";

const AKAROS_COMMIT = "Akaros 81b6433a, commit message: about 800 ns a flush in all";
const ASSUMED = "assumed: no source names the machine, Broadwell servers of that size are common";

export const AKAROS_2020: Profile = {
  name: "akaros-2020",
  summary: "Intel, Broadwell class, as Akaros measured it: IOTLB flush by register in 800 ns",
  shootsBy: "ipi",
  topology: {
    sockets: count(2, "interpolated", ASSUMED),
    coresPerSocket: count(16, "interpolated", ASSUMED),
    coresPerComplex: count(16, "interpolated", "all cores of a socket share its last-level cache"),
    clusterCores: count(0, "sourced", "Akaros sends a message to one core after the other"),
    cachedRegions: CACHED_REGIONS,
  },
  costs: {
    ipiSendNs: value(60, "interpolated", "between the 68 ns of Haswell and newer machines; serial"),
    clusterSendNs: none("Akaros sends a message to one core after the other"),
    deliveryNs: value(300, "interpolated", "same socket"),
    deliveryRemoteNs: value(600, "interpolated", "twice that of one socket"),
    interruptEntryNs: value(125, "interpolated", "half of 250 ns entry and exit"),
    interruptExitNs: value(125, "interpolated", "half of 250 ns entry and exit"),
    ...NO_BROADCAST,
    invalidatePageNs: value(90, "interpolated", `as on Haswell; ${HANSEN}`),
    flushContextNs: value(50, "interpolated", `CR3 write; ${HANSEN}`),
    cacheLineNs: value(44, "sourced", BROADWELL),
    cacheLineSocketNs: value(44, "sourced", BROADWELL),
    cacheLineRemoteNs: value(118, "sourced", BROADWELL),
    walkNs: value(17, "interpolated", "warm page walk"),
    walkColdNs: value(100, "interpolated", "all levels read again, mostly from the caches"),
    ...SOFTWARE,
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
    ...iotlbMissInAll(500, "interpolated", RIOMMU),
    dmaNs: value(65, "interpolated", FS_DMA),
  },
  l1: { sets: 16, ways: 4 },
  l2: { sets: 128, ways: 12 },
  iotlb: { sets: 64, ways: 4 },
  origins: {
    shootsBy: origin(
      "sourced",
      "Akaros kern/src/process.c, proc_tlbshootdown: a kernel message to each core",
    ),
    l1: INTEL_L1,
    l2: origin("interpolated", "as on Skylake: 1536 entries, 12-way; no source names the machine"),
    iotlb: ASSUMED_IOTLB,
  },
};
