// All rows, in their order.

import type { Paper } from "../paper.ts";
import { LATR_MUNMAP } from "./06-latr-munmap.ts";
import { RECLAIM_BATCH } from "./14-reclaim-batch.ts";

export const PAPERS: readonly Paper[] = [LATR_MUNMAP, RECLAIM_BATCH];
