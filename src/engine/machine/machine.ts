// A machine: all parts over one SharedArrayBuffer. `createMachine` lays it out and formats it; each
// worker attaches to the same memory by `new Machine(memory, shape)` and gets the same layout.

import { UsageError } from "../errors.ts";
import { TABLE_ENTRIES } from "../layout/address.ts";
import { layOut, type Regions, type Views, viewsOf } from "../layout/regions.ts";
import { actorsOf, checkShape, DEVICE_TLB, type MachineShape } from "../layout/shape.ts";
import { Actors } from "./actors.ts";
import { Control } from "./control.ts";
import { CoreStates } from "./core-states.ts";
import { CoreTimers } from "./core-timers.ts";
import { Devices } from "./devices.ts";
import { FlushQueues } from "./flush-queues.ts";
import { Frames, NO_FRAME } from "./frames.ts";
import { Interconnect } from "./interconnect.ts";
import { Iommu } from "./iommu.ts";
import { Iotlb } from "./iotlb.ts";
import { LivePages } from "./live-pages.ts";
import { Locks } from "./locks.ts";
import { Mailboxes } from "./mailboxes.ts";
import { PageTables } from "./page-table.ts";
import { PagingStructures } from "./paging-structures.ts";
import { Promises } from "./promises.ts";
import { Rings } from "./rings.ts";
import { Spaces } from "./spaces.ts";
import { CoreTlb } from "./tlb.ts";

const MEBIBYTE = 1_048_576;

export class Machine {
  readonly memory: SharedArrayBuffer;
  readonly shape: MachineShape;
  readonly control: Control;
  readonly actors: Actors;
  readonly locks: Locks;
  readonly spaces: Spaces;
  readonly coreStates: CoreStates;
  readonly timers: CoreTimers;
  readonly mailboxes: Mailboxes;
  readonly interconnect: Interconnect;
  readonly frames: Frames;
  readonly pageTables: PageTables;
  readonly flushQueues: FlushQueues;
  readonly livePages: LivePages;
  readonly devices: Devices;
  readonly rings: Rings;
  readonly iommus: readonly Iommu[];
  readonly iotlbs: readonly Iotlb[];
  /** By device; none without ATS. */
  readonly deviceTlbs: readonly Iotlb[];
  readonly promises: Promises;
  readonly regions: Regions;
  private readonly coreTlbs: Views;
  private readonly deviceStructures: Views;

  constructor(memory: SharedArrayBuffer, shape: MachineShape) {
    const regions = layOut(shape);
    this.memory = memory;
    this.shape = shape;
    this.regions = regions;
    this.control = new Control(memory, regions);
    this.actors = new Actors(memory, regions);
    this.locks = new Locks(memory, regions, shape.cores);
    this.spaces = new Spaces(memory, regions, shape.cores);
    this.coreStates = new CoreStates(memory, regions);
    this.timers = new CoreTimers(shape.cores);
    this.mailboxes = new Mailboxes(memory, regions);
    this.interconnect = new Interconnect(memory, regions);
    this.frames = new Frames(memory, regions, shape);
    this.pageTables = new PageTables(memory, regions, this.frames);
    this.flushQueues = new FlushQueues(memory, regions, shape.flushQueueSlots);
    this.livePages = new LivePages(memory, regions);
    this.devices = new Devices(memory, regions);
    this.rings = new Rings(memory, regions, shape.ringSlots);
    const ids = Array.from({ length: shape.iommus }, (_, iommu) => iommu);
    this.iommus = ids.map((iommu) => new Iommu(memory, regions, iommu));
    this.iotlbs = ids.map((iommu) => new Iotlb(memory, regions.iotlbs, shape.iotlb, iommu));
    this.deviceTlbs = Array.from({ length: regions.deviceTlbs.count }, (_, device) => {
      return new Iotlb(memory, regions.deviceTlbs, DEVICE_TLB, device);
    });
    this.promises = new Promises(memory, regions);
    this.coreTlbs = viewsOf(memory, regions.coreTlbs);
    this.deviceStructures = viewsOf(memory, regions.deviceStructures);
  }

  /** The TLB of a core, for its owner or at rest. */
  tlbOf(core: number): CoreTlb {
    return new CoreTlb(this.coreTlbs, this.shape, core);
  }

  /** Whether nobody has anything to do that was sent to it. */
  get isQuiet(): boolean {
    return this.mailboxes.areEmpty && this.iommus.every(({ isIdle }) => isIdle);
  }

  /** The paging-structure caches of a device, for their owner or at rest. */
  structuresOf(device: number): PagingStructures {
    const views = this.deviceStructures;
    return new PagingStructures(views, device * views.strideWords, this.shape.cachedRegions);
  }

  /** The first of the IOMMUs that stand in a word of bits, which is not 0. */
  firstIommu(bits: number): Iommu {
    return this.iommus[31 - Math.clz32(bits & -bits)];
  }

  get actorCount(): number {
    return actorsOf(this.shape);
  }

  lockOfSpace(space: number): number {
    return space;
  }

  /**
   * Of the entries from page `vpn` on: the space's, or that of their leaf table where these have
   * locks of their own (Linux: USE_SPLIT_PTE_PTLOCKS); a range that reaches on has its first's.
   */
  lockOfEntries(space: number, vpn: number): number {
    const { tableLocks } = this.shape;
    if (tableLocks === undefined) return space;
    return this.serialLock + 1 + ((space + Math.floor(vpn / TABLE_ENTRIES)) % tableLocks);
  }

  lockOfIommu(iommu: number): number {
    return this.shape.spaces + iommu;
  }

  lockOfFlushQueue(core: number): number {
    return this.shape.spaces + this.shape.iommus + core;
  }

  /** Of what a workload says that only one core can be in (src/workloads/serial.ts). */
  get serialLock(): number {
    return this.lockOfFlushQueue(this.shape.cores);
  }
}

/**
 * Lays out and formats a machine: every frame free, a root table for each space, all IOMMUs
 * attached to space 0, whose domain id is 1.
 * @throws UsageError if the shape is beyond the limits or there is not enough memory for it.
 */
export function createMachine(shape: MachineShape, queueEnabled: boolean): Machine {
  checkShape(shape);
  const machine = new Machine(allocate(layOut(shape).bytes), shape);
  machine.frames.format();
  for (let space = 0; space < shape.spaces; space++) {
    const root = machine.frames.allocateTable(space);
    if (root === NO_FRAME) throw new UsageError(`no table frame is left for space ${space}`);
    machine.spaces.setRoot(space, root);
  }
  for (const iommu of machine.iommus) {
    iommu.format(queueEnabled);
    machine.spaces.attach(0, iommu.id);
  }
  return machine;
}

/** Domain id of a space; 0 is reserved (VT-d caching mode). */
export function didOf(space: number): number {
  return space + 1;
}

/** Process-context id of a space. */
export function pcidOf(space: number): number {
  return space + 1;
}

/** The space that has a domain id, or a process-context id. */
export function spaceOf(context: number): number {
  return context - 1;
}

function allocate(bytes: number): SharedArrayBuffer {
  try {
    return new SharedArrayBuffer(bytes);
  } catch (error) {
    throw new UsageError(
      `this machine needs ${Math.ceil(bytes / MEBIBYTE)} MiB of shared memory, which the host ` +
        `refuses: ` +
        `ask for fewer cores or pages (${String(error)})`,
    );
  }
}
