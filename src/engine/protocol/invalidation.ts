// The initiator's half towards the IOMMUs: the register interface, and queued invalidation as Linux
// programs it (drivers/iommu/intel/dmar.c, qi_submit_sync).
//
// Lock order: the IOMMU's lock is innermost. It is taken with interrupts masked, and its holder
// waits for nobody but the IOMMU.

import type { Protocol } from "../executor/cpu.ts";
import { VPN_BITS } from "../layout/address.ts";
import {
  type AlignedRange,
  addressMaskOf,
  alignedRange,
  type Descriptor,
  descriptorType,
  deviceTlbDescriptor,
  GRANULARITY_DOMAIN,
  GRANULARITY_GLOBAL,
  GRANULARITY_PAGE,
  granularityOf,
  iotlbDescriptor,
  MAX_ADDRESS_MASK,
  powerOfTwo,
  sizedPage,
  sourceIdOf,
  TYPE_DEVICE_TLB,
  vpnOf,
  waitDescriptor,
} from "../layout/descriptor.ts";
import { iommuActor } from "../layout/shape.ts";
import { WAIT_INVALIDATION, WAIT_NONE, WAIT_QUEUE } from "../machine/actors.ts";
import { DEVICE_REMOVED } from "../machine/devices.ts";
import {
  abortedMark,
  doneMark,
  FSTS_ICE,
  FSTS_IQE,
  FSTS_ITE,
  type Iommu,
  type ServiceTimes,
  slotOf,
} from "../machine/iommu.ts";
import { didOf } from "../machine/machine.ts";
import { SCOPE_GLOBAL, SCOPE_PAGE } from "../policy/plan.ts";
import { FIRST_IOMMU_CHAIN } from "../probe/critical-path.ts";
import { DRAIN, FLUSH, LATE, LOCK, QUEUE_FULL, QUEUED, STATUS, SUBMIT } from "../probe/segments.ts";
import type { Timeline } from "../probe/timeline.ts";
import type { Core } from "./core.ts";
import { serviceInterrupts } from "./interrupts.ts";
import { iommuOfDevice } from "./iommu.ts";
import { acquire, release } from "./lock.ts";
import type { RangeList } from "./ranges.ts";

/** How a submission ended. */
export const SUBMISSION_DONE = 0;
/** The IOMMU refused a descriptor of it (IQE): it was malformed. */
export const SUBMISSION_INVALID = 1;
/** Its wait was aborted, since some device did not answer (ITE): nothing is known, submit again. */
export const SUBMISSION_ABORTED = 2;
/** A device that it asks itself is gone: submitting again would not help. */
export const SUBMISSION_TIMED_OUT = 3;

/** Invalidations that a device takes at once: 0 stands for 32 (PCIe ATS); here one at a time. */
const DEVICE_QUEUE_DEPTH = 0;
const NO_SUBMISSION = -1;
const NEVER_NS = Number.POSITIVE_INFINITY;
/** Descriptors that Linux gathers before it submits (QI_MAX_BATCHED_DESC_COUNT). */
const MAX_DESCRIPTORS = 16;
/**
 * How often a submitter looks for free slots: as in Linux nobody tells it, it relaxes and looks.
 */
const RELAX_NS = 100;

const times: ServiceTimes = {
  startedNs: 0,
  drainNs: 0,
  visibleNs: 0,
  lateNs: 0,
  heldUpNs: 0,
};

/**
 * Flushes `space` from the IOTLB of one IOMMU through its registers, domain-selective and drained,
 * and spins until IVT is clear: as Akaros does (kern/drivers/dev/iommu.c, proc_iotlb_flush).
 */
