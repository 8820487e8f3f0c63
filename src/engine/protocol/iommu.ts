// The IOMMU: executes invalidations, in order, while devices go on translating through the same IOTLB.
// Entries vanish at the end of the service time; after that it waits for walks in flight, always, and for
// DMA in flight if asked to drain (VT-d specification, "Invalidation of Translation Caches").

import type { Cpu, Protocol } from "../executor/cpu.ts";
import {
  type Descriptor,
  decodeContextCache,
  decodeDeviceTlb,
  decodeIotlb,
  decodeWait,
  descriptorType,
  GRANULARITY_DOMAIN,
  GRANULARITY_GLOBAL,
  isValidDescriptor,
  TYPE_CONTEXT_CACHE,
  TYPE_DEVICE_TLB,
  TYPE_IOTLB,
  TYPE_WAIT,
} from "../layout/descriptor.ts";
import { WAIT_DMA, WAIT_WORK } from "../machine/actors.ts";
import { DEVICE_ERRONEOUS, DEVICE_REMOVED, wasUnderWay } from "../machine/devices.ts";
import {
  commandDid,
  commandDrains,
  commandGranularity,
  FSTS_ICE,
  FSTS_IQE,
  FSTS_ITE,
  type Iommu,
  type ServiceTimes,
} from "../machine/iommu.ts";
import type { Iotlb } from "../machine/iotlb.ts";
import type { Machine } from "../machine/machine.ts";
import { IommuCounters } from "../probe/counters.ts";
import type { Costs } from "../profile/costs.ts";

/** An IOMMU as its actor sees it. */
export class InvalidationUnit {
  readonly cpu: Cpu;
  readonly machine: Machine;
  readonly iommu: Iommu;
  readonly iotlb: Iotlb;
  readonly costs: Costs;
  readonly counters = new IommuCounters();
  /** Of the submission being executed; `startedNs` is negative between two. */
  readonly times: ServiceTimes = {
    startedNs: -1,
    drainNs: 0,
    visibleNs: 0,
    lateNs: 0,
  };
  /** IOTLB invalidations since the last wait. */
  inSubmission = 0;
  /** A device did not answer: the next wait must not complete. */
  timedOut = false;
  /** Devices that translate through this IOMMU. */
  readonly devices: readonly number[];
  private counting = false;

  constructor(cpu: Cpu, machine: Machine, iommu: number, costs: Costs) {
    this.cpu = cpu;
    this.machine = machine;
    this.iommu = machine.iommus[iommu];
    this.iotlb = machine.iotlbs[iommu];
    this.costs = costs;
    this.devices = Array.from({ length: machine.shape.devices }, (_, device) => device).filter(
      (device) => iommuOfDevice(device, machine.shape.iommus) === iommu,
    );
  }

  /** Forgets what was counted in the warm-up, once all initiators are done with theirs. */
  countFromHere(): void {
    if (this.counting || !this.machine.control.measuring) return;
    this.counting = true;
    Object.assign(this.counters, new IommuCounters());
  }
}

/** Devices are dealt out to the IOMMUs in turn. */
export function iommuOfDevice(device: number, iommus: number): number {
  return device % iommus;
}

/** The IOMMU's main loop, until the run is over. */
export function* serveInvalidations(unit: InvalidationUnit): Protocol<void> {
  const { cpu, machine, iommu } = unit;
  machine.actors.waits(cpu.id, WAIT_WORK, 0);
  while (!machine.control.stopped) {
    const dueNs = nextDueNs(unit);
    if (dueNs > cpu.now()) {
      if (cpu.sleep(dueNs)) yield;
      if (dueNs > cpu.now()) continue;
    }
    unit.countFromHere();
    begin(unit, dueNs);
    if (iommu.queueEnabled) yield* executeDescriptor(unit);
    else yield* executeCommand(unit);
    machine.actors.progressed(cpu.id);
  }
}

/** When there is something to do: the due time of the next descriptor or command, or Infinity. */
function nextDueNs(unit: InvalidationUnit): number {
  const { iommu } = unit;
  if (!iommu.queueEnabled) {
    return iommu.pendingCommand() === 0 ? Number.POSITIVE_INFINITY : iommu.commandDueNs();
  }
  // A queue with an error, or with a device that timed out, stands still until software has cleared it.
  if ((iommu.faults & (FSTS_IQE | FSTS_ITE)) !== 0) return Number.POSITIVE_INFINITY;
  return iommu.head === iommu.tail ? Number.POSITIVE_INFINITY : iommu.dueNs(iommu.head);
}

/** Service of a submission begins, unless it is under way. */
function begin(unit: InvalidationUnit, dueNs: number): void {
  const { times, cpu } = unit;
  if (times.startedNs >= 0) return;
  times.startedNs = cpu.now();
  // Late is only what this submission waited for the host, not for the service of another.
  times.lateNs = Math.min(cpu.lateNs, cpu.now() - dueNs);
  times.drainNs = 0;
}

