// What the parameters of a policy may be at most.

import { MAX_CORES } from "../layout/shape.ts";

/** Linux mm/mmu_gather.c gathers at most 19 batches of 510 pages. */
export const MAX_BATCH_PAGES = 9690;
/** One slot of a ring always stays empty. */
export const MIN_QUEUE_ENTRIES = 2;
/** Linux drivers/iommu/dma-iommu.c, IOVA_SINGLE_FQ_SIZE: the longest queue it has. */
export const MAX_QUEUE_ENTRIES = 32_768;
/** Of timeouts and of tick periods: 1000 s. */
export const MAX_TIME_NS = 1_000_000_000_000;
/** A core that sweeps more often does nothing else. */
export const MIN_TICK_NS = 1000;
/** Ticks that something is held: more than a minute at the usual 1 ms. */
export const MAX_TICKS = 100_000;
export const MAX_BROADCAST_FROM = MAX_CORES;
/** Half an invalidation queue of 256 slots: there is always a wait in it that ends. */
export const MAX_WAIT_EVERY = 128;
/** One less than the pages that one operation can take. */
export const MAX_FULL_ABOVE_PAGES = 65_535;
