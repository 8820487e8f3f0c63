// Two sockets of Ice Lake Xeons.

import type { Profile } from "./profile.ts";
import {
  ASSUMED_IOTLB,
  CACHED_REGIONS,
  count,
  FS_DMA,
  FS_READS,
  iotlbMissByReads,
  NO_BROADCAST,
  origin,
  REGISTER_POLL,
  SOFTWARE,
  TOLD_BY_IPI,
  value,
  X2APIC,
} from "./values.ts";

const ICE_LAKE =
  "core-to-core-latency, Ice Lake: 51 ns within a socket, 108 ns from one to the other";

export const ICELAKE_2S: Profile = {
  name: "icelake-2s",
  summary: "two sockets of Ice Lake Xeons, queued invalidation",
  shootsBy: "ipi",
  topology: {
    sockets: count(2, "sourced", ICE_LAKE),
    coresPerSocket: count(40, "memory", "Intel's product list: the most that Ice Lake-SP has"),
    coresPerComplex: count(40, "derived", `one latency within a socket; ${ICE_LAKE}`),
    clusterCores: count(16, "sourced", X2APIC),
    cachedRegions: CACHED_REGIONS,
  },
  costs: {
    ipiSendNs: value(55, "interpolated", "a little below Skylake's"),
    clusterSendNs: value(120, "interpolated", "no published value: about two single ICR writes"),
    deliveryNs: value(280, "interpolated", "a little below Skylake's"),
    deliveryRemoteNs: value(600, "interpolated", "below Skylake's, as cache lines are"),
    interruptEntryNs: value(110, "interpolated", "half of 220 ns entry and exit"),
    interruptExitNs: value(110, "interpolated", "half of 220 ns entry and exit"),
    ...NO_BROADCAST,
    invalidatePageNs: value(65, "interpolated", "as on Skylake"),
    flushContextNs: value(50, "interpolated", "as on Skylake"),
    cacheLineNs: value(51, "sourced", ICE_LAKE),
    cacheLineSocketNs: value(51, "sourced", ICE_LAKE),
    cacheLineRemoteNs: value(108, "sourced", ICE_LAKE),
    walkNs: value(10, "interpolated", "a little below Skylake's"),
    walkColdNs: value(90, "interpolated", "all levels read again, mostly from the caches"),
    ...SOFTWARE,
    iotlbPageNs: value(600, "interpolated", "below Skylake's"),
    iotlbDomainNs: value(700, "interpolated", "a little above page-selective"),
    iotlbGlobalNs: value(900, "interpolated", "a little above domain-selective"),
    contextCacheNs: value(700, "interpolated", "no published value: as a domain-selective flush"),
    deviceTlbNs: value(700, "interpolated", "no published value: as a domain-selective flush"),
    furtherDescriptorNs: value(50, "interpolated", "as on Haswell"),
    tailWriteNs: value(90, "interpolated", "an MMIO write"),
    registerPollNs: REGISTER_POLL,
    statusWriteNs: value(280, "interpolated", "a posted write to memory and its snoop"),
    ...iotlbMissByReads(180, "interpolated", `a read a little below Cascade Lake's; ${FS_READS}`),
    dmaNs: value(65, "interpolated", FS_DMA),
  },
  l1: { sets: 16, ways: 4 },
  l2: { sets: 128, ways: 16 },
  iotlb: { sets: 64, ways: 4 },
  origins: {
    shootsBy: TOLD_BY_IPI,
    l1: origin("memory", "L1D 64 entries, 4-way (Intel optimization manual)"),
    l2: origin("memory", "2048 entries, 16-way (Intel optimization manual)"),
    iotlb: ASSUMED_IOTLB,
  },
};
