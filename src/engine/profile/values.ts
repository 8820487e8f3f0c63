// What the files of the shipped profiles have in common: how a value is written down, sources that
// several quote, and steps of software, which cost the same everywhere.
//
// Cycles were converted at 2.4 GHz for Haswell, 3.0 for Skylake, 3.1 for the Xeon E3 of rIOMMU.

import type { Count, Grade, Known, Value } from "./profile.ts";

export const HANSEN =
  "D. Hansen, LKML 2015: INVLPG 216, CR3 write 124, global flush 960 cycles on a Haswell Xeon";
export const AMIT =
  "N. Amit, concurrent-flush RFC: 775 ns with 1 remote core, 910 with 3: 68 for each further one";
export const RIOMMU =
  "rIOMMU (ASPLOS'15), table 1: 2127 cycles an invalidation, 1532 a miss, Xeon E3 at 3.1 GHz";
export const FS_DMA = "F&S (SOSP'24) section 2.2: DMA base 65 ns, Cascade Lake";
export const FS_READS =
  "F&S (SOSP'24): a page takes 1.76 page-table reads with 5 flows, 4.36 with 40; one read takes " +
  "197 ns on Cascade Lake";
export const LATR =
  "LATR (ASPLOS'18): an IPI up to 2.7 µs on 16 cores in 2 sockets, 6.6 µs on 120 cores in 8";
export const BROADWELL =
  "core-to-core-latency, Broadwell: 44 ns within a socket, 118 ns from one to the other";
export const X2APIC = "x2APIC: a cluster has 16 logical ids, which one ICR write reaches (NrOS)";

export function value(ns: number, grade: Grade, source: string): Value {
  return { ns, grade, source };
}

/** A step that the machine does not have. */
export function none(source: string): Value {
  return value(0, "zero", source);
}

export function count(of: number, grade: Grade, source: string): Count {
  return { count: of, grade, source };
}

/** Of what is no number: how cores are told, and how large a TLB is. */
export function origin(grade: Grade, source: string): Known {
  return { grade, source };
}

/** An IOTLB miss of which is known what each page-table read takes. */
export function iotlbMissByReads(ns: number, grade: Grade, source: string) {
  return {
    iotlbMissNs: none("it is all page-table reads"),
    iotlbReadNs: value(ns, grade, source),
  } as const;
}

/** An IOTLB miss of which is known what it takes in all. */
export function iotlbMissInAll(ns: number, grade: Grade, source: string) {
  return {
    iotlbMissNs: value(ns, grade, source),
    iotlbReadNs: none("part of what the whole miss takes"),
  } as const;
}

/** Assumed, as manuals do not give the size of what an IOMMU keeps of upper levels. */
export const CACHED_REGIONS = count(16, "interpolated", "assumed: manuals do not give it");

export const TOLD_BY_IPI = origin(
  "sourced",
  "Linux arch/x86/mm/tlb.c: other cores are told by IPIs, but for AMD's INVLPGB",
);
/** All of Intel's from Nehalem to Skylake. */
export const INTEL_L1 = origin("sourced", "L1D 64 entries, 4-way (Intel optimization manual)");
export const ASSUMED_IOTLB = origin(
  "interpolated",
  "assumed, the same for all machines: manuals do not give the size",
);

export const NO_BROADCAST = {
  broadcastSendNs: none("there is no broadcast: Intel's cores are told by IPIs"),
  broadcastSyncNs: none("there is no broadcast"),
  broadcastServiceNs: none("there is no broadcast"),
} as const;

export const SOFTWARE = {
  kernelMessageNs: value(100, "interpolated", "allocate and queue, or dequeue, one message"),
  pteNs: value(20, "interpolated", "one atomic on a cached line, and its accounting"),
  frameNs: value(10, "interpolated", "a per-core magazine"),
  ioMapNs: value(60, "interpolated", "a per-core magazine of addresses, one entry written"),
  ioUnmapNs: value(60, "interpolated", "the same back"),
} as const;

/** Without a published value there is no reason to take another than Akaros's machine. */
export const REGISTER_POLL = value(250, "interpolated", "an MMIO read, as on akaros-2020");
