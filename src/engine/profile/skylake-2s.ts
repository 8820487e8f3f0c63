// Two sockets of Skylake or Cascade Lake Xeons, and the same with page tables that are isolated
// from user mode (PTI), as kernels run on those of them that Meltdown concerns.

import type { Profile } from "./profile.ts";
import {
  ASSUMED_IOTLB,
  CACHED_REGIONS,
  count,
  FS_DMA,
  FS_READS,
  INTEL_L1,
  iotlbMissByReads,
  NO_BROADCAST,
  origin,
  REGISTER_POLL,
  SOFTWARE,
  TOLD_BY_IPI,
  value,
  X2APIC,
} from "./values.ts";

const CASCADE_LAKE =
  "core-to-core-latency, Cascade Lake: 47 ns within a socket, 134 ns from one to the other";
const INVPCID =
  "Linux, INVPCID thread, Skylake desktop: INVLPG about 194 cycles a page, 543 with the second " +
  "flush that PTI needs";

export const SKYLAKE_2S: Profile = {
  name: "skylake-2s",
  summary: "two sockets of Skylake or Cascade Lake Xeons, queued invalidation",
  shootsBy: "ipi",
  topology: {
    sockets: count(2, "sourced", CASCADE_LAKE),
    coresPerSocket: count(28, "memory", "Intel's product list: the most that Skylake-SP has"),
    coresPerComplex: count(28, "derived", `one latency within a socket; ${CASCADE_LAKE}`),
    clusterCores: count(16, "sourced", X2APIC),
    cachedRegions: CACHED_REGIONS,
  },
  costs: {
    ipiSendNs: value(60, "interpolated", "a little below Haswell's 68 ns"),
    clusterSendNs: value(130, "interpolated", "no published value: about two single ICR writes"),
    deliveryNs: value(300, "interpolated", "as on Haswell"),
    deliveryRemoteNs: value(700, "interpolated", "below Haswell's: a faster link"),
    interruptEntryNs: value(125, "interpolated", "half of 250 ns entry and exit, without PTI"),
    interruptExitNs: value(125, "interpolated", "half of 250 ns entry and exit, without PTI"),
    ...NO_BROADCAST,
    invalidatePageNs: value(65, "derived", INVPCID),
    flushContextNs: value(50, "interpolated", "a little below Haswell's"),
    cacheLineNs: value(47, "sourced", CASCADE_LAKE),
    cacheLineSocketNs: value(47, "sourced", CASCADE_LAKE),
    cacheLineRemoteNs: value(134, "sourced", CASCADE_LAKE),
    walkNs: value(12, "interpolated", "below Haswell's: two walkers"),
    walkColdNs: value(90, "interpolated", "all levels read again, mostly from the caches"),
    ...SOFTWARE,
    iotlbPageNs: value(700, "interpolated", "as on Haswell, rounded"),
    iotlbDomainNs: value(800, "interpolated", "a little above page-selective"),
    iotlbGlobalNs: value(1000, "interpolated", "a little above domain-selective"),
    contextCacheNs: value(800, "interpolated", "no published value: as a domain-selective flush"),
    deviceTlbNs: value(800, "interpolated", "no published value: as a domain-selective flush"),
    furtherDescriptorNs: value(50, "interpolated", "as on Haswell"),
    tailWriteNs: value(100, "interpolated", "an MMIO write"),
    registerPollNs: REGISTER_POLL,
    statusWriteNs: value(300, "interpolated", "a posted write to memory and its snoop"),
    ...iotlbMissByReads(197, "sourced", FS_READS),
    dmaNs: value(65, "sourced", FS_DMA),
  },
  l1: { sets: 16, ways: 4 },
  l2: { sets: 128, ways: 12 },
  iotlb: { sets: 64, ways: 4 },
  origins: {
    shootsBy: TOLD_BY_IPI,
    l1: INTEL_L1,
    l2: origin("sourced", "1536 entries, 12-way (Intel optimization manual)"),
    iotlb: ASSUMED_IOTLB,
  },
};

const PTI_ENTRY = "half of 250 ns entry and exit and of 400 ns for changing page tables twice";

export const SKYLAKE_2S_PTI: Profile = {
  ...SKYLAKE_2S,
  name: "skylake-2s-pti",
  summary: "skylake-2s whose kernel isolates its page tables: dearer interrupts and INVLPGs",
  costs: {
    ...SKYLAKE_2S.costs,
    interruptEntryNs: value(325, "interpolated", PTI_ENTRY),
    interruptExitNs: value(325, "interpolated", PTI_ENTRY),
    invalidatePageNs: value(180, "derived", INVPCID),
  },
};