function* executeCommand(unit: InvalidationUnit): Protocol<void> {
  const { cpu, iommu, times, costs } = unit;
  const command = iommu.pendingCommand();
  const granularity = commandGranularity(command);
  const did = commandDid(command);
  cpu.spend(granularity === GRANULARITY_GLOBAL ? costs.iotlbGlobalNs : costs.iotlbDomainNs);
  if (cpu.point()) yield;
  iommu.countInvalidation();
  if (granularity === GRANULARITY_GLOBAL) iommu.flushAll();
  else iommu.flushDomain(did);
  countIotlb(unit, granularity);
  yield* awaitInFlight(unit, commandDrains(command));
  unit.inSubmission = 0;
  times.visibleNs = cpu.now() + costs.registerPollNs;
  const from = iommu.commandFrom();
  iommu.completeCommand(times);
  times.startedNs = -1;
  cpu.ring(from, times.visibleNs);
}

/** Fetches and executes one descriptor; the head moves behind it unless it is refused. */
function* executeDescriptor(unit: InvalidationUnit): Protocol<void> {
  const { cpu, iommu, costs } = unit;
  const index = iommu.head;
  const words = iommu.fetch(index);
  const from = iommu.fromOf(index);
  if (!isValidDescriptor(words)) {
    if (cpu.point()) yield;
    iommu.raiseFault(FSTS_IQE);
    cpu.ring(from, cpu.now());
    return;
  }
  switch (descriptorType(words[0])) {
    case TYPE_IOTLB:
      yield* invalidateIotlb(unit, words);
      break;
    case TYPE_CONTEXT_CACHE:
      cpu.spend(costs.contextCacheNs);
      if (cpu.point()) yield;
      decodeContextCache(words);
      unit.counters.contextCache++;
      break;
    case TYPE_DEVICE_TLB:
      yield* invalidateDeviceTlb(unit, words, from);
      break;
    case TYPE_WAIT:
      yield* completeWait(unit, words);
      break;
  }
  iommu.advanceHead();
  if (descriptorType(words[0]) === TYPE_WAIT) cpu.ring(from, unit.times.visibleNs);
}

function* invalidateIotlb(unit: InvalidationUnit, words: Descriptor): Protocol<void> {
  const { cpu, iommu, iotlb } = unit;
  const request = decodeIotlb(words);
  cpu.spend(serviceNs(unit, request.granularity));
  if (cpu.point()) yield;
  iommu.countInvalidation();
  if (request.granularity === GRANULARITY_GLOBAL) iommu.flushAll();
  else if (request.granularity === GRANULARITY_DOMAIN) iommu.flushDomain(request.did);
  else iotlb.invalidatePages(request.did, request.vpn, pagesOfMask(request.addressMask));
  countIotlb(unit, request.granularity);
  yield* awaitInFlight(unit, request.drainReads || request.drainWrites);
}

/** The first invalidation of a submission pays its granularity; those behind it are cheaper. */
function serviceNs(unit: InvalidationUnit, granularity: number): number {
  const { costs } = unit;
  if (unit.inSubmission > 0) return costs.furtherDescriptorNs;
  if (granularity === GRANULARITY_GLOBAL) return costs.iotlbGlobalNs;
  return granularity === GRANULARITY_DOMAIN ? costs.iotlbDomainNs : costs.iotlbPageNs;
}

function* invalidateDeviceTlb(
  unit: InvalidationUnit,
  words: Descriptor,
  from: number,
): Protocol<void> {
  const { cpu, iommu, costs, machine } = unit;
  cpu.spend(costs.deviceTlbNs);
  if (cpu.point()) yield;
  unit.counters.deviceTlb++;
  const device = decodeDeviceTlb(words).sourceId;
  const state = device < machine.devices.count ? machine.devices.stateOf(device) : DEVICE_REMOVED;
  if (state === DEVICE_REMOVED) unit.timedOut = true;
  if (state !== DEVICE_ERRONEOUS) return;
  iommu.raiseFault(FSTS_ICE);
  cpu.ring(from, cpu.now());
}

/** All before it is complete, as this unit is serial; unless a device did not answer. */
function* completeWait(unit: InvalidationUnit, words: Descriptor): Protocol<void> {
  const { cpu, iommu, times, costs, counters } = unit;
  const wait = decodeWait(words);
  if (cpu.point()) yield;
  times.visibleNs = cpu.now() + costs.statusWriteNs;
  unit.inSubmission = 0;
  counters.waits++;
  if (unit.timedOut) {
    unit.timedOut = false;
    iommu.raiseFault(FSTS_ITE);
  } else if (wait.statusWrite) {
    iommu.writeStatus(wait.statusAddress, wait.statusData, times);
  }
  times.startedNs = -1;
}

/** Waits for walks in flight, and for DMA in flight if `drain`: a device cannot be stopped. */
function* awaitInFlight(unit: InvalidationUnit, drain: boolean): Protocol<void> {
  const { cpu, machine, iommu, times } = unit;
  const { devices, actors } = machine;
  if (unit.devices.length === 0) return;
  const beganNs = cpu.now();
  iommu.setDraining(true);
  for (const device of unit.devices) {
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
}

function countIotlb(unit: InvalidationUnit, granularity: number): void {
  const { counters } = unit;
  unit.inSubmission++;
  if (granularity === GRANULARITY_GLOBAL) counters.globalFlushes++;
  else if (granularity === GRANULARITY_DOMAIN) counters.domainFlushes++;
  else counters.pageFlushes++;
}

function pagesOfMask(addressMask: number): number {
  return 1 << addressMask;
}
