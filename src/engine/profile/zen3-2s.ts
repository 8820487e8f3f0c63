// Two sockets of AMD Zen 3 (EPYC Milan): cores in complexes of eight, and INVLPGB beside IPIs.

import type { Profile } from "./profile.ts";
import {
  ASSUMED_IOTLB,
  CACHED_REGIONS,
  count,
  FS_DMA,
  FS_READS,
  iotlbMissByReads,
  origin,
  REGISTER_POLL,
  SOFTWARE,
  value,
  X2APIC,
} from "./values.ts";

const MILAN =
  "core-to-core-latency, EPYC Milan: 23 ns in a complex of 8, 107 ns to another of the socket, " +
  "197 ns to the other socket";
const INVLPGB_SERIES =
  "LKML, INVLPGB series: 36 cores of Milan flush 1157 thousand times a second, so that one takes " +
  "864 ns of the interconnect at most";

export const ZEN3_2S: Profile = {
  name: "zen3-2s",
  summary: "two sockets of AMD Zen 3: complexes of 8 cores, INVLPGB beside IPIs, command buffer",
  shootsBy: "both",
  topology: {
    sockets: count(2, "sourced", MILAN),
    coresPerSocket: count(64, "sourced", "AMD's product list: EPYC 7763 has 64"),
    coresPerComplex: count(8, "sourced", MILAN),
    clusterCores: count(16, "sourced", X2APIC),
    cachedRegions: CACHED_REGIONS,
  },
  costs: {
    ipiSendNs: value(70, "interpolated", "about Haswell's 68 ns"),
    clusterSendNs: value(150, "interpolated", "no published value: about two single ICR writes"),
    deliveryNs: value(350, "interpolated", "above Intel's: complexes are further apart"),
    deliveryRemoteNs: value(900, "interpolated", "as on Haswell"),
    interruptEntryNs: value(110, "interpolated", "half of 220 ns entry and exit"),
    interruptExitNs: value(110, "interpolated", "half of 220 ns entry and exit"),
    broadcastSendNs: value(150, "interpolated", "no published value: one INVLPGB"),
    broadcastSyncNs: value(500, "interpolated", "no published value: one TLBSYNC"),
    broadcastServiceNs: value(150, "interpolated", `as long as issuing one; ${INVLPGB_SERIES}`),
    invalidatePageNs: value(30, "interpolated", "a local INVLPG, below Intel's"),
    flushContextNs: value(45, "interpolated", "a little below Intel's"),
    cacheLineNs: value(23, "sourced", MILAN),
    cacheLineSocketNs: value(107, "sourced", MILAN),
    cacheLineRemoteNs: value(197, "sourced", MILAN),
    walkNs: value(12, "interpolated", "as on Skylake"),
    walkColdNs: value(100, "interpolated", "all levels read again, mostly from the caches"),
    ...SOFTWARE,
    iotlbPageNs: value(900, "interpolated", "no published value: above Intel's"),
    iotlbDomainNs: value(900, "interpolated", "no published value: as page-selective"),
    iotlbGlobalNs: value(1200, "interpolated", "a little above domain-selective"),
    contextCacheNs: value(900, "interpolated", "no published value: as a domain-selective flush"),
    deviceTlbNs: value(900, "interpolated", "no published value: as a domain-selective flush"),
    furtherDescriptorNs: value(60, "interpolated", "a little above Intel's"),
    tailWriteNs: value(120, "interpolated", "an MMIO write to the I/O die"),
    registerPollNs: REGISTER_POLL,
    statusWriteNs: value(400, "interpolated", "a posted write from the I/O die and its snoop"),
    ...iotlbMissByReads(250, "interpolated", `a read from the I/O die; ${FS_READS}`),
    dmaNs: value(65, "interpolated", FS_DMA),
  },
  l1: { sets: 16, ways: 4 },
  l2: { sets: 128, ways: 16 },
  iotlb: { sets: 64, ways: 4 },
  origins: {
    shootsBy: origin("sourced", "LKML, INVLPGB series: Milan has it, beside IPIs"),
    l1: origin(
      "memory",
      "64 entries, fully associative, here 4-way (AMD optimization guide, family 19h)",
    ),
    l2: origin("memory", "2048 entries, 16-way (AMD optimization guide, family 19h)"),
    iotlb: ASSUMED_IOTLB,
  },
};
