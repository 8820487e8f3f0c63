// A trace as a workload: reads it once, logs what every process did to its mappings, and in the end
// picks one process and puts its operations and its CPUs' context switches in order.
//
// event                                operation
// fault, not present, write            map
// fault, not present, read or fetch    map-zero
// fault, present, write                cow
// munmap; mmap with MAP_FIXED          unmap
// madvise that drops pages             unmap
// mremap                               unmap of what is cut off, or of the old place; map, at the
//                                      new place, of what was mapped at the old one
// mprotect                             protect
// sched_switch                         load, idle, other, where it changes what the CPU has
//
// A system call counts from its entry, and only if it did not fail; without an exit event it is
// taken for successful. A CPU that runs the process without a recorded switch to it gets a load.

import { UsageError } from "../../engine/errors.ts";
import { VPN_LIMIT } from "../../engine/layout/address.ts";
import { Callee, type Cause, EventKind, type TraceEvent } from "./event.ts";
import { type KernelRequest, requestsOf } from "./kernel-counts.ts";
import { KIND, type Move, NOBODY, OperationLog, packOperations } from "./operation-log.ts";
import {
  OPERATION_KINDS,
  type OperationCause,
  type OperationKind,
  type TraceOperations,
} from "./operations.ts";
import { type ProcessImage, ProcessTable } from "./processes.ts";
import { type ReadOptions, readTrace, skippedWarning, type TraceSummary } from "./reader.ts";
import { disorder, Reorder } from "./reorder.ts";
import { checkReplayable, has, requireEvents } from "./requirements.ts";
import { Schedule } from "./schedule.ts";
import type { FinishedShootdown } from "./shootdown.ts";
import { ShootdownTracker } from "./tracker.ts";

const PAGE_BYTES = 4096;

/** x86 page-fault error code (Intel SDM 3A, 4.7). */
const FAULT_PRESENT = 0x1;
const FAULT_WRITE = 0x2;

/** include/uapi/asm-generic/mman-common.h, include/uapi/linux/mman.h. */
const PROT_WRITE = 0x2;
const MAP_FIXED = 0x10;
const MREMAP_FIXED = 0x2;
/**
 * DONTNEED, FREE, REMOVE, PAGEOUT, DONTNEED_LOCKED, GUARD_INSTALL: those that drop translations.
 */
const DROPPING_ADVICE: ReadonlySet<number> = new Set([4, 8, 9, 21, 24, 102]);

export interface WorkloadOptions extends ReadOptions {
  /** The process to replay; by default the one with the most operations that may need a flush. */
  readonly pid?: number;
}

export interface LeftOutProcess {
  readonly pid: number;
  readonly comm: string;
  readonly operations: number;
}

export interface TraceWorkload {
  readonly operations: TraceOperations;
  readonly pid: number;
  readonly comm: string;
  /** CPUs that ran the process; those of `operations`. */
  readonly cpus: readonly number[];
  /** All CPUs that any event of the trace happened on. */
  readonly cpusSeen: readonly number[];
  readonly operationsByKind: Readonly<Record<OperationKind, number>>;
  /** From the process's first event to its last. */
  readonly durationNs: number;
  /** When its first event was, on the time scale of the operations. */
  readonly firstAtNs: number;
  /**
   * Other processes that changed mappings, most operations first; also what a pid was before exec.
   */
  readonly leftOut: readonly LeftOutProcess[];
  /** The kernel's own flush requests for the process; undefined if the trace shows none at all. */
  readonly kernelRequests: readonly KernelRequest[] | undefined;
  /** The same as shootdowns, as `analyzeTrace` has them. */
  readonly shootdowns: readonly FinishedShootdown[] | undefined;
  /** The time of the trace's clock, on which shootdowns are, that the operations' counts from. */
  readonly originNs: number;
  readonly events: number;
  readonly linesSkipped: number;
  readonly warnings: readonly string[];
}

