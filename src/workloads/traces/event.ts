// One event of a `perf script` text, and the table of the tracepoints that mean something here.
//
// A reader hands out one TraceEvent again and again: copy what must be kept. The fields of the
// header are always set, those of the payload only where the event's kind has them:
//
// kind             payload fields
// enter            cause, address, bytes, bits (mmap, mprotect: prot; madvise: behavior),
//                  flags (mmap, mremap), newAddress and newBytes (mremap)
// exit             cause, result, failed
// fault            cause (page_fault), address, bits (error code)
// flush            pages (ALL_PAGES: all), reason
// queue            targetCpu, csd, callee
// send             targets, isCall
// functionEntry    csd (0: the local flush, which has none), callee; functionExit as well
// interruptEntry   none; interruptExit as well
// switch           nextTid
// exec             none
// other            none

/** What made the kernel change a translation; `other` is whatever the trace does not show. */
export const CAUSES = [
  "munmap",
  "madvise",
  "mprotect",
  "mremap",
  "mmap",
  "page_fault",
  "other",
] as const;
export type Cause = (typeof CAUSES)[number];

export const EventKind = {
  other: 0,
  enter: 1,
  exit: 2,
  fault: 3,
  flush: 4,
  queue: 5,
  send: 6,
  functionEntry: 7,
  functionExit: 8,
  interruptEntry: 9,
  interruptExit: 10,
  switch: 11,
  exec: 12,
} as const;
export type EventKind = (typeof EventKind)[keyof typeof EventKind];

/** Whom a call-function request calls: `unnamed` where the kernel's symbols could not be read. */
export const Callee = { flush: 0, unnamed: 1, another: 2 } as const;
export type Callee = (typeof Callee)[keyof typeof Callee];

/** `tlb_flush` reasons (include/linux/mm_types.h, enum tlb_flush_reason). */
export const FlushReason = {
  taskSwitch: 0,
  remoteShootdown: 1,
  localShootdown: 2,
  localMmShootdown: 3,
  remoteIpiSend: 4,
  remoteWrongCpu: 5,
} as const;

/** A flush of everything, as `tlb_flush pages:-1` writes it. */
export const ALL_PAGES = -1;
/** The pid of a line that has none: `perf script` without the field `pid`, or an exited thread. */
export const NO_PID = -1;

export class TraceEvent {
  kind: EventKind = EventKind.other;
  name = "";
  /** Whole ns since the full second in which the trace's first event lies (TraceSummary.baseS). */
  timeNs = 0;
  cpu = 0;
  pid: number = NO_PID;
  tid = -1;

  cause: Cause = "other";
  address = 0;
  bytes = 0;
  bits = 0;
  flags = 0;
  newAddress = 0;
  newBytes = 0;
  result = 0;
  failed = false;
  pages = 0;
  reason = 0;
  targetCpu = 0;
  targets: readonly number[] = [];
  csd = 0;
  callee: Callee = Callee.another;
  isCall = false;
  nextTid = 0;

  private text: Buffer = Buffer.alloc(0);
  private commStart = 0;
  private commEnd = 0;

  /** The thread's name, without padding. Valid only while the reader is handing out this event. */
  comm(): string {
    return this.text.toString("utf8", this.commStart, this.commEnd);
  }

  /** For the parser: where the name stands, so that only those who ask for it pay for a string. */
  setComm(text: Buffer, start: number, end: number): void {
    this.text = text;
    this.commStart = start;
    this.commEnd = end;
  }

  /** Copies everything but the thread's name. */
  copyFrom(event: TraceEvent): void {
    this.kind = event.kind;
    this.name = event.name;
    this.timeNs = event.timeNs;
    this.cpu = event.cpu;
    this.pid = event.pid;
    this.tid = event.tid;
    this.cause = event.cause;
    this.address = event.address;
    this.bytes = event.bytes;
    this.bits = event.bits;
    this.flags = event.flags;
    this.newAddress = event.newAddress;
    this.newBytes = event.newBytes;
    this.result = event.result;
    this.failed = event.failed;
    this.pages = event.pages;
    this.reason = event.reason;
    this.targetCpu = event.targetCpu;
    this.targets = event.targets;
    this.csd = event.csd;
    this.callee = event.callee;
    this.isCall = event.isCall;
    this.nextTid = event.nextTid;
  }
}

/** What a tracepoint's name says: its kind and, for system calls and faults, the cause. */
export interface EventMeaning {
  readonly kind: EventKind;
  readonly cause: Cause;
}

const UNKNOWN: EventMeaning = { kind: EventKind.other, cause: "other" };
const SYSCALLS: readonly Cause[] = ["mmap", "munmap", "madvise", "mprotect", "mremap"];

const MEANINGS: ReadonlyMap<string, EventMeaning> = new Map([
  ...SYSCALLS.flatMap((cause): [string, EventMeaning][] => [
    [`syscalls:sys_enter_${cause}`, { kind: EventKind.enter, cause }],
    [`syscalls:sys_exit_${cause}`, { kind: EventKind.exit, cause }],
  ]),
  ["exceptions:page_fault_user", { kind: EventKind.fault, cause: "page_fault" }],
  ...Object.entries({
    "tlb:tlb_flush": EventKind.flush,
    "csd:csd_queue_cpu": EventKind.queue,
    "ipi:ipi_send_cpu": EventKind.send,
    "ipi:ipi_send_cpumask": EventKind.send,
    "csd:csd_function_entry": EventKind.functionEntry,
    "csd:csd_function_exit": EventKind.functionExit,
    "irq_vectors:call_function_single_entry": EventKind.interruptEntry,
    "irq_vectors:call_function_entry": EventKind.interruptEntry,
    "irq_vectors:call_function_single_exit": EventKind.interruptExit,
    "irq_vectors:call_function_exit": EventKind.interruptExit,
    "sched:sched_switch": EventKind.switch,
    "sched:sched_process_exec": EventKind.exec,
  }).map(([name, kind]): [string, EventMeaning] => [name, { kind, cause: "other" }]),
]);

/** The meaning of a tracepoint `system:name`; those that mean nothing here are `other`. */
export function meaningOf(name: string): EventMeaning {
  return MEANINGS.get(name) ?? UNKNOWN;
}
