// Attaching an IOMMU to a space, and detaching it, while both are in use.
//
// Whoever unmaps asks the IOMMUs that are attached, after it has changed the page table. So an
// IOMMU is attached before its devices can translate, and counts as attached until nothing that
// they translated is left.

import type { Protocol } from "../executor/cpu.ts";
import { contextCacheDescriptor, GRANULARITY_DOMAIN } from "../layout/descriptor.ts";
import type { Iommu } from "../machine/iommu.ts";
import { didOf } from "../machine/machine.ts";
import type { Core } from "./core.ts";
import {
  awaitSubmission,
  flushByRegister,
  submitAndWait,
  submitDomainFlush,
} from "./invalidation.ts";
import { iommuOfDevice } from "./invalidation-unit.ts";
import { acquire, release } from "./lock.ts";

/** From here on the devices behind `iommu` translate in `space`. */
export function* attach(core: Core, iommu: Iommu, space: number): Protocol<void> {
  const { cpu, machine } = core;
  const lock = machine.lockOfSpace(space);
  const ticket = yield* acquire(core, lock);
  if (cpu.point()) yield;
  machine.spaces.attach(space, iommu.id);
  if (cpu.point()) yield;
  setBlocked(core, iommu, false);
  yield* release(core, lock, ticket);
}

/**
 * The devices behind `iommu` translate no more in `space` when it returns. First their context
 * entries go, then what was cached through them: by queue also of the entries themselves (VT-d
 * specification, "Context-Cache Invalidation": the IOTLB after the context cache); by register the
 * IOTLB's part alone, as this model has no context-cache register and no context cache either.
 */
export function* detach(core: Core, iommu: Iommu, space: number): Protocol<void> {
  const { cpu, machine, plan } = core;
  const lock = machine.lockOfSpace(space);
  const ticket = yield* acquire(core, lock);
  if (cpu.point()) yield;
  setBlocked(core, iommu, true);
  if (plan.queuedInvalidation) {
    yield* submitAndWait(core, iommu, [
      contextCacheDescriptor(GRANULARITY_DOMAIN, didOf(space), 0, 0),
    ]);
    yield* submitDomainFlush(core, iommu, space);
    yield* awaitSubmission(core, iommu, true);
  } else {
    yield* flushByRegister(core, iommu, space);
  }
  if (cpu.point()) yield;
  machine.spaces.detach(space, iommu.id);
  yield* release(core, lock, ticket);
}

function setBlocked({ machine }: Core, iommu: Iommu, blocked: boolean): void {
  const { devices, iommus } = machine;
  for (let device = 0; device < devices.count; device++) {
    if (iommuOfDevice(device, iommus.length) === iommu.id) devices.setBlocked(device, blocked);
  }
}
