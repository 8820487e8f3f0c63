// The IOMMU: executes invalidations, in order, while devices go on translating through the same
// IOTLB. Entries vanish at the end of the service time; after that it waits for walks in flight,
// always, and for DMA in flight if asked to drain (VT-d specification, "Invalidation of
// Translation Caches").

import type { Protocol } from "../executor/cpu.ts";
import {
  addressMaskOf,
  type Descriptor,
  descriptorType,
  deviceRangeOf,
  domainOf,
  drainsOf,
  GRANULARITY_DOMAIN,
  GRANULARITY_GLOBAL,
  granularityOf,
  isValidDescriptor,
  leafHintOf,
  powerOfTwo,
  sourceIdOf,
  statusAddressOf,
  statusDataOf,
  TYPE_CONTEXT_CACHE,
  TYPE_DEVICE_TLB,
  TYPE_IOTLB,
  TYPE_WAIT,
  vpnOf,
  writesStatus,
} from "../layout/descriptor.ts";
import { WAIT_DMA, WAIT_WORK } from "../machine/actors.ts";
import { DEVICE_ERRONEOUS, DEVICE_REMOVED, wasUnderWay } from "../machine/devices.ts";
import { FSTS_ICE, FSTS_IQE, FSTS_ITE } from "../machine/iommu.ts";
import { ALL_DOMAINS, DEVICE_EPOCHS } from "../machine/iotlb.ts";
import { didOf } from "../machine/machine.ts";
import { DRAIN, FLUSH, QUEUED } from "../probe/segments.ts";
import type { Timeline } from "../probe/timeline.ts";
import type { InvalidationUnit } from "./invalidation-unit.ts";

/** The IOMMU's main loop, until the run is over. */
export function* serveInvalidations(unit: InvalidationUnit): Protocol<void> {
  const { cpu, machine } = unit;
  machine.actors.waits(cpu.id, WAIT_WORK, 0);
  for (;;) {
    const dueNs = unit.queueEnabled ? nextDescriptorNs(unit) : nextCommandNs(unit);
    if (dueNs > cpu.now()) {
      // The ring that ended the run may have been taken for another's, by a wait for DMA.
      if (dueNs === Number.POSITIVE_INFINITY && machine.control.stopped) return;
      if (cpu.sleep(dueNs)) yield;
      if (dueNs > cpu.now()) {
        if (machine.control.stopped) return;
        continue;
      }
    }
    unit.countFromHere();
    begin(unit, dueNs);
    if (unit.queueEnabled) yield* executeDescriptor(unit);
    else yield* executeCommand(unit);
    machine.actors.progressed(cpu.id);
  }
}

/** When the next descriptor is there; Infinity if none, or while a fault has stopped the queue. */
function nextDescriptorNs(unit: InvalidationUnit): number {
  const { iommu } = unit;
  if (unit.halted) {
    if ((iommu.faults & (FSTS_IQE | FSTS_ITE)) !== 0) return Number.POSITIVE_INFINITY;
    unit.halted = false;
  }
  if (unit.tail === unit.head) unit.tail = iommu.tail;
  return unit.tail === unit.head ? Number.POSITIVE_INFINITY : iommu.slots.dueNs(unit.head);
}

function nextCommandNs(unit: InvalidationUnit): number {
  const { iommu } = unit;
  return iommu.register.isPending ? iommu.register.dueNs() : Number.POSITIVE_INFINITY;
}

/** Service of a submission begins, unless it is under way. */
function begin(unit: InvalidationUnit, dueNs: number): void {
  const { times, cpu } = unit;
  if (times.startedNs >= 0) return;
  times.startedNs = cpu.now();
  // Late is only what this submission waited for the host, not for the service of another.
  times.lateNs = Math.min(cpu.lateNs, cpu.now() - dueNs);
  times.drainNs = 0;
  if (unit.timeline === undefined || times.startedNs === dueNs) return;
  unit.timeline.beside(QUEUED, dueNs, times.startedNs, unit.iommu.id, sequenceOf(unit));
}

/** For the time line: what tells the submission being executed, or the command, from all others. */
function sequenceOf({ iommu, queueEnabled, head }: InvalidationUnit): number {
  return queueEnabled ? iommu.slots.firstOf(head) : iommu.register.dueNs();
}

/** For the time line: a descriptor, or the command, has been executed since `beganNs`. */
function noteExecuted(
  unit: InvalidationUnit,
  timeline: Timeline,
  beganNs: number,
  type: number,
): void {
  timeline.didFor(FLUSH, beganNs, unit.cpu.now(), type, unit.iommu.id, sequenceOf(unit));
}

