// The registry of policies that have a name.

import { DEFAULT_QUEUE_ENTRIES, type Policy } from "./policy.ts";
import { AKAROS, VMAP_LAZY } from "./presets/akaros.ts";
import { batch, deferred, OVERLAPPED } from "./presets/amortized.ts";
import { LINUX_LAZY, LINUX_RECLAIM, LINUX_STRICT, LINUX_X86 } from "./presets/linux.ts";
import { ABIS, EUROSYS20, FAST_AND_SAFE, FPR, LATR, LATR_CODE, LUF } from "./presets/papers.ts";
import { STRICT } from "./presets/strict.ts";
import { ARM_BROADCAST, FREEBSD_ASYNC, INVLPGB, XEN_REUSE } from "./presets/systems.ts";

export { batch, deferred, STRICT };

const DEFAULT_BATCH_PAGES = 32;
/** Linux drivers/iommu/dma-iommu.c, IOVA_DEFAULT_FQ_TIMEOUT: 10 ms. */
const DEFAULT_QUEUE_TIMEOUT_NS = 10_000_000;

/** With the parameters that `all` and the bare name stand for. */
export const DEFAULT_BATCH: Policy = batch(DEFAULT_BATCH_PAGES, "both");
export const DEFAULT_DEFERRED: Policy = deferred(
  DEFAULT_QUEUE_ENTRIES,
  DEFAULT_QUEUE_TIMEOUT_NS,
  "both",
);

/** One choice at a time: what is compared unless somebody asks for more. */
export const BASIC_POLICIES: readonly Policy[] = [
  AKAROS,
  STRICT,
  OVERLAPPED,
  DEFAULT_BATCH,
  DEFAULT_DEFERRED,
];

/** Every policy that has a name, once. */
export const PRESETS: readonly Policy[] = [
  ...BASIC_POLICIES,
  LINUX_STRICT,
  LINUX_LAZY,
  LINUX_X86,
  LINUX_RECLAIM,
  FREEBSD_ASYNC,
  EUROSYS20,
  ABIS,
  LATR,
  LATR_CODE,
  XEN_REUSE,
  LUF,
  FPR,
  FAST_AND_SAFE,
  INVLPGB,
  ARM_BROADCAST,
  VMAP_LAZY,
];
