// Linux 6.16: its DMA modes (drivers/iommu), its cores on x86 (arch/x86/mm/tlb.c), its reclaim.

import { compose } from "../compose.ts";
import { MAX_BATCH_PAGES } from "../limits.ts";
import { DEFAULT_QUEUE_ENTRIES, type Policy } from "../policy.ts";
import { STRICT } from "./strict.ts";

/** Linux drivers/iommu/dma-iommu.c, IOVA_DEFAULT_FQ_TIMEOUT: 10 ms. */
const QUEUE_TIMEOUT = "10ms";
/** Linux arch/x86/mm/tlb.c, tlb_single_page_flush_ceiling. */
const FULL_ABOVE_PAGES = 33;
/** Linux include/linux/swap.h, SWAP_CLUSTER_MAX: pages that reclaim isolates at a time. */
const RECLAIM_PAGES = 32;

const LINUX_CORES_ASSUMED =
  "the cores' half is that of strict with the own flush while IPIs travel: linux-strict and " +
  "linux-lazy differ in their IOMMUs alone (linux-x86 has all of the cores' half)";

export const LINUX_STRICT: Policy = compose(STRICT, ["concurrent"], {
  name: "linux-strict",
  summary: "every unmap is flushed and awaited, the own flush while IPIs travel",
  source:
    "Linux drivers/iommu/dma-iommu.c (strict: __iommu_dma_unmap, iommu_iotlb_sync); kernel/smp.c " +
    "smp_call_function_many_cond",
  assumed: LINUX_CORES_ASSUMED,
});

export const LINUX_LAZY: Policy = compose(
  LINUX_STRICT,
  [`queue(${DEFAULT_QUEUE_ENTRIES},${QUEUE_TIMEOUT},iommus)`, "domain"],
  {
    name: "linux-lazy",
    summary: "cores at each unmap; IOMMUs from a per-core flush queue of 256 or after 10 ms",
    source:
      "Linux drivers/iommu/dma-iommu.c: queue_iova, IOVA_DEFAULT_FQ_SIZE 256, " +
      "IOVA_DEFAULT_FQ_TIMEOUT 10 ms, domain-selective flush",
    assumed:
      `${LINUX_CORES_ASSUMED}; frames wait in the queue with their addresses, where Linux's ` +
      "drivers have them back at once (add frames(at-once) for that)",
  },
);

/** Of all that build on linux-x86. */
export const FIXED_PCIDS =
  "each space has a PCID for good on every core, where Linux has 6 of a CPU in turn for those " +
  "that ran last (TLB_NR_DYN_ASIDS), and flushes one that another space gets or that is behind";

export const LINUX_X86: Policy = compose(
  STRICT,
  [
    `batch(${MAX_BATCH_PAGES},cores)`,
    "skip-idle",
    "concurrent",
    `full-above(${FULL_ABOVE_PAGES})`,
    "generations",
  ],
  {
    name: "linux-x86",
    summary:
      "gathers an operation's pages, skips lazy cores and what newer flushes covered, flushes " +
      "itself while IPIs travel",
    source:
      "Linux arch/x86/mm/tlb.c (generations, lazy TLB, ceiling of 33 pages), mm/mmu_gather.c " +
      "(19 batches of 510 pages), kernel/smp.c",
    assumed:
      "IOMMUs are flushed at each unmap, as no source says how a gather would reach them; " +
      FIXED_PCIDS,
  },
);

export const LINUX_RECLAIM: Policy = compose(LINUX_X86, [`batch(${RECLAIM_PAGES},cores)`, "full"], {
  name: "linux-reclaim",
  summary: "one full flush of the cores for 32 pages; IOMMUs at each page",
  source:
    "Linux mm/rmap.c try_to_unmap_flush, arch/x86/mm/tlb.c arch_tlbbatch_flush: cores are " +
    "deferred, the secondary flush of IOMMUs is not; SWAP_CLUSTER_MAX 32",
  assumed: `a batch ends with the pages that reclaim isolates at a time; ${FIXED_PCIDS}`,
});