export function* flushByRegister(core: Core, iommu: Iommu, space: number): Protocol<void> {
  const { cpu, machine, costs, path, counters } = core;
  const lock = machine.lockOfIommu(iommu.id);
  const ticket = yield* acquire(core, lock, true);
  const lockedNs = cpu.now();
  const chain = FIRST_IOMMU_CHAIN + iommu.id;
  cpu.spend(costs.tailWriteNs);
  if (cpu.point()) yield;
  const dueNs = cpu.effectNs(0);
  iommu.command(GRANULARITY_DOMAIN, didOf(space), true, true, cpu.id, dueNs);
  cpu.ring(iommuActor(machine.shape, iommu.id), dueNs);
  path.mark(LOCK, lockedNs); // Only now: the IOMMU is at work meanwhile.
  path.mark(SUBMIT, cpu.now());
  path.fork(chain, cpu.now());
  core.timeline?.sent(SUBMIT, cpu.now(), iommu.id, dueNs);
  machine.actors.waits(cpu.id, WAIT_INVALIDATION, iommu.id);
  let lateNs = 0;
  for (;;) {
    const visibleNs = iommu.commandVisibleNs();
    if (visibleNs <= cpu.now()) break;
    if (cpu.sleep(visibleNs)) yield;
    lateNs = cpu.lateNs;
  }
  machine.actors.waits(cpu.id, WAIT_NONE, 0);
  counters.iotlbInvalidations++;
  counters.iommuWaits++;
  if (core.timeline !== undefined) {
    const visibleNs = iommu.commandVisibleNs();
    noteStatus(core.timeline, iommu, visibleNs, costs.registerPollNs, dueNs);
  }
  if (path.enabled) {
    iommu.commandTimes(times);
    joinChain(core, chain, dueNs, costs.registerPollNs, lateNs);
  }
  yield* release(core, lock, ticket);
}

/**
 * Submits the invalidation of a list of ranges from range `from` on, in the scope of the policy,
 * followed by a wait descriptor; `awaitSubmission` waits for it. More ranges than fit one
 * submission, or a range beyond the largest address mask, become one domain-selective invalidation.
 */
export function* submitFlush(
  core: Core,
  iommu: Iommu,
  space: number,
  ranges: RangeList,
  from: number,
): Protocol<void> {
  const descriptors = flushOf(core, space, ranges, from);
  if (core.machine.shape.ats) flushDevices(core, iommu, descriptors);
  core.submissions[iommu.id] = yield* submit(core, iommu, descriptors);
}

/** The same without a wait: nobody will know when it is done. */
export function* submitUnawaited(
  core: Core,
  iommu: Iommu,
  space: number,
  ranges: RangeList,
  from: number,
): Protocol<void> {
  const descriptors = flushOf(core, space, ranges, from);
  if (core.machine.shape.ats) flushDevices(core, iommu, descriptors);
  yield* submit(core, iommu, descriptors, false);
}

/** Whether what was submitted last with a wait, if anything, is done by now. */
export function isSubmissionDone(core: Core, iommu: Iommu): boolean {
  const wait = core.submissions[iommu.id];
  if (wait === NO_SUBMISSION) return true;
  return iommu.statusOf(wait) === doneMark(wait) && iommu.visibleNs(wait) <= core.cpu.now();
}

/** Submits the invalidation of everything of `space`. */
export function* submitDomainFlush(core: Core, iommu: Iommu, space: number): Protocol<void> {
  const descriptors = [iotlbOf(core, space, GRANULARITY_DOMAIN, 0, 0)];
  if (core.machine.shape.ats) flushDevices(core, iommu, descriptors);
  core.submissions[iommu.id] = yield* submit(core, iommu, descriptors);
}

/**
 * Puts descriptors and, unless nobody is going to wait, a wait into the queue with one tail write.
 * Returns the index of the wait's slot, to be handed to `awaitStatus`.
 */
