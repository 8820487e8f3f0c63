// A device: keeps translating and completing DMA through its IOMMU until the run is over. Nobody
// can stop it; its IOMMU can only wait for what it has in flight.
//
// A fill races with invalidations. It reads the IOMMU's count before the walk and again after the
// insert; if that has moved, it takes its own entry out again. The IOMMU, in turn, moves the count
// before entries vanish and waits for walks in flight.
//
// With ATS the device has a TLB of its own: what it finds there it uses without asking. Otherwise
// it asks the IOMMU and keeps the answer, under the same rule with a count of its own. Answering an
// invalidation of its TLB means that nothing it had from there is in flight any more.

import { ActorCheck } from "../check/actor-check.ts";
import type { Cpu, Protocol } from "../executor/cpu.ts";
import { TABLE_ENTRIES } from "../layout/address.ts";
import { isPresent, pfnOf, WRITABLE } from "../layout/pte.ts";
import { TABLE_DROPS } from "../layout/regions.ts";
import { deviceActor, iommuActor } from "../layout/shape.ts";
import { WAIT_WORK } from "../machine/actors.ts";
import { DEVICE_PRESENT } from "../machine/devices.ts";
import { type Iommu, regionOf } from "../machine/iommu.ts";
import { IOTLB_MISS, type Iotlb, type IotlbHit } from "../machine/iotlb.ts";
import { NO_PAGE } from "../machine/live-pages.ts";
import { didOf, type Machine } from "../machine/machine.ts";
import { NO_LEAF } from "../machine/page-table.ts";
import { NO_TABLE, type PagingStructures } from "../machine/paging-structures.ts";
import { DeviceCounters } from "../probe/counters.ts";
import { DMA, type Timeline, timelineOf, WALK } from "../probe/timeline.ts";
import type { Costs } from "../profile/costs.ts";
import type { Random } from "../random.ts";
import { iommuOfDevice } from "./invalidation-unit.ts";

/** Levels of a page table: as many reads as a walk takes that finds nothing cached. */
const LEVELS = 4;

/** A device as its actor sees it. */
export class DmaEngine {
  readonly id: number;
  readonly cpu: Cpu;
  readonly machine: Machine;
  readonly iommu: Iommu;
  readonly iotlb: Iotlb;
  /** Its own TLB, with ATS. */
  readonly deviceTlb: Iotlb | undefined;
  readonly structures: PagingStructures;
  /** Undefined while the checker is off. */
  readonly check: ActorCheck | undefined;
  /** Undefined unless time lines are recorded. */
  readonly timeline: Timeline | undefined;
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
  /** The translation of the DMA under way; its `pte` is 0 for a fault. */
  readonly hit: IotlbHit = { pte: 0, version: 0, tag: 0, leaf: 0 };
  /** Invalidations of its TLB when the DMA under way began to translate. */
  private invalidationsBefore = 0;
  private deviceFills = 0;
  /** What of the paging-structure caches the IOMMU had dropped when they were last looked at … */
  private tablesEpoch = 0;
  private readonly tableDrops = new Int32Array(TABLE_DROPS);
  /** … and of the upper levels, which are those of one region of 1 GiB. */
  private upperEpoch = 0;
  private upperRegion = -1;

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
    this.deviceTlb = machine.shape.ats ? machine.deviceTlbs[id] : undefined;
    this.structures = machine.structuresOf(id);
    const actor = deviceActor(machine.shape, id);
    this.check = machine.shape.checks ? new ActorCheck(machine, actor, cpu) : undefined;
    this.timeline = timelineOf(machine);
    this.costs = costs;
    this.random = random;
    this.periodNs = periodNs;
    this.bufferVpn = bufferVpn;
    this.bufferPages = bufferPages;
    this.writes = writes;
  }

  /** Whether `hit` is now the translation of `vpn` from the device's own TLB, or the IOTLB. */
  lookup(vpn: number): boolean {
    const { hit, deviceTlb, machine, iotlb, iommu } = this;
    const did = didOf(this.space);
    if (deviceTlb !== undefined) {
      this.invalidationsBefore = machine.devices.invalidationsOf(this.id);
      if (deviceTlb.lookup(did, vpn, 0, hit)) return true;
    }
    if (!iotlb.lookup(did, vpn, iommu.epochOf(did), hit)) return false;
    this.keep(vpn);
    return true;
  }

  /** Walks the space's page table into `hit`, and fills the IOTLB. */
  fill(vpn: number): void {
    const { machine, iommu, iotlb, check, hit, writes } = this;
    const { pageTables, frames } = machine;
    const did = didOf(this.space);
    const invalidations = iommu.invalidations;
    const epoch = iommu.epochOf(did);
    hit.pte = 0;
    if (machine.devices.isBlocked(this.id)) return;
    hit.leaf = this.walk(vpn);
    if (hit.leaf === NO_LEAF) return;
    for (;;) {
      hit.version = pageTables.versionOf(hit.leaf); // Before the entry, and again after it.
      const pte = pageTables.use(hit.leaf, writes);
      if (!isPresent(pte) || (writes && (pte & WRITABLE) === 0)) return;
      hit.tag = frames.tagOf(pfnOf(pte));
      if (pageTables.versionOf(hit.leaf) !== hit.version) continue;
      hit.pte = pte;
      break;
    }
    const { pte, version, tag, leaf } = hit;
    const serial = iommu.nextFillSerial();
    const entry = iotlb.insert(did, vpn, pte, version, tag, leaf, epoch, serial, check, iommu);
    if (entry !== IOTLB_MISS && iommu.invalidations !== invalidations) iotlb.remove(entry, serial);
    check?.cached(vpn, pte);
    this.keep(vpn);
  }

  /** Keeps what the IOMMU has answered, in the device's own TLB if it has one. */
  private keep(vpn: number): void {
    const { deviceTlb, machine, hit, check, id } = this;
    if (deviceTlb === undefined) return;
    const serial = ++this.deviceFills;
    const { pte, version, tag, leaf } = hit;
    const did = didOf(this.space);
    const entry = deviceTlb.insert(did, vpn, pte, version, tag, leaf, 0, serial, check);
    if (entry === IOTLB_MISS) return;
    if (machine.devices.invalidationsOf(id) !== this.invalidationsBefore) {
      deviceTlb.remove(entry, serial);
    }
  }

  /**
   * Page-table reads of a walk that begins now: of all levels that the paging-structure caches do
   * not hold. Which those are afterwards is known at once, and their leaf tables when it ends.
   */
  readsOf(vpn: number): number {
    const { iommu, structures } = this;
    this.refresh(vpn);
    if (structures.tableOf(didOf(this.space), vpn) !== NO_TABLE) return 1;
    const upperEpoch = iommu.upperEpoch;
    const upperRegion = Math.floor(vpn / (TABLE_ENTRIES * TABLE_ENTRIES));
    const isCached = upperEpoch === this.upperEpoch && upperRegion === this.upperRegion;
    this.upperEpoch = upperEpoch;
    this.upperRegion = upperRegion;
    return isCached ? 2 : LEVELS;
  }

  /** Takes out of the paging-structure caches what the IOMMU has dropped of the page's region. */
  private refresh(vpn: number): void {
    const { iommu, structures, tableDrops } = this;
    const did = didOf(this.space);
    const epoch = iommu.tablesEpoch; // Before the walk: what it finds is of this epoch at least.
    if (epoch !== this.tablesEpoch) structures.drop(did);
    this.tablesEpoch = epoch;
    const region = regionOf(vpn);
    const drops = iommu.tableDropsOf(region);
    if (drops !== tableDrops[region & (TABLE_DROPS - 1)]) structures.dropRegion(region);
    tableDrops[region & (TABLE_DROPS - 1)] = drops;
  }

  /** Walks to the leaf entry: from the root, or where a way is cached from the leaf table. */
  private walk(vpn: number): number {
    const { machine, structures, space } = this;
    const { pageTables, frames, spaces } = machine;
    const did = didOf(space);
    this.refresh(vpn);
    const cached = structures.tableOf(did, vpn);
    if (cached !== NO_TABLE) {
      this.check?.walkedThrough(space, vpn, cached, structures.tagOf(vpn));
      return pageTables.leafIn(cached, vpn);
    }
    const leaf = pageTables.leafOf(spaces.rootOf(space), vpn);
    if (leaf === NO_LEAF) return NO_LEAF;
    const table = pageTables.tableOf(leaf);
    structures.fill(did, vpn, table, frames.tagOf(table));
    return leaf;
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
    yield* transferPage(engine, engine.pickPage());
    nextNs = Math.max(nextNs + engine.random.around(engine.periodNs), cpu.now());
  }
}