function* executeCommand(unit: InvalidationUnit): Protocol<void> {
  const { cpu, iommu, times, costs } = unit;
  const command = iommu.register.pending();
  const beganNs = cpu.now();
  cpu.spend(serviceNs(unit, command));
  if (cpu.point()) yield;
  if (unit.timeline !== undefined) noteExecuted(unit, unit.timeline, beganNs, TYPE_IOTLB);
  invalidateIotlb(unit, command);
  if (unit.devices.length > 0) yield* awaitInFlight(unit, unit.devices, drainsOf(command));
  unit.inSubmission = 0;
  times.visibleNs = visibleAfter(unit, costs.registerPollNs);
  const from = iommu.register.from();
  iommu.register.complete(times);
  times.startedNs = -1;
  cpu.ring(from, times.visibleNs);
}

/** Fetches and executes one descriptor; the head moves behind it unless it is refused. */
function* executeDescriptor(unit: InvalidationUnit): Protocol<void> {
  const { cpu, iommu } = unit;
  const words = iommu.slots.fetch(unit.head);
  const from = iommu.slots.fromOf(unit.head);
  const isValid = isValidDescriptor(words);
  const beganNs = cpu.now();
  if (isValid) cpu.spend(serviceNs(unit, words));
  if (cpu.point()) yield;
  if (!isValid) {
    halt(unit, FSTS_IQE);
    cpu.ring(from, cpu.now());
    return;
  }
  const type = descriptorType(words);
  if (unit.timeline !== undefined && type !== TYPE_WAIT) {
    noteExecuted(unit, unit.timeline, beganNs, type);
  }
  switch (type) {
    case TYPE_IOTLB:
      invalidateIotlb(unit, words);
      if (unit.devices.length > 0) yield* awaitInFlight(unit, unit.devices, drainsOf(words));
      break;
    case TYPE_CONTEXT_CACHE:
      unit.counters.contextCache++;
      break;
    case TYPE_DEVICE_TLB:
      yield* invalidateDeviceTlb(unit, words, from);
      break;
    case TYPE_WAIT:
      completeWait(unit, words);
      break;
  }
  unit.head = (unit.head + 1) | 0;
  iommu.setHead(unit.head);
  if (type !== TYPE_WAIT) return;
  if (unit.timedOut) {
    unit.timedOut = false;
    halt(unit, FSTS_ITE); // Behind the wait: recovery aborts the waits that the head has passed.
    ringWaiters(unit);
  }
  cpu.ring(from, unit.times.visibleNs);
}

/** Raises a fault that stops the queue until software has cleared it. */
function halt(unit: InvalidationUnit, fault: number): void {
  unit.iommu.raiseFault(fault);
  unit.halted = true;
}

/**
 * Everyone who waits sees that the queue has stopped, as in Linux all of them poll: whose wait it
 * was may be waiting for one of them, before it looks.
 */
function ringWaiters({ cpu, iommu, head }: InvalidationUnit): void {
  const { tail } = iommu;
  for (let index = head; index !== tail; index = (index + 1) | 0) {
    if (descriptorType(iommu.slots.fetch(index)) === TYPE_WAIT)
      cpu.ring(iommu.slots.fromOf(index), cpu.now());
  }
}

function invalidateIotlb(unit: InvalidationUnit, words: Descriptor): void {
  const { iommu } = unit;
  const granularity = granularityOf(words);
  if (unit.devices.length > 0) iommu.countInvalidation();
  if (granularity === GRANULARITY_GLOBAL) flushDomain(unit, ALL_DOMAINS);
  else if (granularity === GRANULARITY_DOMAIN) flushDomain(unit, domainOf(words));
  else invalidatePages(unit, words);
  countIotlb(unit, granularity);
}

/** Drops everything of a domain, or of ALL_DOMAINS; its devices' ways to leaf tables with it. */
function flushDomain(unit: InvalidationUnit, did: number): void {
  const { iommu, iotlb, check } = unit;
  if (check !== undefined && iommu.fills > 0) iotlb.reportDomain(did, iommu, iommu.fills, check);
  if (did === ALL_DOMAINS) iommu.flushAll();
  else iommu.flushDomain(did);
  if (unit.devices.length > 0) iommu.dropTables();
}

/** Drops the pages of a page-selective descriptor; an IOTLB that was never filled has none. */
function invalidatePages(unit: InvalidationUnit, words: Descriptor): void {
  const { iommu, iotlb, check } = unit;
  const pages = powerOfTwo(addressMaskOf(words));
  if (unit.devices.length > 0 && !leafHintOf(words)) iommu.dropTablesOf(vpnOf(words), pages);
  if (iommu.fills === 0) return;
  iotlb.invalidatePages(domainOf(words), vpnOf(words), pages, iommu, check);
}

/**
 * How long a descriptor takes. The first invalidation of a submission pays its granularity; those
 * behind it are cheaper.
 */
