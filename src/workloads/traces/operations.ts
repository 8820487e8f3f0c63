// The operations of one process, as a replay wants them: by CPU and in order of time, in columns of
// shared memory that worker threads can be handed as they are.
//
// kind       what the replay does                                           vpn, pages
// map        give the page a frame of its own (write fault on nothing)      one page; mremap: a run
// map-zero   map the page read-only to a frame nobody owns: the zero page,  one page
//            or the page cache (read or instruction fault on nothing)
// cow        give the page a new frame; the old translation must go         one page
//            (write fault on something). Not mapped: something was, from
//            before the trace began or a fork, or by the kernel's own access
// unmap      unmap whatever is mapped in the range, with the page-table     range
//            pages that no mapping needs any more
// protect    make what is mapped in the range writable or not               range
// load       the CPU switches to a thread of the process                    none
// idle       the CPU goes idle; the space stays loaded, lazily              none
// other      the CPU switches to another process                            none

export const OPERATION_KINDS = [
  "map",
  "map-zero",
  "cow",
  "unmap",
  "protect",
  "load",
  "idle",
  "other",
] as const;
export type OperationKind = (typeof OPERATION_KINDS)[number];

export const OPERATION_CAUSES = [
  "munmap",
  "madvise",
  "mprotect",
  "mremap",
  "mmap",
  "page_fault",
  "switch",
] as const;
export type OperationCause = (typeof OPERATION_CAUSES)[number];

/** Bits of `tables`: page-table pages go with the range, but not in its first, its last 2 MiB. */
export const FREES_TABLES = 1;
export const KEEPS_FIRST_TABLE = 2;
export const KEEPS_LAST_TABLE = 4;

export interface TraceOperation {
  /** The recorded CPU's number; not an index. */
  readonly cpu: number;
  /** Since the first event of the trace. System calls count from their entry. */
  readonly atNs: number;
  readonly kind: OperationKind;
  /** Of the range's first page: a whole number of up to 36 bits, never to meet a bit operator. */
  readonly vpn: number;
  readonly pages: number;
  /** Of `map`, `map-zero`, `cow` and `protect`: whether the pages are writable afterwards. */
  readonly writable: boolean;
  readonly cause: OperationCause;
  /** Of `unmap`: FREES_TABLES and what is excepted, or 0. */
  readonly tables: number;
}

/** What crosses to a worker thread: columns in shared memory. Read-only once built. */
export interface TraceOperationsData {
  /** CPU numbers, ascending; a CPU's place here is its index. */
  readonly cpus: Int32Array;
  /** Operations of the CPU with index i are firsts[i] to firsts[i + 1] − 1, in order of time. */
  readonly firsts: Int32Array;
  /** Places of all operations in order of time. */
  readonly byTime: Int32Array;
  readonly atNs: Float64Array;
  /** What was left out of the idle time before each operation, in all. */
  readonly skippedNs: Float64Array;
  readonly vpns: Float64Array;
  readonly pages: Float64Array;
  /** Index into OPERATION_KINDS. */
  readonly kinds: Uint8Array;
  /** Index into OPERATION_CAUSES. */
  readonly causes: Uint8Array;
  /** 1 or 0. */
  readonly writable: Uint8Array;
  /** As TraceOperation.tables. */
  readonly tables: Uint8Array;
}

export class TraceOperations {
  readonly data: TraceOperationsData;

  /** From columns that `packOperations` (operation-log.ts) built, perhaps in another thread. */
  constructor(data: TraceOperationsData) {
    this.data = data;
  }

  get length(): number {
    return this.data.byTime.length;
  }

  /** The operation at `place`, 0 to length − 1: by CPU, then by time. */
  at(place: number): TraceOperation {
    const { data } = this;
    return {
      cpu: data.cpus[this.cpuIndexOf(place)]!,
      atNs: data.atNs[place]!,
      kind: OPERATION_KINDS[data.kinds[place]!]!,
      vpn: data.vpns[place]!,
      pages: data.pages[place]!,
      writable: data.writable[place] === 1,
      cause: OPERATION_CAUSES[data.causes[place]!]!,
      tables: data.tables[place]!,
    };
  }

  /** All operations of the CPU with this index (not number), in order of time. */
  *ofCpu(cpuIndex: number): Generator<TraceOperation> {
    const { firsts } = this.data;
    for (let place = firsts[cpuIndex]!; place < firsts[cpuIndex + 1]!; place++) {
      yield this.at(place);
    }
  }

  /** All operations in order of time. */
  *[Symbol.iterator](): Generator<TraceOperation> {
    for (const place of this.data.byTime) yield this.at(place);
  }

  private cpuIndexOf(place: number): number {
    let index = 0;
    while (this.data.firsts[index + 1]! <= place) index++;
    return index;
  }
}