/** One DMA of one page: translated, then in flight until it lands. */
export function* transferPage(engine: DmaEngine, vpn: number): Protocol<void> {
  const { cpu, machine, costs, counters, id } = engine;
  const { devices, frames } = machine;
  if (cpu.point()) yield;
  const beganNs = cpu.now();
  devices.beginDma(id);
  // Behind it: whoever removes the device and waits for what it has in flight waits for this.
  if (devices.stateOf(id) !== DEVICE_PRESENT) {
    devices.endDma(id, cpu.now());
    ringIfDraining(engine);
    return;
  }
  if (!engine.lookup(vpn)) {
    const reads = engine.readsOf(vpn);
    counters.iotlbMisses++;
    counters.tableReads += reads;
    devices.beginWalk(id);
    cpu.spend(costs.iotlbMissNs + reads * costs.iotlbReadNs);
    if (cpu.point()) yield;
    engine.fill(vpn);
    devices.endWalk(id, cpu.now());
    engine.timeline?.did(WALK, beganNs, cpu.now(), vpn);
    ringIfDraining(engine);
  }
  const { pte, leaf, version, tag } = engine.hit;
  if (pte === 0) {
    counters.faults++;
    engine.timeline?.did(DMA, beganNs, cpu.now(), vpn);
    devices.endDma(id, cpu.now());
    ringIfDraining(engine);
    return;
  }
  cpu.spend(costs.dmaNs);
  if (cpu.point()) yield;
  frames.tagOf(pfnOf(pte)); // The DMA lands: the load of the tag is the access.
  engine.check?.used(engine.space, vpn, leaf, pte, version, tag, engine.writes);
  counters.dmas++;
  engine.timeline?.did(DMA, beganNs, cpu.now(), vpn);
  devices.endDma(id, cpu.now());
  ringIfDraining(engine);
}

/** One DMA of one page around the IOMMU: the address is the page's own. */
export function* transferUntranslated(engine: DmaEngine): Protocol<void> {
  const { cpu, machine, costs, counters, id } = engine;
  if (cpu.point()) yield;
  machine.devices.beginDma(id);
  cpu.spend(costs.dmaNs);
  if (cpu.point()) yield;
  counters.dmas++;
  machine.devices.endDma(id, cpu.now());
  ringIfDraining(engine);
}

function ringIfDraining(engine: DmaEngine): void {
  const { cpu, machine, iommu } = engine;
  if (iommu.draining) cpu.ring(iommuActor(machine.shape, iommu.id), cpu.now());
}
