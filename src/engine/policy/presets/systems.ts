// Other systems: FreeBSD's asynchronous invalidation, Xen's timestamps, hardware that broadcasts.

import { compose } from "../compose.ts";
import { MAX_BATCH_PAGES } from "../limits.ts";
import type { Policy } from "../policy.ts";
import { FIXED_PCIDS, LINUX_X86 } from "./linux.ts";
import { STRICT } from "./strict.ts";

/** FreeBSD sys/x86/iommu/intel_qi.c, dmar_batch_coalesce. */
const COALESCED_WAITS = 100;
/** Linux arch/x86/mm/tlb.c: INVLPGB for spaces that are active on more than 3 CPUs. */
const INVLPGB_FROM = 4;
/** Linux arch/arm64/include/asm/tlbflush.h, MAX_DVM_OPS: from as many entries as a table has. */
const ARM_FULL_ABOVE_PAGES = 511;

export const FREEBSD_ASYNC: Policy = compose(STRICT, [`wait-every(${COALESCED_WAITS})`], {
  name: "freebsd-async",
  summary:
    "submits and returns; one wait descriptor in 100, and frames are freed when it has completed",
  source: "FreeBSD sys/x86/iommu/intel_qi.c: dmar_batch_coalesce 100, and always on the last",
  assumed:
    "cores as strict does; completed waits are noticed at the next unmap, where FreeBSD takes an " +
    "interrupt and a task",
});

export const XEN_REUSE: Policy = compose(STRICT, ["reuse(cores)", "full", "generations"], {
  name: "xen-reuse",
  summary:
    "cores flush when a frame is handed out again, and only those that have not flushed since",
  source:
    "Xen xen/arch/x86/flushtlb.c: tlbflush_timestamp, a 32-bit clock that every full flush ticks",
  assumed:
    "addresses are treated as frames are; IOMMUs flush at each unmap; the clock does not wrap",
});

export const INVLPGB: Policy = compose(LINUX_X86, [`broadcast(${INVLPGB_FROM})`], {
  name: "invlpgb",
  summary: "over 3 cores one broadcast and one sync instead of IPIs; fewer are interrupted",
  source: "Linux arch/x86/mm/tlb.c, broadcast_tlb_flush: AMD INVLPGB and TLBSYNC",
  assumed:
    "the limit counts the cores that have to be told; Linux counts those of the space, and " +
    `decides now and then, not at each flush; ${FIXED_PCIDS}`,
});

export const ARM_BROADCAST: Policy = compose(
  STRICT,
  [`batch(${MAX_BATCH_PAGES},cores)`, "broadcast(1)", `full-above(${ARM_FULL_ABOVE_PAGES})`],
  {
    name: "arm-broadcast",
    summary: "every flush is a broadcast (TLBI) and one sync (DSB); no core is interrupted",
    source:
      "Linux arch/arm64/include/asm/tlbflush.h: MAX_DVM_OPS, flush_tlb_range; mm/mmu_gather.c",
    assumed: "IOMMUs are told by commands of their own, not by the same broadcast (no SVA)",
  },
);
