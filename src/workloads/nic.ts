// `nic-rx`, `nic-tx`: a network device behind an IOMMU, driven through a ring of descriptors that
// is kept full. A descriptor names 64 pages, which the device writes (rx) or may only read (tx) one
// after the other, all the time. The operation is the driver unmapping a descriptor that the device
// is done with, page by page, as DMA mappings are given back in Linux (drivers/iommu/dma-iommu.c,
// iommu_dma_unmap_page): it is the policy that makes one flush of them. An I/O address is the
// page's number in the process. Core i drives device i.

import type { Protocol } from "../engine/executor/cpu.ts";
import { WRITABLE } from "../engine/layout/pte.ts";
import type { Core } from "../engine/protocol/core.ts";
import type { DmaEngine } from "../engine/protocol/dma.ts";
import { awaitDescriptor, postDescriptor, serveRing } from "../engine/protocol/ring.ts";
import { type AccessStream, access, userWork } from "../engine/protocol/user.ts";
import { mapOrFail, unmapEach, windowOf } from "./window.ts";
import type { WorkloadPlan } from "./workload.ts";

/** Pages of a descriptor (F&S, SOSP'24). */
export const DESCRIPTOR_PAGES = 64;
/** Descriptors of a ring: so many are on their way while one is renewed. */
export const RING_SLOTS = 8;

/** Operation number `index` of a receiving driver: what came in is read before it is unmapped. */
export function* renewReceived(
  core: Core,
  plan: WorkloadPlan,
  stream: AccessStream,
  index: number,
): Protocol<void> {
  yield* awaitRenewable(core, plan, stream, index, WRITABLE);
  const vpn = windowOf(core, plan, index);
  for (let page = vpn; page < vpn + plan.pages; page++) access(core, page, false);
  yield* unmapEach(core, vpn, plan.pages);
}

/** Operation number `index` of a sending driver. */
export function* renewSent(
  core: Core,
  plan: WorkloadPlan,
  stream: AccessStream,
  index: number,
): Protocol<void> {
  yield* awaitRenewable(core, plan, stream, index, 0);
  yield* unmapEach(core, windowOf(core, plan, index), plan.pages);
}

/** Fills the ring and waits until descriptor number `index` has come back. */
function* awaitRenewable(
  core: Core,
  plan: WorkloadPlan,
  stream: AccessStream,
  index: number,
  flags: number,
): Protocol<void> {
  const { rings } = core.machine;
  const device = core.id;
  for (let next = rings.posted(device); next < index + rings.slots; next++) {
    const vpn = windowOf(core, plan, next);
    for (let page = vpn; page < vpn + plan.pages; page++) yield* mapOrFail(core, page, flags);
    yield* postDescriptor(core, device, vpn);
  }
  yield* userWork(core, stream, core.random.around(plan.gapNs));
  yield* awaitDescriptor(core, device, index);
}

/** The device, until the run is over. */
export function* moveDescriptors(engine: DmaEngine, plan: WorkloadPlan): Protocol<void> {
  yield* serveRing(engine, engine.id, plan.pages);
}
