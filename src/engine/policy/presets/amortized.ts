// The plain ways to amortize, one at a time: overlap, gather, defer.

import { compose } from "../compose.ts";
import { describeNs, type Policy } from "../policy.ts";
import { printWhen } from "../print.ts";
import type { Half } from "../words.ts";
import { STRICT } from "./strict.ts";

export const OVERLAPPED: Policy = compose(STRICT, ["concurrent", "overlapped"], {
  name: "overlapped",
  summary:
    "IOTLB flushes submitted first, IPIs while they run, own flush while those travel, one wait",
  source:
    "the concurrent flush of N. Amit's series (Linux arch/x86/mm/tlb.c), extended to the IOMMU; " +
    "that extension is ours",
});

/** Gathers pages and flushes at `pages` of them, or when the operation ends. */
export function batch(pages: number, half: Half): Policy {
  const when = printWhen({ kind: "batch", pages }, half);
  return compose(STRICT, [when], {
    name: when,
    summary: `gathers pages and flushes at ${pages} of them or at the end of the operation`,
    source:
      "Linux mm/mmu_gather.c for the cores, iommu_iotlb_gather and qi_batch (drivers/iommu) " +
      "for IOMMUs",
  });
}

/**
 * Queues what is unmapped and returns at once; one flush of everything when full, or on the timer.
 */
export function deferred(entries: number, timeoutNs: number, half: Half): Policy {
  const when = printWhen({ kind: "queue", entries, timeoutNs }, half);
  const timeout = describeNs(timeoutNs);
  return compose(STRICT, [when], {
    name: when.replace("queue", "deferred"),
    summary:
      `unmap returns at once; per-core queue of ${entries}, flushed when full` +
      (timeoutNs === Number.POSITIVE_INFINITY ? "" : ` or after ${timeout}`),
    source:
      "Linux lazy DMA unmapping (drivers/iommu/dma-iommu.c, flush queue); on the cores' side " +
      "hypothetical",
  });
}
