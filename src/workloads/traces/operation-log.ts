// Operations as they are found while a trace is read: of all processes, in columns that grow, some
// 40 bytes each. In the end those of one process are packed for the replay.

import {
  OPERATION_CAUSES,
  OPERATION_KINDS,
  type OperationCause,
  type OperationKind,
  TraceOperations,
  type TraceOperationsData,
} from "./operations.ts";

const codeOf = (kind: OperationKind) => OPERATION_KINDS.indexOf(kind);

/**
 * Codes in the column of kinds: indexes into OPERATION_KINDS, and three that exist only in the log.
 */
export const KIND = {
  map: codeOf("map"),
  mapZero: codeOf("map-zero"),
  cow: codeOf("cow"),
  unmap: codeOf("unmap"),
  protect: codeOf("protect"),
  load: codeOf("load"),
  idle: codeOf("idle"),
  other: codeOf("other"),
  /** A switch whose next thread, in the column of vpns, is still to be resolved. */
  switch: OPERATION_KINDS.length,
  /** An mremap to another place, which a Move describes. */
  move: OPERATION_KINDS.length + 1,
  /** Addresses that an mmap or an mremap reserves. */
  reserve: OPERATION_KINDS.length + 2,
} as const;

/** The owner of a switch before it is resolved. */
export const NOBODY = -1;

/** Of an mremap: the first `pages` of the old place go to the new one, all `fromPages` go away. */
export interface Move {
  readonly fromVpn: number;
  readonly fromPages: number;
  readonly toVpn: number;
  readonly pages: number;
}

/** Operations as they are found, in columns that grow; turned into TraceOperations at the end. */
export class OperationLog {
  length = 0;
  /** CPU numbers. */
  cpus = new Int32Array(1024);
  atNs = new Float64Array(1024);
  vpns = new Float64Array(1024);
  pages = new Float64Array(1024);
  kinds = new Uint8Array(1024);
  causes = new Uint8Array(1024);
  writable = new Uint8Array(1024);
  tables = new Uint8Array(1024);
  /** Whose operation it is: ProcessImage.id, or NOBODY. */
  owners = new Int32Array(1024);

  /** Adds an operation and returns its index. `kind` is one of KIND. */
  push(
    owner: number,
    cpu: number,
    atNs: number,
    kind: number,
    cause: OperationCause,
    vpn = 0,
    pages = 0,
    writable = false,
  ): number {
    if (this.length === this.cpus.length) this.grow();
    const index = this.length++;
    this.owners[index] = owner;
    this.cpus[index] = cpu;
    this.atNs[index] = atNs;
    this.kinds[index] = kind;
    this.causes[index] = OPERATION_CAUSES.indexOf(cause);
    this.vpns[index] = vpn;
    this.pages[index] = pages;
    this.writable[index] = writable ? 1 : 0;
    this.tables[index] = 0;
    return index;
  }

  private grow(): void {
    const length = 2 * this.cpus.length;
    const copy = <T extends Int32Array | Float64Array | Uint8Array>(larger: T, old: T): T => {
      larger.set(old);
      return larger;
    };
    this.cpus = copy(new Int32Array(length), this.cpus);
    this.atNs = copy(new Float64Array(length), this.atNs);
    this.vpns = copy(new Float64Array(length), this.vpns);
    this.pages = copy(new Float64Array(length), this.pages);
    this.kinds = copy(new Uint8Array(length), this.kinds);
    this.causes = copy(new Uint8Array(length), this.causes);
    this.writable = copy(new Uint8Array(length), this.writable);
    this.tables = copy(new Uint8Array(length), this.tables);
    this.owners = copy(new Int32Array(length), this.owners);
  }
}

/** Packs the logged operations at `indexes`, in order of time, with times counted from `zeroNs`. */
export function packOperations(
  log: OperationLog,
  indexes: readonly number[],
  zeroNs: number,
): TraceOperations {
  const cpus = Int32Array.from(new Set(indexes.map((index) => log.cpus[index]!))).sort();
  const cpuIndexes = new Map([...cpus].map((cpu, cpuIndex) => [cpu, cpuIndex]));
  const cpuIndexOf = (index: number) => cpuIndexes.get(log.cpus[index]!)!;
  const data = allocate(cpus, indexes.length);
  for (const index of indexes) data.firsts[cpuIndexOf(index) + 1]++;
  for (let cpu = 0; cpu < cpus.length; cpu++) data.firsts[cpu + 1] += data.firsts[cpu]!;
  const next = data.firsts.slice();
  indexes.forEach((index, order) => {
    const place = next[cpuIndexOf(index)]++;
    data.byTime[order] = place;
    data.atNs[place] = log.atNs[index]! - zeroNs;
    data.vpns[place] = log.vpns[index]!;
    data.pages[place] = log.pages[index]!;
    data.kinds[place] = log.kinds[index]!;
    data.causes[place] = log.causes[index]!;
    data.writable[place] = log.writable[index]!;
    data.tables[place] = log.tables[index]!;
  });
  return new TraceOperations(data);
}

function allocate(cpus: Int32Array, length: number): TraceOperationsData {
  const shared = (bytes: number) => new SharedArrayBuffer(bytes);
  const sharedCpus = new Int32Array(shared(4 * cpus.length));
  sharedCpus.set(cpus);
  return {
    cpus: sharedCpus,
    firsts: new Int32Array(shared(4 * (cpus.length + 1))),
    byTime: new Int32Array(shared(4 * length)),
    atNs: new Float64Array(shared(8 * length)),
    skippedNs: new Float64Array(shared(8 * length)),
    vpns: new Float64Array(shared(8 * length)),
    pages: new Float64Array(shared(8 * length)),
    kinds: new Uint8Array(shared(length)),
    causes: new Uint8Array(shared(length)),
    writable: new Uint8Array(shared(length)),
    tables: new Uint8Array(shared(length)),
  };
}
