// What papers propose, on top of `strict` unless they say what they build on.

import { compose } from "../compose.ts";
import type { Policy } from "../policy.ts";
import { FIXED_PCIDS, LINUX_X86 } from "./linux.ts";
import { STRICT } from "./strict.ts";

/** F&S (SOSP'24): pages of one receive descriptor of the NIC. */
const DESCRIPTOR_PAGES = 64;

const IOMMU_EACH = "IOMMUs, which the paper leaves out, are flushed at each unmap";

export const EUROSYS20: Policy = compose(LINUX_X86, ["early-ack"], {
  name: "eurosys20",
  summary: "linux-x86, whose flush is concurrent already, with acknowledgement on handler entry",
  source:
    "N. Amit, A. Tai, M. Wei: \"Don't shoot down TLB shootdowns!\" (EuroSys'20): concurrent " +
    "flush, early acknowledgement, cache-line consolidation, in-context flush",
  assumed:
    "consolidation is in every policy here: question and answer share a cache line. In-context " +
    "flush is assumed away: it defers the flush of the user's half of page tables that are " +
    `isolated, and a modelled process has one half. ${IOMMU_EACH}; ${FIXED_PCIDS}`,
});

export const ABIS: Policy = compose(STRICT, ["accessed"], {
  name: "abis",
  summary: "tells only cores that accessed the pages",
  source: 'N. Amit: "Optimizing the TLB Shootdown Algorithm with Page Access Tracking" (ATC\'17)',
  assumed: `tracking costs nothing and forgets nothing; ${IOMMU_EACH}`,
});

const LATR_SOURCE = 'M. Kumar et al.: "LATR: Lazy Translation Coherence" (ASPLOS\'18)';
const LATR_ASSUMED = `a full ring is flushed by IPIs; ${IOMMU_EACH}`;

export const LATR: Policy = compose(STRICT, ["tick(64,1ms)", ...heldForTicks(2)], {
  name: "latr",
  summary: "unmap publishes a state and returns; cores sweep at their ticks, reuse 2 ticks later",
  source: `${LATR_SOURCE}, the paper: 64 states a core, reclaim after 2 ticks of 1 ms`,
  assumed: `2 ticks from memory of the paper; ${LATR_ASSUMED}`,
});

export const LATR_CODE: Policy = compose(STRICT, ["tick(256,1ms)", ...heldForTicks(2000)], {
  name: "latr-code",
  summary: "latr with 256 states a core and reuse after 2 s",
  source: `${LATR_SOURCE}, the released code: 256 states, frees after 2 s, IPIs when full`,
  assumed: `ticks of 1 ms (HZ=1000); ${LATR_ASSUMED}`,
});

export const LUF: Policy = compose(STRICT, ["reuse(read-only,cores)"], {
  name: "luf",
  summary: "read-only pages are flushed when their frame is reused, others at each unmap",
  source: 'B. Park: "LUF: Lazy Unmap Flush" (Linux Plumbers 2024; LKML)',
  assumed: `ranges and ceiling as in strict; ${IOMMU_EACH}`,
});

export const FPR: Policy = compose(STRICT, ["reuse(other-owner,cores)"], {
  name: "fpr",
  summary: "flushes when a frame goes to another process; what the same one gets back needs none",
  source: "FPR (arXiv 2409.10946): skips the flush of pages recycled within a process",
  assumed: `addresses are treated as frames are; ${IOMMU_EACH}`,
});

export const FAST_AND_SAFE: Policy = compose(
  STRICT,
  [`batch(${DESCRIPTOR_PAGES},iommus)`, "page", "leaf-hint"],
  {
    name: "fast-and-safe",
    summary:
      "IOMMUs once for the 64 pages of a descriptor, page-table caches kept; cores at each unmap",
    source:
      "F&S (SOSP'24): 64 pages a descriptor, contiguous addresses, one invalidation; table " +
      "caches are flushed only when a table page is reclaimed",
    assumed: "cores as strict does; contiguous are the addresses of one operation",
  },
);

function heldForTicks(ticks: number): string[] {
  return ["frames", "addresses", "tables"].map((what) => `${what}(after-ticks(${ticks}))`);
}
