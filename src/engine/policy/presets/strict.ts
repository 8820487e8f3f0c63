// What others are compared with, and what a text that says nothing else stands for.

import type { Policy, ReuseChoices, When, Whom } from "../policy.ts";

/** Linux arch/x86/mm/tlb.c, tlb_single_page_flush_ceiling. */
const FULL_ABOVE_PAGES = 33;

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
