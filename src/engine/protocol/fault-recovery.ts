// Recovery from what has stopped an IOMMU's queue, or what its devices have raised: by a core that
// waits for it (Linux: drivers/iommu/intel/dmar.c, qi_check_fault).

import type { Protocol } from "../executor/cpu.ts";
import { iommuActor } from "../layout/shape.ts";
import { FSTS_ICE, FSTS_IQE, FSTS_ITE, type Iommu } from "../machine/iommu.ts";
import type { Core } from "./core.ts";
import { acquire, release } from "./lock.ts";

/**
 * Under the lock. IQE: if the head stands at a descriptor of the submission that ends with `wait`,
 * its wait takes the bad one's place, and the submission was refused. ITE: the device did not
 * answer; waits that are pending are aborted and their owners decide. ICE: cleared. Returns whether
 * the submission was refused.
 */
export function* recover(core: Core, iommu: Iommu, wait: number): Protocol<boolean> {
  const { cpu, machine, counters } = core;
  const lock = machine.lockOfIommu(iommu.id);
  const ticket = yield* acquire(core, lock, true);
  if (cpu.point()) yield;
  const isRefused = (iommu.faults & FSTS_IQE) !== 0 && isWithin(iommu, wait);
  if (isRefused) {
    iommu.slots.writeDescriptor(iommu.head, iommu.slots.fetch(wait));
    iommu.clearFault(FSTS_IQE);
    counters.iommuFaults++;
  }
  clearDeviceFaults(core, iommu);
  cpu.ring(iommuActor(machine.shape, iommu.id), cpu.now());
  yield* release(core, lock, ticket);
  return isRefused;
}

/** What devices have raised, under the lock; whoever submits with a wait is told by that. */
export function clearDeviceFaults({ counters }: Core, iommu: Iommu): void {
  const { faults } = iommu;
  if ((faults & FSTS_ITE) !== 0) {
    iommu.abortPendingWaits();
    iommu.clearFault(FSTS_ITE);
    counters.iommuFaults++;
  }
  if ((faults & FSTS_ICE) !== 0) {
    iommu.clearFault(FSTS_ICE);
    counters.iommuFaults++;
  }
}

/** Whether the head stands at a descriptor of the submission that ends with `wait`. */
function isWithin(iommu: Iommu, wait: number): boolean {
  return !iommu.hasPassed(wait) && ((iommu.head - iommu.slots.firstOf(wait)) | 0) >= 0;
}
