// The policies that have a name. Each is plain data with the system that does it this way; those
// with parameters are made by a function of them.

import {
  DEFAULT_QUEUE_ENTRIES,
  describeNs,
  type Policy,
  type ReuseChoices,
  type When,
  type Whom,
} from "./policy.ts";

/** Which halves of a shootdown a policy amortizes; the other one is flushed at each unmap. */
export const HALVES = ["both", "cores", "iommus"] as const;
export type Half = (typeof HALVES)[number];

/** Linux arch/x86/mm/tlb.c, tlb_single_page_flush_ceiling. */
const FULL_ABOVE_PAGES = 33;
/** Linux drivers/iommu/dma-iommu.c, IOVA_DEFAULT_FQ_TIMEOUT: 10 ms. */
const DEFAULT_QUEUE_TIMEOUT_NS = 10_000_000;
/** Linux drivers/iommu/dma-iommu.c, IOVA_SINGLE_FQ_SIZE: the longest queue it has. */
export const MAX_QUEUE_ENTRIES = 32_768;
/** Linux mm/mmu_gather.c gathers at most 19 batches of 510 pages. */
export const MAX_BATCH_PAGES = 9690;
const DEFAULT_BATCH_PAGES = 32;

const EACH: When = { kind: "each" };
const LOADED: Whom = { among: "loaded", skipIdle: false, broadcastFrom: 0 };
const AFTER_FLUSH: ReuseChoices = {
  frames: { kind: "after-flush" },
  addresses: { kind: "after-flush" },
  tables: { kind: "after-flush" },
};

export const STRICT: Policy = {
  name: "strict",
  summary: "every unmap is flushed everywhere and awaited: cores first, then each IOMMU in turn",
  source:
    "Linux IOMMU strict mode (drivers/iommu/dma-iommu.c) and a shootdown awaited core by core; " +
    "full flush above 33 pages (arch/x86/mm/tlb.c)",
  assumed: "",
  whenCores: EACH,
  whenIommu: EACH,
  whom: LOADED,
  ack: "late",
  local: "serial",
  iommu: { interface: "queue", scope: "page", order: "after-cores", leafHint: true, waitEvery: 1 },
  reuse: AFTER_FLUSH,
  extent: { fullAbovePages: FULL_ABOVE_PAGES, generations: false },
};

const AKAROS: Policy = {
  name: "akaros",
  summary:
    "one message to each core, unacknowledged, then each IOMMU in turn by register, domain " +
    "scope, drained",
  source:
    "Akaros 81b6433a: kern/src/process.c proc_tlbshootdown, kern/drivers/dev/iommu.c " +
    "proc_iotlb_flush",
  assumed: "",
  whenCores: EACH,
  whenIommu: EACH,
  whom: LOADED,
  ack: "none",
  local: "serial",
  iommu: {
    interface: "register",
    scope: "domain",
    order: "after-cores",
    leafHint: false,
    waitEvery: 1,
  },
  reuse: AFTER_FLUSH,
  extent: { fullAbovePages: 0, generations: false },
};

const OVERLAPPED: Policy = {
  ...STRICT,
  name: "overlapped",
  summary:
    "IOTLB flushes submitted first, IPIs while they run, own flush while those travel, one wait",
  source:
    "the concurrent flush of N. Amit's series (Linux arch/x86/mm/tlb.c), extended to the IOMMU; " +
    "that extension is ours",
  local: "concurrent",
  iommu: { ...STRICT.iommu, order: "overlapped" },
};

/** Gathers pages and flushes at `pages` of them, or when the operation ends. */
export function batch(pages: number, half: Half): Policy {
  const gather: When = { kind: "batch", pages };
  return {
    ...STRICT,
    name: parameterized("batch", [`${pages}`], half),
    summary: `gathers pages and flushes at ${pages} of them or at the end of the operation`,
    source:
      "Linux mm/mmu_gather.c for the cores, iommu_iotlb_gather and qi_batch (drivers/iommu) " +
      "for IOMMUs",
    whenCores: half === "iommus" ? EACH : gather,
    whenIommu: half === "cores" ? EACH : gather,
  };
}

/**
 * Queues what is unmapped and returns at once; one flush of everything when full, or on the timer.
 */
export function deferred(entries: number, timeoutNs: number, half: Half): Policy {
  const queue: When = { kind: "queue", entries, timeoutNs };
  return {
    ...STRICT,
    name: parameterized("deferred", [`${entries}`, describeNs(timeoutNs)], half),
    summary:
      `unmap returns at once; per-core queue of ${entries}, flushed when full or after ` +
      `${describeNs(timeoutNs)}`,
    source:
      "Linux lazy DMA unmapping (drivers/iommu/dma-iommu.c, flush queue); on the cores' side " +
      "hypothetical",
    whenCores: half === "iommus" ? EACH : queue,
    whenIommu: half === "cores" ? EACH : queue,
  };
}

/** Policies without parameters, by name. */
export const FIXED_POLICIES: readonly Policy[] = [AKAROS, STRICT, OVERLAPPED];

/** With the parameters that `all` and the bare name stand for. */
export const DEFAULT_BATCH: Policy = batch(DEFAULT_BATCH_PAGES, "both");
export const DEFAULT_DEFERRED: Policy = deferred(
  DEFAULT_QUEUE_ENTRIES,
  DEFAULT_QUEUE_TIMEOUT_NS,
  "both",
);

export const ALL_POLICIES: readonly Policy[] = [...FIXED_POLICIES, DEFAULT_BATCH, DEFAULT_DEFERRED];

function parameterized(name: string, parameters: readonly string[], half: Half): string {
  const all = half === "both" ? parameters : [...parameters, half];
  return `${name}(${all.join(",")})`;
}
