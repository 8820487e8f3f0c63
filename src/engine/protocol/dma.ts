// A device: keeps translating and completing DMA through its IOMMU until the run is over. Nobody
// can stop it; its IOMMU can only wait for what it has in flight.
//
// A fill races with invalidations. It reads the IOMMU's count before the walk and again after the
// insert; if that has moved, it takes its own entry out again. The IOMMU, in turn, moves the count
// before entries vanish and waits for walks in flight.

import type { Cpu, Protocol } from "../executor/cpu.ts";
import { isPresent, pfnOf, WRITABLE } from "../layout/pte.ts";
import { iommuActor } from "../layout/shape.ts";
import { WAIT_WORK } from "../machine/actors.ts";
import { DEVICE_REMOVED } from "../machine/devices.ts";
import type { Iommu } from "../machine/iommu.ts";
import { IOTLB_MISS, type Iotlb, type IotlbHit } from "../machine/iotlb.ts";
import { NO_PAGE } from "../machine/live-pages.ts";
import { didOf, type Machine } from "../machine/machine.ts";
import { NO_LEAF } from "../machine/page-table.ts";
import { DeviceCounters } from "../probe/counters.ts";
import type { Costs } from "../profile/costs.ts";
import type { Random } from "../random.ts";
import { iommuOfDevice } from "./iommu.ts";

/** A device as its actor sees it. */
export class DmaEngine {
  readonly id: number;
  readonly cpu: Cpu;
  readonly machine: Machine;
  readonly iommu: Iommu;
  readonly iotlb: Iotlb;
  readonly costs: Costs;
  readonly random: Random;
  readonly counters = new DeviceCounters();
  /** From the start of one DMA to the start of the next, in ns. */
  readonly periodNs: number;
  /** The space it translates in, and pages of its own there that stay mapped. */
  readonly space = 0;
  readonly bufferVpn: number;
  readonly bufferPages: number;
  /** Whether its DMA writes to memory, or only reads. */
  readonly writes: boolean;
  private readonly hit: IotlbHit = { pte: 0, version: 0, tag: 0 };

  constructor(
    id: number,
    cpu: Cpu,
    machine: Machine,
    costs: Costs,
    random: Random,
    periodNs: number,
    bufferVpn: number,
    bufferPages: number,
    writes = true,
  ) {
    const iommu = iommuOfDevice(id, machine.shape.iommus);
    this.id = id;
    this.cpu = cpu;
    this.machine = machine;
    this.iommu = machine.iommus[iommu];
    this.iotlb = machine.iotlbs[iommu];
    this.costs = costs;
    this.random = random;
    this.periodNs = periodNs;
    this.bufferVpn = bufferVpn;
    this.bufferPages = bufferPages;
    this.writes = writes;
  }

  /** The translation of `vpn` in the IOTLB, or 0. */
  lookup(vpn: number): number {
    const did = didOf(this.space);
    return this.iotlb.lookup(did, vpn, this.iommu.epochOf(did), this.hit) ? this.hit.pte : 0;
  }

  /** Walks the space's page table and fills the IOTLB. Returns the entry, or 0 for a fault. */
  fill(vpn: number): number {
    const { machine, iommu, iotlb, writes } = this;
    const { pageTables, frames, spaces, devices } = machine;
    const did = didOf(this.space);
    const invalidations = iommu.invalidations;
    const epoch = iommu.epochOf(did);
    if (devices.isBlocked(this.id)) return 0;
    const leaf = pageTables.leafOf(spaces.rootOf(this.space), vpn);
    if (leaf === NO_LEAF) return 0;
    for (;;) {
      const version = pageTables.versionOf(leaf); // Before the entry, and again after it.
      const pte = pageTables.use(leaf, writes);
      if (!isPresent(pte) || (writes && (pte & WRITABLE) === 0)) return 0;
      const tag = frames.tagOf(pfnOf(pte));
      if (pageTables.versionOf(leaf) !== version) continue;
      const serial = iommu.nextFillSerial();
      const entry = iotlb.insert(did, vpn, pte, version, tag, epoch, serial);
      if (entry !== IOTLB_MISS && iommu.invalidations !== invalidations)
        iotlb.remove(entry, serial);
      return pte;
    }
  }

  /** Half of the DMAs go to the device's own buffer, half to a live page that some core mapped. */
  pickPage(): number {
    const { random, machine } = this;
    const own = this.bufferVpn + random.below(this.bufferPages);
    if (random.below(2) === 0) return own;
    for (let attempt = 0; attempt < LIVE_ATTEMPTS; attempt++) {
      const page = machine.livePages.pick(random.below(machine.livePages.mappers), random.next());
      if (page !== NO_PAGE && this.isMapped(page)) return page;
    }
    return own;
  }

  private isMapped(vpn: number): boolean {
    const { pageTables, spaces } = this.machine;
    const leaf = pageTables.leafOf(spaces.rootOf(this.space), vpn);
    return leaf !== NO_LEAF && isPresent(pageTables.read(leaf));
  }
}

/** Pages that were mapped lately are tried so often before the buffer has to do. */
const LIVE_ATTEMPTS = 4;

/** The device's main loop, until the run is over. */
export function* transfer(engine: DmaEngine): Protocol<void> {
  const { cpu, machine } = engine;
  machine.actors.waits(cpu.id, WAIT_WORK, 0);
  let nextNs = engine.random.around(engine.periodNs);
  while (!machine.control.stopped) {
    if (nextNs > cpu.now()) {
      if (cpu.sleep(nextNs)) yield;
      continue;
    }
    if (machine.devices.stateOf(engine.id) === DEVICE_REMOVED) {
      nextNs = cpu.now() + engine.periodNs;
      continue;
    }
    yield* transferPage(engine, engine.pickPage());
    nextNs = Math.max(nextNs + engine.random.around(engine.periodNs), cpu.now());
  }
}

/** One DMA of one page: translated, then in flight until it lands. */
export function* transferPage(engine: DmaEngine, vpn: number): Protocol<void> {
  const { cpu, machine, costs, counters, id } = engine;
  const { devices, frames } = machine;
  if (cpu.point()) yield;
  devices.beginDma(id);
  let pte = engine.lookup(vpn);
  if (pte === 0) {
    counters.iotlbMisses++;
    devices.beginWalk(id);
    cpu.spend(costs.iotlbMissNs);
    if (cpu.point()) yield;
    pte = engine.fill(vpn);
    devices.endWalk(id, cpu.now());
    ringIfDraining(engine);
  }
  if (pte === 0) {
    counters.faults++;
    devices.endDma(id, cpu.now());
    ringIfDraining(engine);
    return;
  }
  cpu.spend(costs.dmaNs);
  if (cpu.point()) yield;
  frames.tagOf(pfnOf(pte)); // The DMA lands: the load of the tag is the access.
  counters.dmas++;
  devices.endDma(id, cpu.now());
  ringIfDraining(engine);
}

function ringIfDraining(engine: DmaEngine): void {
  const { cpu, machine, iommu } = engine;
  if (iommu.draining) cpu.ring(iommuActor(machine.shape, iommu.id), cpu.now());
}