export function* submit(
  core: Core,
  iommu: Iommu,
  descriptors: readonly Descriptor[],
  awaited = true,
): Protocol<number> {
  const { cpu, machine, costs, path, counters } = core;
  const lock = machine.lockOfIommu(iommu.id);
  let ticket = yield* acquire(core, lock, true);
  path.mark(LOCK, cpu.now());
  if (iommu.freeSlots < descriptors.length + 2) iommu.reclaim();
  while (iommu.freeSlots < descriptors.length + 2) {
    machine.actors.waits(cpu.id, WAIT_QUEUE, iommu.id);
    yield* release(core, lock, ticket);
    // The slots that are missing may be its own: of what it has submitted and not waited for yet.
    yield* awaitSubmission(core, iommu, false);
    const untilNs = cpu.now() + RELAX_NS;
    // Whoever holds the slots may be waiting for this core.
    while (cpu.now() < untilNs) {
      const interruptNs = machine.mailboxes.dueNs(core.id);
      if (interruptNs <= cpu.now()) yield* serviceInterrupts(core);
      else if (cpu.sleep(Math.min(untilNs, interruptNs))) yield;
    }
    ticket = yield* acquire(core, lock, true);
    iommu.reclaim();
    machine.actors.waits(cpu.id, WAIT_NONE, 0);
    path.mark(QUEUE_FULL, cpu.now());
  }
  if (cpu.point()) yield;
  const dueNs = cpu.effectNs(costs.tailWriteNs);
  const first = iommu.nextSlot;
  for (const descriptor of descriptors) {
    iommu.takeSlot(descriptor, first, cpu.id, dueNs);
    if (descriptorType(descriptor) !== TYPE_DEVICE_TLB) counters.iotlbInvalidations++;
  }
  const wait = awaited ? takeWaitSlot(core, iommu, first, dueNs) : NO_SUBMISSION;
  if (!awaited) iommu.markPosted(first);
  cpu.spend(costs.tailWriteNs);
  if (cpu.point()) yield;
  iommu.writeTail();
  path.mark(SUBMIT, cpu.now());
  path.fork(FIRST_IOMMU_CHAIN + iommu.id, cpu.now());
  core.timeline?.sent(SUBMIT, cpu.now(), iommu.id, first);
  cpu.ring(iommuActor(machine.shape, iommu.id), dueNs);
  yield* release(core, lock, ticket);
  return wait;
}

/** Waits for what `submitFlush` submitted, with interrupts masked or answering IPIs. */
export function* awaitSubmission(core: Core, iommu: Iommu, masked: boolean): Protocol<void> {
  const wait = core.submissions[iommu.id];
  if (wait === NO_SUBMISSION) return;
  core.submissions[iommu.id] = NO_SUBMISSION;
  yield* awaitDone(core, iommu, wait, masked);
}

/** Submits and waits, again where a wait was aborted. Returns how it ended (SUBMISSION_*). */
export function* submitAndWait(
  core: Core,
  iommu: Iommu,
  descriptors: readonly Descriptor[],
): Protocol<number> {
  const wait = yield* submit(core, iommu, descriptors);
  return yield* awaitDone(core, iommu, wait, true);
}

/** Waits until a submission has ended for good: an aborted one is submitted again. */
function* awaitDone(core: Core, iommu: Iommu, first: number, masked: boolean): Protocol<number> {
  let wait = first;
  for (;;) {
    const outcome = yield* awaitStatus(core, iommu, wait, masked);
    const descriptors = outcome === SUBMISSION_ABORTED ? iommu.descriptorsOf(wait) : [];
    iommu.markEnded(wait);
    if (outcome !== SUBMISSION_ABORTED) return outcome;
    if (asksRemovedDevice(core, descriptors)) return SUBMISSION_TIMED_OUT;
    wait = yield* submit(core, iommu, descriptors);
  }
}

/**
 * Spins until the status of the wait descriptor at `wait` is written or the wait is aborted; looks
 * for faults meanwhile. Returns how it ended (SUBMISSION_*).
 */