/**
 * Reads the trace at `path` (`-`: standard input) and returns one process's operations. Memory
 * grows with the operations, by some 40 bytes each. Rejects with a UsageError if the trace cannot
 * be read, lacks the events, or has no such process.
 */
export function readWorkload(path: string, options: WorkloadOptions = {}): Promise<TraceWorkload> {
  const builder = new WorkloadBuilder(options.pid);
  return readTrace(path, (event) => builder.accept(event), options).then((summary) => {
    requireEvents(summary, "replay");
    return builder.finish(summary);
  });
}

/** A system call that has been entered and whose exit is awaited. */
interface PendingCall {
  readonly image: ProcessImage;
  readonly cause: Cause & OperationCause;
  readonly cpu: number;
  readonly atNs: number;
  readonly address: number;
  readonly bytes: number;
  readonly bits: number;
  readonly flags: number;
  readonly newAddress: number;
  readonly newBytes: number;
}

class WorkloadBuilder {
  private readonly wantedPid: number | undefined;
  private readonly log = new OperationLog();
  private readonly processes = new ProcessTable();
  private readonly pending = new Map<number, PendingCall>();
  private readonly moves = new Map<number, Move>();
  private readonly cpusSeen = new Set<number>();
  /** The thread that each CPU runs. */
  private readonly running = new Map<number, number>();
  private readonly shootdowns: FinishedShootdown[] = [];
  private readonly tracker = new ShootdownTracker((shootdown) => this.shootdowns.push(shootdown));
  private readonly inOrder = new Reorder((event) => this.tracker.accept(event));
  /** When each CPU was last called by another, if nothing has happened on it since. */
  private readonly wokenNs = new Map<number, number>();
  private firstNs = Number.POSITIVE_INFINITY;
  private hasPid = false;

  constructor(wantedPid: number | undefined) {
    this.wantedPid = wantedPid;
  }

  accept(event: TraceEvent): void {
    this.firstNs = Math.min(this.firstNs, event.timeNs);
    this.cpusSeen.add(event.cpu);
    this.inOrder.push(event);
    if (event.tid >= 0) this.noteRunning(event, event.tid, this.wokenNs.get(event.cpu));
    if (event.kind === EventKind.switch) this.noteRunning(event, event.nextTid, undefined);
    // Whatever one CPU calls another for but flushes: mostly to run a thread that it has woken.
    if (event.kind === EventKind.queue && event.callee === Callee.another) {
      this.wokenNs.set(event.targetCpu, event.timeNs);
    }
    if (event.pid <= 0) return;
    this.hasPid = true;
    const image = this.processes.imageOf(event);
    if (event.kind === EventKind.enter) this.enter(event, image);
    else if (event.kind === EventKind.exit) this.exit(event);
    else if (event.kind === EventKind.fault) this.fault(event, image);
  }

  /**
   * A CPU runs this thread from here on. Any event says so, not only a switch: traces lack some,
   * and a thread that only computes is otherwise seen in nothing but the interrupts that it takes.
   * Without a switch it has been running since the CPU was called to run something, if it was.
   */
  private noteRunning({ cpu, timeNs }: TraceEvent, tid: number, sinceNs = timeNs): void {
    if (this.running.get(cpu) !== tid) {
      this.running.set(cpu, tid);
      this.log.push(NOBODY, cpu, sinceNs, KIND.switch, "switch", tid);
    }
    this.wokenNs.delete(cpu);
  }

  finish(summary: TraceSummary): TraceWorkload {
    for (const call of this.pending.values()) this.perform(call, undefined);
    this.pending.clear();
    this.inOrder.end();
    this.tracker.end();
    if (!this.hasPid) {
      throw new UsageError(
        `cannot replay ${summary.file}: its lines name threads but no processes. ` +
          "Write the text with: perf script --ns -F comm,pid,tid,cpu,time,event,trace",
      );
    }
    const { images } = this.processes;
    const warnings = [
      ...skippedWarning(summary),
      ...checkReplayable(
        summary,
        images.some(({ flushRelevant }) => flushRelevant > 0),
      ),
      ...disorder(this.inOrder.tooLate),
    ];
    const image = this.choose(summary);
    const indexes = new Schedule(this.log, this.processes, this.moves, image).indexes();
    return this.describe(summary, image, indexes, warnings);
  }

