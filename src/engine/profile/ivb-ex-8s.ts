// Eight sockets of Ivy Bridge EX: the large machine of LATR's measurements.

import type { Profile } from "./profile.ts";
import {
  ASSUMED_IOTLB,
  CACHED_REGIONS,
  count,
  FS_DMA,
  INTEL_L1,
  iotlbMissInAll,
  LATR,
  NO_BROADCAST,
  origin,
  REGISTER_POLL,
  RIOMMU,
  SOFTWARE,
  TOLD_BY_IPI,
  value,
  X2APIC,
} from "./values.ts";

const CEILING =
  "Linux, commit that set the ceiling of 33 pages, Ivy Bridge i5-3320M: 249 cycles a page of a " +
  "range flush, a DTLB miss 17.1 ns";
const LATR_MACHINE = "LATR (ASPLOS'18): 120 cores in 8 sockets of Xeon E7-8870 v2";

export const IVB_EX_8S: Profile = {
  name: "ivb-ex-8s",
  summary: "eight sockets of Ivy Bridge EX, queued invalidation: far cores and many of them",
  shootsBy: "ipi",
  topology: {
    sockets: count(8, "sourced", LATR_MACHINE),
    coresPerSocket: count(15, "derived", LATR_MACHINE),
    coresPerComplex: count(15, "interpolated", "all cores of a socket share its last-level cache"),
    clusterCores: count(16, "sourced", X2APIC),
    cachedRegions: CACHED_REGIONS,
  },
  costs: {
    ipiSendNs: value(68, "interpolated", "as on Haswell"),
    clusterSendNs: value(150, "interpolated", "as on Haswell"),
    deliveryNs: value(400, "interpolated", "above Haswell's: a larger and slower chip"),
    deliveryRemoteNs: value(1500, "interpolated", `several hops between sockets; ${LATR}`),
    interruptEntryNs: value(125, "interpolated", "half of 250 ns entry and exit"),
    interruptExitNs: value(125, "interpolated", "half of 250 ns entry and exit"),
    ...NO_BROADCAST,
    invalidatePageNs: value(95, "interpolated", `at 2.6 GHz; ${CEILING}`),
    flushContextNs: value(55, "interpolated", "a little above Haswell's"),
    cacheLineNs: value(50, "interpolated", "a little above Broadwell's 44 ns"),
    cacheLineSocketNs: value(50, "interpolated", "one complex a socket: as within it"),
    cacheLineRemoteNs: value(250, "interpolated", "about twice two sockets: several hops"),
    walkNs: value(17, "sourced", CEILING),
    walkColdNs: value(130, "interpolated", "all levels read again, mostly from the caches"),
    ...SOFTWARE,
    iotlbPageNs: value(690, "interpolated", `as on Haswell; ${RIOMMU}`),
    iotlbDomainNs: value(790, "interpolated", "as on Haswell"),
    iotlbGlobalNs: value(990, "interpolated", "as on Haswell"),
    contextCacheNs: value(790, "interpolated", "no published value: as a domain-selective flush"),
    deviceTlbNs: value(790, "interpolated", "no published value: as a domain-selective flush"),
    furtherDescriptorNs: value(50, "interpolated", "as on Haswell"),
    tailWriteNs: value(120, "interpolated", "an MMIO write on a larger chip"),
    registerPollNs: REGISTER_POLL,
    statusWriteNs: value(350, "interpolated", "a posted write to memory and a snoop over sockets"),
    ...iotlbMissInAll(600, "interpolated", `above the 500 ns of a small chip; ${RIOMMU}`),
    dmaNs: value(65, "interpolated", FS_DMA),
  },
  l1: { sets: 16, ways: 4 },
  l2: { sets: 128, ways: 4 },
  iotlb: { sets: 64, ways: 4 },
  origins: {
    shootsBy: TOLD_BY_IPI,
    l1: INTEL_L1,
    l2: origin("sourced", "512 entries, 4-way (Intel optimization manual)"),
    iotlb: ASSUMED_IOTLB,
  },
};
