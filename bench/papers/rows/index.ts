// All rows, in their order.

import type { Paper } from "../paper.ts";
import { INVLPGB } from "./02-invlpgb.ts";
import { CONCURRENT_FLUSH } from "./04-concurrent-flush.ts";
import { LATR_MUNMAP } from "./06-latr-munmap.ts";
import { LATR_APACHE } from "./09-latr-apache.ts";
import { ABIS } from "./10-abis.ts";
import { XPFO } from "./13-xpfo.ts";
import { RECLAIM_BATCH } from "./14-reclaim-batch.ts";
import { INVPCID } from "./16-invpcid.ts";
import { CEILING } from "./17-ceiling.ts";
import { LOCAL_TLBI } from "./19-local-tlbi.ts";
import { BATCHED_DSB } from "./22-batched-dsb.ts";
import { NIC_FLOWS } from "./23-nic-flows.ts";
import { STRICT_APPLICATIONS } from "./26-strict-applications.ts";
import { RIOMMU } from "./29-riommu.ts";
import { IOTLB_WALL } from "./31-iotlb-wall.ts";

export const PAPERS: readonly Paper[] = [
  INVLPGB,
  CONCURRENT_FLUSH,
  LATR_MUNMAP,
  LATR_APACHE,
  ABIS,
  XPFO,
  RECLAIM_BATCH,
  INVPCID,
  CEILING,
  LOCAL_TLBI,
  BATCHED_DSB,
  NIC_FLOWS,
  STRICT_APPLICATIONS,
  RIOMMU,
  IOTLB_WALL,
];