function* awaitStatus(core: Core, iommu: Iommu, wait: number, masked: boolean): Protocol<number> {
  const { cpu, machine, counters } = core;
  machine.actors.waits(cpu.id, WAIT_INVALIDATION, iommu.id);
  let lateNs = 0;
  let relaxNs = NEVER_NS;
  let outcome = SUBMISSION_DONE;
  for (;;) {
    const status = iommu.statusOf(wait);
    if (status === abortedMark(wait)) {
      outcome = SUBMISSION_ABORTED;
      break;
    }
    const visibleNs = status === doneMark(wait) ? iommu.visibleNs(wait) : NEVER_NS;
    const isVisible = visibleNs <= cpu.now();
    // The wait of a refused submission is executed twice: it is over when the IOMMU has passed it,
    // which rings then.
    if (isVisible && (outcome === SUBMISSION_DONE || iommu.hasPassed(wait))) break;
    if (iommu.faults !== 0) {
      outcome = yield* recover(core, iommu, wait, outcome);
      if (iommu.faults === 0) continue;
      // Somebody else's fault is theirs to clear: relax, and look again.
      relaxNs = cpu.now() + RELAX_NS;
    }
    const interruptNs = masked ? NEVER_NS : machine.mailboxes.dueNs(core.id);
    if (interruptNs <= cpu.now()) {
      yield* serviceInterrupts(core);
      continue;
    }
    if (cpu.sleep(Math.min(isVisible ? NEVER_NS : visibleNs, interruptNs, relaxNs))) yield;
    relaxNs = NEVER_NS;
    lateNs = cpu.lateNs;
  }
  machine.actors.waits(cpu.id, WAIT_NONE, 0);
  counters.iommuWaits++;
  if (outcome === SUBMISSION_DONE && core.timeline !== undefined) {
    const { statusWriteNs } = core.costs;
    noteStatus(core.timeline, iommu, iommu.visibleNs(wait), statusWriteNs, iommu.firstOf(wait));
  }
  if (outcome === SUBMISSION_DONE && core.path.enabled) {
    iommu.statusTimes(wait, times);
    const chain = FIRST_IOMMU_CHAIN + iommu.id;
    joinChain(core, chain, iommu.dueNs(wait), core.costs.statusWriteNs, lateNs);
  }
  if (outcome === SUBMISSION_DONE) core.check?.waited(iommu, wait);
  return outcome;
}

function asksRemovedDevice(core: Core, descriptors: readonly Descriptor[]): boolean {
  const { devices } = core.machine;
  return descriptors.some(
    (words) =>
      descriptorType(words) === TYPE_DEVICE_TLB &&
      devices.stateOf(sourceIdOf(words)) === DEVICE_REMOVED,
  );
}

/** Descriptors that flush the ranges, in the scope that the policy wants. */
function flushOf(core: Core, space: number, ranges: RangeList, from: number): Descriptor[] {
  const { plan } = core;
  if (plan.scope === SCOPE_GLOBAL) return [iotlbOf(core, space, GRANULARITY_GLOBAL, 0, 0)];
  if (plan.scope !== SCOPE_PAGE) return [iotlbOf(core, space, GRANULARITY_DOMAIN, 0, 0)];
  const descriptors: Descriptor[] = [];
  let range = from;
  while (range < ranges.length) {
    const vpn = ranges.vpnOf(range);
    let pages = ranges.pagesOf(range++);
    while (range < ranges.length && ranges.vpnOf(range) === vpn + pages) {
      pages += ranges.pagesOf(range++);
    }
    const aligned = alignedRange(vpn, pages);
    if (aligned.addressMask > MAX_ADDRESS_MASK || descriptors.length === MAX_DESCRIPTORS) {
      return [iotlbOf(core, space, GRANULARITY_DOMAIN, 0, 0)];
    }
    descriptors.push(iotlbOf(core, space, GRANULARITY_PAGE, aligned.vpn, aligned.addressMask));
  }
  return descriptors;
}

/**
 * Adds what the TLBs of the IOMMU's devices have to drop: behind the IOTLB, from which they would
 * fill themselves again. One descriptor a device covers everything that the IOTLB's cover.
 */
function flushDevices(core: Core, iommu: Iommu, descriptors: Descriptor[]): void {
  const { shape } = core.machine;
  const isWhole = descriptors.some((words) => granularityOf(words) !== GRANULARITY_PAGE);
  const range = isWhole ? { vpn: 0, addressMask: VPN_BITS } : coverOf(descriptors);
  const { vpn, addressMask } = range;
  const isSized = addressMask > 0;
  const page = isSized ? sizedPage(vpn, addressMask) : vpn;
  for (let device = 0; device < shape.devices; device++) {
    if (iommuOfDevice(device, shape.iommus) !== iommu.id) continue;
    descriptors.push(deviceTlbDescriptor(device, DEVICE_QUEUE_DEPTH, page, isSized));
  }
}