  private describe(
    summary: TraceSummary,
    image: ProcessImage,
    indexes: readonly number[],
    warnings: readonly string[],
  ): TraceWorkload {
    const operations = packOperations(this.log, indexes, this.firstNs);
    const counts = new Array<number>(OPERATION_KINDS.length).fill(0);
    const shootdowns = has(summary, "flush") ? this.shootdownsOf(image) : undefined;
    const showsIpis = has(summary, "send") || has(summary, "queue");
    for (const kind of operations.data.kinds) counts[kind]++;
    return {
      operations,
      pid: image.pid,
      comm: image.comm,
      cpus: [...operations.data.cpus],
      cpusSeen: [...this.cpusSeen].sort((a, b) => a - b),
      operationsByKind: Object.fromEntries(
        OPERATION_KINDS.map((kind, code) => [kind, counts[code]!]),
      ) as Record<OperationKind, number>,
      durationNs: image.lastNs - image.firstNs,
      firstAtNs: image.firstNs - this.firstNs,
      leftOut: this.processes.images
        .filter((other) => other !== image && other.operations > 0)
        .sort((a, b) => b.operations - a.operations)
        .map(({ pid, comm, operations }) => ({ pid, comm, operations })),
      kernelRequests: shootdowns && requestsOf(shootdowns, this.firstNs, showsIpis),
      shootdowns,
      originNs: this.firstNs,
      events: summary.events,
      linesSkipped: summary.linesSkipped,
      warnings,
    };
  }

  private shootdownsOf({ pid, startNs, lastNs }: ProcessImage): FinishedShootdown[] {
    return this.shootdowns.filter(({ pid: of, requestNs }) => {
      return of === pid && requestNs >= startNs && requestNs <= lastNs;
    });
  }

  private choose(summary: TraceSummary): ProcessImage {
    const { wantedPid } = this;
    const candidates = this.processes.images.filter(({ operations }) => operations > 0);
    const fitting = candidates.filter(({ pid }) => wantedPid === undefined || pid === wantedPid);
    if (fitting.length === 0) {
      const known = candidates.map(({ pid, comm }) => `${pid} (${comm})`).join(", ");
      throw new UsageError(
        wantedPid === undefined
          ? `cannot replay ${summary.file}: no process changes a mapping in it`
          : `${summary.file} has no process ${wantedPid} that changes a mapping; it has ${known}`,
      );
    }
    return fitting.reduce((best, next) => {
      const more = next.flushRelevant - best.flushRelevant;
      return more > 0 || (more === 0 && next.operations > best.operations) ? next : best;
    });
  }

  private enter(event: TraceEvent, image: ProcessImage): void {
    const earlier = this.pending.get(event.tid);
    if (earlier !== undefined) this.perform(earlier, undefined);
    this.pending.set(event.tid, {
      image,
      cause: event.cause as PendingCall["cause"],
      cpu: event.cpu,
      atNs: event.timeNs,
      address: event.address,
      bytes: event.bytes,
      bits: event.bits,
      flags: event.flags,
      newAddress: event.newAddress,
      newBytes: event.newBytes,
    });
  }

  private exit(event: TraceEvent): void {
    const call = this.pending.get(event.tid);
    if (call === undefined) return;
    this.pending.delete(event.tid);
    if (call.cause !== event.cause) this.perform(call, undefined);
    else if (!event.failed) this.perform(call, event.result);
  }

  private fault(event: TraceEvent, image: ProcessImage): void {
    const vpn = Math.floor(event.address / PAGE_BYTES);
    const isWrite = (event.bits & FAULT_WRITE) !== 0;
    const isPresent = (event.bits & FAULT_PRESENT) !== 0;
    // Reading what is present and forbidden ends in a signal, and changes nothing.
    if (isPresent && !isWrite) return;
    const kind = isPresent ? KIND.cow : isWrite ? KIND.map : KIND.mapZero;
    this.add(image, event.cpu, event.timeNs, kind, "page_fault", vpn, 1, isWrite);
  }

