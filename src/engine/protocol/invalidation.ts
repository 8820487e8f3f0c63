// The initiator's half towards the IOMMUs: the register interface, and queued invalidation as Linux
// programs it (drivers/iommu/intel/dmar.c, qi_submit_sync).
//
// Lock order: the IOMMU's lock is innermost. It is taken with interrupts masked, and its holder
// waits for nobody but the IOMMU.

import type { Protocol } from "../executor/cpu.ts";
import {
  type Descriptor,
  descriptorType,
  GRANULARITY_PAGE,
  granularityOf,
  sourceIdOf,
  TYPE_DEVICE_TLB,
  waitDescriptor,
} from "../layout/descriptor.ts";
import { iommuActor } from "../layout/shape.ts";
import { WAIT_INVALIDATION, WAIT_NONE, WAIT_QUEUE } from "../machine/actors.ts";
import { DEVICE_REMOVED } from "../machine/devices.ts";
import type { Iommu } from "../machine/iommu.ts";
import { abortedMark, doneMark, slotOf } from "../machine/queue-slots.ts";
import type { ServiceTimes } from "../machine/service-times.ts";
import { FIRST_IOMMU_CHAIN } from "../probe/critical-path.ts";
import { DRAIN, FLUSH, LATE, LOCK, QUEUE_FULL, QUEUED, STATUS, SUBMIT } from "../probe/segments.ts";
import type { Timeline } from "../probe/timeline.ts";
import type { Core } from "./core.ts";
import { clearDeviceFaults, recover } from "./fault-recovery.ts";
import { domainFlushOf, flushOf, iotlbDomainFlushOf, iotlbFlushOf } from "./flush-descriptors.ts";
import { serviceInterrupts, sleepOrServe } from "./interrupts.ts";
import { acquire, release } from "./lock.ts";
import type { RangeList } from "./ranges.ts";

/** How a submission ended. */
export const SUBMISSION_DONE = 0;
/** The IOMMU refused a descriptor of it (IQE): it was malformed. */
export const SUBMISSION_INVALID = 1;
/**
 * Nothing is known of it, submit again: its wait was aborted, since some device did not answer
 * (ITE), or it was posted and its slot has been taken by another since.
 */
const SUBMISSION_ABORTED = 2;
/** A device that it asks itself is gone: submitting again would not help. */
export const SUBMISSION_TIMED_OUT = 3;

/** When a submission's core waits for it. */
const AT_ONCE = 0;
/** Some time: it asks how it ended. */
export const LATER = 1;
export const NEVER = 2;

const NO_SUBMISSION = -1;
const NEVER_NS = Number.POSITIVE_INFINITY;
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
 * Flushes everything of `space` from the IOTLB of one IOMMU through its registers,
 * domain-selective and drained: as Akaros does (kern/drivers/dev/iommu.c, proc_iotlb_flush).
 */
export function* flushByRegister(core: Core, iommu: Iommu, space: number): Protocol<void> {
  yield* command(core, iommu, iotlbDomainFlushOf(core, space));
}

/**
 * Flushes a list of ranges from range `from` on through its registers, in the scope of the policy:
 * page-selective one command after the other, as Linux without queued invalidation
 * (drivers/iommu/intel/iommu.c, __iommu_flush_iotlb with DMA_TLB_PSI_FLUSH). What becomes one
 * domain-selective invalidation does so as in `submitFlush`.
 */
export function* flushRangesByRegister(
  core: Core,
  iommu: Iommu,
  space: number,
  ranges: RangeList,
  from: number,
): Protocol<void> {
  for (const words of iotlbFlushOf(core, space, ranges, from)) yield* command(core, iommu, words);
}

/**
 * Writes the command that says the same as an IOTLB descriptor, and spins under the lock until IVT
 * is clear. A page-selective one needs its address in a register of its own before.
 */
