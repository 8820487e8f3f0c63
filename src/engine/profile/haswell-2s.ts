// Two sockets of Haswell Xeons: where INVLPG, flushes and IPIs were published in cycles.

import type { Profile } from "./profile.ts";
import {
  AMIT,
  BROADWELL,
  CACHED_REGIONS,
  count,
  FS_DMA,
  HANSEN,
  iotlbMissInAll,
  NO_BROADCAST,
  REGISTER_POLL,
  RIOMMU,
  SOFTWARE,
  value,
  X2APIC,
} from "./values.ts";

const LIKE_BROADWELL =
  "core-to-core-latency: two sockets of 18 cores, the Broadwell that lends its distances";

export const HASWELL_2S: Profile = {
  name: "haswell-2s",
  summary: "two sockets of Haswell Xeons, queued invalidation",
  shootsBy: "ipi",
  topology: {
    sockets: count(2, "sourced", LIKE_BROADWELL),
    coresPerSocket: count(18, "sourced", LIKE_BROADWELL),
    coresPerComplex: count(18, "derived", `one latency within a socket; ${BROADWELL}`),
    clusterCores: count(16, "sourced", X2APIC),
    cachedRegions: CACHED_REGIONS,
  },
  costs: {
    ipiSendNs: value(68, "derived", AMIT),
    clusterSendNs: value(150, "interpolated", "no published value: about two single ICR writes"),
    deliveryNs: value(300, "interpolated", "same socket"),
    deliveryRemoteNs: value(900, "interpolated", "three times that of one socket"),
    interruptEntryNs: value(125, "interpolated", "half of 250 ns entry and exit"),
    interruptExitNs: value(125, "interpolated", "half of 250 ns entry and exit"),
    ...NO_BROADCAST,
    invalidatePageNs: value(90, "derived", HANSEN),
    flushContextNs: value(52, "derived", HANSEN),
    cacheLineNs: value(44, "sourced", BROADWELL),
    cacheLineSocketNs: value(44, "sourced", BROADWELL),
    cacheLineRemoteNs: value(118, "sourced", BROADWELL),
    walkNs: value(15, "interpolated", "warm page walk"),
    walkColdNs: value(100, "interpolated", "all levels read again, mostly from the caches"),
    ...SOFTWARE,
    iotlbPageNs: value(690, "derived", RIOMMU),
    iotlbDomainNs: value(790, "interpolated", "a little above page-selective"),
    iotlbGlobalNs: value(990, "interpolated", "a little above domain-selective"),
    contextCacheNs: value(790, "interpolated", "no published value: as a domain-selective flush"),
    deviceTlbNs: value(790, "interpolated", "no published value: as a domain-selective flush"),
    furtherDescriptorNs: value(50, "interpolated", "descriptors behind one tail write overlap"),
    tailWriteNs: value(100, "interpolated", "an MMIO write"),
    registerPollNs: REGISTER_POLL,
    statusWriteNs: value(300, "interpolated", "a posted write to memory and its snoop"),
    ...iotlbMissInAll(500, "memory", RIOMMU),
    dmaNs: value(65, "interpolated", FS_DMA),
  },
  l1: { sets: 16, ways: 4 },
  l2: { sets: 128, ways: 8 },
  iotlb: { sets: 64, ways: 4 },
  tlbSource: "L1D 64 entries; L2 1024 entries, 8-way (Intel optimization manual); IOTLB assumed",
};