  /** `result` is what the call returned; undefined without an exit event. */
  private perform(call: PendingCall, result: number | undefined): void {
    switch (call.cause) {
      case "munmap":
        this.unmap(call, call.address, call.bytes);
        break;
      case "madvise":
        if (DROPPING_ADVICE.has(call.bits)) this.unmap(call, call.address, call.bytes);
        break;
      case "mprotect":
        this.protect(call);
        break;
      case "mmap":
        if ((call.flags & MAP_FIXED) !== 0) this.unmap(call, call.address, call.bytes);
        if (result !== undefined) this.reserve(call, result, call.bytes);
        break;
      case "mremap":
        this.move(call, result);
        break;
    }
  }

  private reserve(call: PendingCall, address: number, bytes: number): void {
    const { vpn, pages } = pagesOf(address, bytes);
    call.image.touch(address, bytes);
    if (this.wantedPid !== undefined && call.image.pid !== this.wantedPid) return;
    this.log.push(call.image.id, call.cpu, call.atNs, KIND.reserve, call.cause, vpn, pages);
  }

  private unmap(call: PendingCall, address: number, bytes: number): void {
    const { vpn, pages } = pagesOf(address, bytes);
    this.add(call.image, call.cpu, call.atNs, KIND.unmap, call.cause, vpn, pages, false);
  }

  private protect(call: PendingCall): void {
    const { vpn, pages } = pagesOf(call.address, call.bytes);
    const isWritable = (call.bits & PROT_WRITE) !== 0;
    this.add(call.image, call.cpu, call.atNs, KIND.protect, call.cause, vpn, pages, isWritable);
  }

  private move(call: PendingCall, result: number | undefined): void {
    const { address, bytes, newBytes, newAddress } = call;
    if (result === address) {
      this.reserve(call, address, newBytes);
      if (newBytes < bytes) this.unmap(call, address + newBytes, bytes - newBytes);
      return;
    }
    const isFixed = (call.flags & MREMAP_FIXED) !== 0;
    if (isFixed) this.unmap(call, newAddress, newBytes);
    const to = result ?? (isFixed ? newAddress : undefined);
    if (to === undefined) {
      this.unmap(call, address, bytes);
      return;
    }
    const from = pagesOf(address, bytes);
    const index = this.add(
      call.image,
      call.cpu,
      call.atNs,
      KIND.move,
      "mremap",
      from.vpn,
      from.pages,
    );
    if (index === undefined) return;
    this.reserve(call, to, newBytes);
    this.moves.set(index, {
      fromVpn: from.vpn,
      fromPages: from.pages,
      toVpn: Math.floor(to / PAGE_BYTES),
      pages: Math.min(from.pages, pagesOf(to, newBytes).pages),
    });
  }

  /** Logs an operation on pages and returns its index; undefined if it is empty or not wanted. */
  private add(
    image: ProcessImage,
    cpu: number,
    atNs: number,
    kind: number,
    cause: OperationCause,
    vpn: number,
    pages: number,
    writable = false,
  ): number | undefined {
    if (pages <= 0) return undefined;
    image.operations++;
    if (kind !== KIND.map && kind !== KIND.mapZero) image.flushRelevant++;
    if (this.wantedPid !== undefined && image.pid !== this.wantedPid) return undefined;
    return this.log.push(image.id, cpu, atNs, kind, cause, vpn, pages, writable);
  }
}

/** The pages that a range of bytes lies in, up to where addresses end. */
function pagesOf(address: number, bytes: number): { vpn: number; pages: number } {
  const vpn = Math.floor(address / PAGE_BYTES);
  const end = Math.min(Math.ceil((address + bytes) / PAGE_BYTES), VPN_LIMIT);
  return { vpn, pages: bytes <= 0 ? 0 : end - vpn };
}
