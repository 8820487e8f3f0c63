// One socket of Arm Neoverse cores, which all hear every TLBI: no IPIs, but one interconnect that
// all initiators share.

import type { Profile } from "./profile.ts";
import {
  ASSUMED_IOTLB,
  CACHED_REGIONS,
  count,
  FS_DMA,
  FS_READS,
  iotlbMissByReads,
  none,
  origin,
  REGISTER_POLL,
  SOFTWARE,
  value,
} from "./values.ts";

const GRAVITON3 = "core-to-core-latency, Graviton3: 64 cores, 46 ns from one to any other";
const A76 = "Arm's manual of the Cortex-A76, on which Neoverse N1 is built";
const NO_IPI = "there is no IPI path: a TLBI reaches all cores";
const ELIDED =
  "Linux c320dbb7c80d: mprotect takes 3.2 µs with a flush, 2.85 without: 350 ns for TLBI and DSB";
const AMPERE =
  "LKML: 32 single-threaded mprotect loops on an Ampere take 2.121 s, without broadcast 0.120";

export const ARM_BROADCAST: Profile = {
  name: "arm-broadcast",
  summary: "64 Arm Neoverse cores that are told by broadcast (TLBI, DSB) and never interrupted",
  shootsBy: "broadcast",
  topology: {
    sockets: count(1, "sourced", GRAVITON3),
    coresPerSocket: count(64, "sourced", GRAVITON3),
    coresPerComplex: count(64, "sourced", GRAVITON3),
    clusterCores: count(0, "zero", NO_IPI),
    cachedRegions: CACHED_REGIONS,
  },
  costs: {
    ipiSendNs: none(NO_IPI),
    clusterSendNs: none(NO_IPI),
    deliveryNs: none(`${NO_IPI}; what they share is broadcastServiceNs`),
    deliveryRemoteNs: none(`${NO_IPI}; what they share is broadcastServiceNs`),
    interruptEntryNs: none(NO_IPI),
    interruptExitNs: none(NO_IPI),
    broadcastSendNs: value(30, "interpolated", "as the local TLBI: nobody waits for it yet"),
    broadcastSyncNs: value(320, "interpolated", `what the DSB leaves of 350 ns; ${ELIDED}`),
    broadcastServiceNs: value(
      300,
      "interpolated",
      `18 times slower with 32 loops: a broadcast holds up the others for half a loop; ${AMPERE}`,
    ),
    invalidatePageNs: value(30, "interpolated", "a TLBI of the own core alone"),
    flushContextNs: value(60, "interpolated", "a TLBI of an ASID on the own core alone"),
    cacheLineNs: value(46, "sourced", GRAVITON3),
    cacheLineSocketNs: value(46, "sourced", GRAVITON3),
    cacheLineRemoteNs: value(150, "interpolated", "between two sockets of others: 108 to 197 ns"),
    walkNs: value(15, "interpolated", "as on Haswell"),
    walkColdNs: value(110, "interpolated", "all levels read again, mostly from the caches"),
    ...SOFTWARE,
    iotlbPageNs: value(1000, "interpolated", "SMMU command and its sync, no published value"),
    iotlbDomainNs: value(1000, "interpolated", "as for a page"),
    iotlbGlobalNs: value(1000, "interpolated", "as for a page"),
    contextCacheNs: value(1000, "interpolated", "no published value: as an IOTLB flush"),
    deviceTlbNs: value(1000, "interpolated", "no published value: as an IOTLB flush"),
    furtherDescriptorNs: value(60, "interpolated", "a little above Intel's"),
    tailWriteNs: value(100, "interpolated", "an MMIO write"),
    registerPollNs: REGISTER_POLL,
    statusWriteNs: value(350, "interpolated", "a posted write to memory and its snoop"),
    ...iotlbMissByReads(220, "interpolated", `a read between Intel's and AMD's; ${FS_READS}`),
    dmaNs: value(65, "interpolated", FS_DMA),
  },
  l1: { sets: 16, ways: 3 },
  l2: { sets: 256, ways: 5 },
  iotlb: { sets: 64, ways: 4 },
  origins: {
    shootsBy: origin(
      "sourced",
      "Linux arch/arm64/include/asm/tlbflush.h: TLBI, broadcast, and DSB",
    ),
    l1: origin("interpolated", `48 entries, fully associative, here 3-way; ${A76}`),
    l2: origin("interpolated", `1280 entries, 5-way; ${A76}`),
    iotlb: ASSUMED_IOTLB,
  },
};