function* command(core: Core, iommu: Iommu, words: Descriptor): Protocol<void> {
  const { cpu, machine, costs, path, counters } = core;
  const lock = machine.lockOfIommu(iommu.id);
  const ticket = yield* acquire(core, lock, true);
  const lockedNs = cpu.now();
  const chain = FIRST_IOMMU_CHAIN + iommu.id;
  if (granularityOf(words) === GRANULARITY_PAGE) cpu.spend(costs.tailWriteNs);
  cpu.spend(costs.tailWriteNs);
  if (cpu.point()) yield;
  const dueNs = cpu.effectNs(0);
  iommu.register.write(words, cpu.id, dueNs);
  cpu.ring(iommuActor(machine.shape, iommu.id), dueNs);
  path.mark(LOCK, lockedNs); // Only now: the IOMMU is at work meanwhile.
  path.mark(SUBMIT, cpu.now());
  path.fork(chain, cpu.now());
  core.timeline?.sent(SUBMIT, cpu.now(), iommu.id, dueNs);
  machine.actors.waits(cpu.id, WAIT_INVALIDATION, iommu.id);
  let lateNs = 0;
  for (;;) {
    const visibleNs = iommu.register.visibleNs();
    if (visibleNs <= cpu.now()) break;
    if (cpu.sleep(visibleNs)) yield;
    lateNs = cpu.lateNs;
  }
  machine.actors.waits(cpu.id, WAIT_NONE, 0);
  counters.iotlbInvalidations++;
  counters.iommuWaits++;
  if (core.timeline !== undefined) {
    const visibleNs = iommu.register.visibleNs();
    noteStatus(core.timeline, iommu, visibleNs, costs.registerPollNs, dueNs);
  }
  if (path.enabled) {
    iommu.register.times(times);
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
  const descriptors = flushOf(core, iommu, space, ranges, from);
  core.submissions[iommu.id] = yield* submit(core, iommu, descriptors);
}

/** The same, and nobody waits for it now: with `wait`, the core may ask later how it ended. */
export function* submitPosted(
  core: Core,
  iommu: Iommu,
  space: number,
  ranges: RangeList,
  from: number,
  wait: number,
): Protocol<void> {
  const descriptors = flushOf(core, iommu, space, ranges, from);
  const index = yield* submit(core, iommu, descriptors, wait);
  if (wait === LATER) core.postedWaits[iommu.id] = index;
}

/** Whether what was posted last with a wait, if anything, is done by now. */
export function isPostedDone(core: Core, iommu: Iommu): boolean {
  const wait = core.postedWaits[iommu.id];
  if (wait === NO_SUBMISSION) return true;
  return (
    iommu.slots.statusOf(wait) === doneMark(wait) && iommu.slots.visibleNs(wait) <= core.cpu.now()
  );
}

/**
 * Waits for what was posted last with a wait, answering IPIs. Where that was aborted, or nobody can
 * tell any more how it ended, everything of `space` is flushed instead.
 */
export function* awaitPosted(core: Core, iommu: Iommu, space: number): Protocol<void> {
  const wait = core.postedWaits[iommu.id];
  if (wait === NO_SUBMISSION) return;
  core.postedWaits[iommu.id] = NO_SUBMISSION;
  const outcome = yield* awaitStatus(core, iommu, wait, false, true);
  if (outcome === SUBMISSION_DONE) return;
  yield* submitDomainFlush(core, iommu, space);
  yield* awaitSubmission(core, iommu, false);
}

/** Submits the invalidation of everything of `space`. */
export function* submitDomainFlush(core: Core, iommu: Iommu, space: number): Protocol<void> {
  const descriptors = domainFlushOf(core, iommu, space);
  core.submissions[iommu.id] = yield* submit(core, iommu, descriptors);
}

/**
 * Puts descriptors and, unless nobody is going to wait, a wait into the queue with one tail write.
 * Returns the index of the wait's slot, to be handed to `awaitStatus`. Only what is waited for at
 * once keeps its slots until its core has looked: the others' cores may be waiting for a lock
 * whose holder waits for room.
 */
export function* submit(
  core: Core,
  iommu: Iommu,
  descriptors: readonly Descriptor[],
  waited = AT_ONCE,
): Protocol<number> {
  const { cpu, machine, costs, path, counters } = core;
  const lock = machine.lockOfIommu(iommu.id);
  let ticket = yield* acquire(core, lock, true);
  path.mark(LOCK, cpu.now());
  if (iommu.freeSlots < descriptors.length + 2) makeRoom(core, iommu);
  while (iommu.freeSlots < descriptors.length + 2) {
    machine.actors.waits(cpu.id, WAIT_QUEUE, iommu.id);
    yield* release(core, lock, ticket);
    // The slots that are missing may be its own: of what it has submitted and not waited for yet.
    yield* awaitSubmission(core, iommu, false);
    const untilNs = cpu.now() + RELAX_NS;
    // Whoever holds the slots may be waiting for this core.
    while (cpu.now() < untilNs) yield* sleepOrServe(core, untilNs);
    ticket = yield* acquire(core, lock, true);
    makeRoom(core, iommu);
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
  const wait = waited === NEVER ? NO_SUBMISSION : takeWaitSlot(core, iommu, first, dueNs);
  if (waited !== AT_ONCE) iommu.markPosted(first);
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
    const descriptors = outcome === SUBMISSION_ABORTED ? iommu.slots.descriptorsOf(wait) : [];
    iommu.markEnded(wait);
    if (outcome !== SUBMISSION_ABORTED) return outcome;
    if (asksRemovedDevice(core, descriptors)) return SUBMISSION_TIMED_OUT;
    wait = yield* submit(core, iommu, descriptors);
  }
}

/**
 * Spins until the status of the wait descriptor at `wait` is written or the wait is aborted; looks
 * for faults meanwhile. A posted wait that the IOMMU has passed and that does not say done was
 * aborted, or its slot has been taken by another. Returns how it ended (SUBMISSION_*).
 */
function* awaitStatus(
  core: Core,
  iommu: Iommu,
  wait: number,
  masked: boolean,
  posted = false,
): Protocol<number> {
  const { cpu, machine, counters } = core;
  machine.actors.waits(cpu.id, WAIT_INVALIDATION, iommu.id);
  let lateNs = 0;
  let relaxNs = NEVER_NS;
  let outcome = SUBMISSION_DONE;
  for (;;) {
    const isPast = posted && iommu.hasPassed(wait); // Read first, as the status is written first.
    const status = iommu.slots.statusOf(wait);
    if (status === abortedMark(wait) || (isPast && status !== doneMark(wait))) {
      outcome = SUBMISSION_ABORTED;
      break;
    }
    const visibleNs = status === doneMark(wait) ? iommu.slots.visibleNs(wait) : NEVER_NS;
    const isVisible = visibleNs <= cpu.now();
    // The wait of a refused submission is executed twice: it is over when the IOMMU has passed it,
    // which rings then.
    if (isVisible && (outcome === SUBMISSION_DONE || iommu.hasPassed(wait))) break;
    if (iommu.faults !== 0) {
      if (yield* recover(core, iommu, wait)) outcome = SUBMISSION_INVALID;
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
    noteStatus(
      core.timeline,
      iommu,
      iommu.slots.visibleNs(wait),
      statusWriteNs,
      iommu.slots.firstOf(wait),
    );
  }
  if (outcome === SUBMISSION_DONE && core.path.enabled) {
    iommu.slots.statusTimes(wait, times);
    const chain = FIRST_IOMMU_CHAIN + iommu.id;
    joinChain(core, chain, iommu.slots.dueNs(wait), core.costs.statusWriteNs, lateNs);
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

/** The wait writes its status into the status word of its own slot. */
function takeWaitSlot(core: Core, iommu: Iommu, first: number, dueNs: number): number {
  const index = iommu.nextSlot;
  const descriptor = waitDescriptor(doneMark(index), slotOf(index), false);
  return iommu.takeSlot(descriptor, first, core.cpu.id, dueNs);
}

/**
 * Reclaims slots, under the lock. A fault that nobody waits long enough to see would keep them all.
 */
function makeRoom(core: Core, iommu: Iommu): void {
  const { cpu, machine } = core;
  if (iommu.faults !== 0) {
    clearDeviceFaults(core, iommu);
    cpu.ring(iommuActor(machine.shape, iommu.id), cpu.now());
  }
  iommu.reclaim();
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