function serviceNs(unit: InvalidationUnit, words: Descriptor): number {
  const { costs } = unit;
  switch (descriptorType(words)) {
    case TYPE_CONTEXT_CACHE:
      return costs.contextCacheNs;
    case TYPE_DEVICE_TLB:
      return costs.deviceTlbNs;
    case TYPE_WAIT:
      return 0;
  }
  if (unit.inSubmission > 0) return costs.furtherDescriptorNs;
  const granularity = granularityOf(words);
  if (granularity === GRANULARITY_GLOBAL) return costs.iotlbGlobalNs;
  return granularity === GRANULARITY_DOMAIN ? costs.iotlbDomainNs : costs.iotlbPageNs;
}

/**
 * Asks a device to drop pages from its TLB; it answers when it has none of them in flight. One that
 * was removed has lost them, and what it had in flight passes before the answer is given up; one
 * that is erroneous has done what it was asked, and says so in a way that nobody understands.
 */
function* invalidateDeviceTlb(
  unit: InvalidationUnit,
  words: Descriptor,
  from: number,
): Protocol<void> {
  const { cpu, iommu, machine, check } = unit;
  unit.counters.deviceTlb++;
  const device = sourceIdOf(words);
  const exists = device < machine.devices.count;
  const state = exists ? machine.devices.stateOf(device) : DEVICE_REMOVED;
  if (exists && machine.shape.ats) {
    machine.devices.countInvalidation(device);
    const { vpn, addressMask } = deviceRangeOf(words);
    const pages = powerOfTwo(addressMask);
    machine.deviceTlbs[device].invalidatePages(didOf(0), vpn, pages, DEVICE_EPOCHS, check);
    yield* awaitInFlight(unit, [device], true);
  }
  if (state === DEVICE_REMOVED) {
    unit.timedOut = true;
    return;
  }
  if (state === DEVICE_ERRONEOUS) {
    iommu.raiseFault(FSTS_ICE);
    cpu.ring(from, cpu.now());
  }
}

/** All before it is complete, as this unit is serial; unless a device did not answer. */
function completeWait(unit: InvalidationUnit, words: Descriptor): void {
  const { iommu, times, costs, counters } = unit;
  times.visibleNs = visibleAfter(unit, costs.statusWriteNs);
  unit.inSubmission = 0;
  counters.waits++;
  if (writesStatus(words) && !unit.timedOut) {
    iommu.slots.writeStatus(statusAddressOf(words), statusDataOf(words), times);
  }
  times.startedNs = -1;
}

/** When the initiator can see what is complete now; what the host adds to that is late. */
function visibleAfter(unit: InvalidationUnit, delayNs: number): number {
  const visibleNs = unit.cpu.effectNs(delayNs);
  unit.times.heldUpNs = visibleNs - delayNs - unit.cpu.now();
  return visibleNs;
}

/**
 * Waits for walks in flight of some of its devices, and for DMA in flight if `drain`: a device
 * cannot be stopped.
 */
function* awaitInFlight(
  unit: InvalidationUnit,
  asked: readonly number[],
  drain: boolean,
): Protocol<void> {
  const { cpu, machine, iommu, times } = unit;
  const { devices, actors } = machine;
  const beganNs = cpu.now();
  iommu.setDraining(true);
  for (const device of asked) {
    actors.waits(cpu.id, WAIT_DMA, device);
    const walk = devices.walkSerial(device);
    while (wasUnderWay(walk) && devices.walkSerial(device) === walk && !machine.control.stopped) {
      if (cpu.sleep(Number.POSITIVE_INFINITY)) yield;
    }
    const dma = devices.dmaSerial(device);
    while (
      drain &&
      wasUnderWay(dma) &&
      devices.dmaSerial(device) === dma &&
      !machine.control.stopped
    ) {
      if (cpu.sleep(Number.POSITIVE_INFINITY)) yield;
    }
    if (!wasUnderWay(walk) && !(drain && wasUnderWay(dma))) continue;
    const landedNs = devices.landedNs(device);
    while (landedNs > cpu.now()) if (cpu.sleep(landedNs)) yield;
  }
  iommu.setDraining(false);
  actors.waits(cpu.id, WAIT_WORK, 0);
  times.drainNs += cpu.now() - beganNs;
  unit.timeline?.did(DRAIN, beganNs, cpu.now());
}

function countIotlb(unit: InvalidationUnit, granularity: number): void {
  const { counters } = unit;
  unit.inSubmission++;
  if (granularity === GRANULARITY_GLOBAL) counters.globalFlushes++;
  else if (granularity === GRANULARITY_DOMAIN) counters.domainFlushes++;
  else counters.pageFlushes++;
}