/** The aligned range that covers the pages of all page-selective descriptors. */
function coverOf(descriptors: readonly Descriptor[]): AlignedRange {
  let first = Number.POSITIVE_INFINITY;
  let end = 0;
  for (const words of descriptors) {
    first = Math.min(first, vpnOf(words));
    end = Math.max(end, vpnOf(words) + powerOfTwo(addressMaskOf(words)));
  }
  return alignedRange(first, end - first);
}

function iotlbOf(
  core: Core,
  space: number,
  granularity: number,
  vpn: number,
  addressMask: number,
): Descriptor {
  const leafHint = core.plan.leafHint && granularity === GRANULARITY_PAGE && !core.freesTables;
  return iotlbDescriptor(granularity, didOf(space), true, vpn, addressMask, leafHint);
}

/** The wait writes its status into the status word of its own slot. */
function takeWaitSlot(core: Core, iommu: Iommu, first: number, dueNs: number): number {
  const index = iommu.nextSlot;
  const descriptor = waitDescriptor(doneMark(index), slotOf(index), false);
  return iommu.takeSlot(descriptor, first, core.cpu.id, dueNs);
}

/**
 * Recovery from faults, under the lock (Linux: qi_check_fault). IQE: if the head stands at a
 * descriptor of this submission, its wait takes the bad one's place and the submission is
 * invalid. ITE: the device did not answer; waits that are pending are aborted and their owners
 * decide. ICE: cleared.
 */
function* recover(core: Core, iommu: Iommu, wait: number, outcome: number): Protocol<number> {
  const { cpu, machine, counters } = core;
  const lock = machine.lockOfIommu(iommu.id);
  const ticket = yield* acquire(core, lock, true);
  if (cpu.point()) yield;
  const faults = iommu.faults;
  let result = outcome;
  if ((faults & FSTS_IQE) !== 0 && isWithin(iommu, wait)) {
    iommu.writeDescriptor(iommu.head, iommu.fetch(wait));
    iommu.clearFault(FSTS_IQE);
    counters.iommuFaults++;
    result = SUBMISSION_INVALID;
  }
  if ((faults & FSTS_ITE) !== 0) {
    iommu.abortPendingWaits();
    iommu.clearFault(FSTS_ITE);
    counters.iommuFaults++;
  }
  if ((faults & FSTS_ICE) !== 0) {
    iommu.clearFault(FSTS_ICE);
    counters.iommuFaults++;
  }
  cpu.ring(iommuActor(machine.shape, iommu.id), cpu.now());
  yield* release(core, lock, ticket);
  return result;
}

/** Whether the head stands at a descriptor of the submission that ends with `wait`. */
function isWithin(iommu: Iommu, wait: number): boolean {
  return !iommu.hasPassed(wait) && ((iommu.head - iommu.firstOf(wait)) | 0) >= 0;
}

/** For the time line: the status of a submission or command on its way to the initiator. */
function noteStatus(
  timeline: Timeline,
  iommu: Iommu,
  visibleNs: number,
  statusNs: number,
  sequence: number,
): void {
  timeline.beside(STATUS, visibleNs - statusNs, visibleNs, iommu.id, sequence);
  timeline.answered(FIRST_IOMMU_CHAIN + iommu.id, iommu.id, sequence);
}

/** Adds what the IOMMU says of its service to the critical path, and joins. */
function joinChain(
  core: Core,
  chain: number,
  dueNs: number,
  statusNs: number,
  lateNs: number,
): void {
  const { path, cpu } = core;
  const flushedNs = times.visibleNs - statusNs - times.heldUpNs;
  path.add(chain, QUEUED, times.startedNs - times.lateNs - dueNs);
  path.add(chain, LATE, dueNs - path.forkedNs(chain) + times.lateNs + times.heldUpNs);
  path.add(chain, FLUSH, flushedNs - times.drainNs - times.startedNs);
  path.add(chain, DRAIN, times.drainNs);
  path.add(chain, STATUS, statusNs);
  path.join(chain, times.visibleNs, lateNs, cpu.now());
}
