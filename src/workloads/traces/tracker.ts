// Follows the shootdowns of a trace, event by event in order of time: which request was made for
// what, who was told, when each target's handler ran, and when the initiator could go on.
//
// state            one for each                bounded by
// Initiator        thread                      LARGEST_INITIATORS, oldest dropped
// Shootdown        initiator: its latest       finished when its thread starts the next one
// Target           CPU told by a shootdown     dropped with it
// Visit            run of the flush on a CPU   claimed by a Target, or LARGEST_UNCLAIMED
//
// A shootdown stays open after its system call has returned, until its thread enters the kernel
// again: the last events of its handlers may come later than the return, which waits only for the
// flush inside them (smp_call_function_many: the csd is unlocked behind csd_function_exit).

import { type CriticalPath, criticalPath } from "./critical-path.ts";
import { ALL_PAGES, Callee, type Cause, EventKind, FlushReason, type TraceEvent } from "./event.ts";

const LARGEST_INITIATORS = 16_384;
const LARGEST_UNCLAIMED = 1024;
/** Of one interrupt: more only if its exit is not in the trace. */
const LARGEST_VISITS = 1024;
/**
 * How far two CPUs' clocks may disagree before a handler is not taken for the answer to a request.
 */
const LARGEST_SKEW_NS = 10_000;
const PAGE_BYTES = 4096;

/** One run of flush_tlb_func on a CPU that was told to. */
class Visit {
  readonly entryNs: number;
  functionExitNs: number | undefined = undefined;
  interruptExitNs: number | undefined = undefined;

  constructor(entryNs: number) {
    this.entryNs = entryNs;
  }

  get isOver(): boolean {
    return this.functionExitNs !== undefined || this.interruptExitNs !== undefined;
  }

  /** When it ended, seen by an initiator that returned at `returnNs`. */
  exitNs(returnNs: number | undefined): number {
    const last = this.interruptExitNs ?? this.functionExitNs ?? this.entryNs;
    const isLater = returnNs !== undefined && last > returnNs;
    return isLater ? (this.functionExitNs ?? last) : last;
  }
}

class Target {
  readonly cpu: number;
  readonly csd: number;
  sentNs: number;
  hasIpi = false;
  visit: Visit | undefined = undefined;

  constructor(cpu: number, csd: number, sentNs: number) {
    this.cpu = cpu;
    this.csd = csd;
    this.sentNs = sentNs;
  }
}

class Shootdown {
  readonly pid: number;
  readonly tid: number;
  readonly cpu: number;
  readonly cause: Cause;
  readonly pages: number;
  readonly rangePages: number | undefined;
  readonly startNs: number;
  readonly isOpened: boolean;
  readonly requestNs: number;
  readonly targets: Target[] = [];
  localStartNs: number | undefined = undefined;
  localEndNs: number | undefined = undefined;
  isLocalOver = false;
  returnNs: number | undefined = undefined;

  /** Asked for by `event`. */
  constructor(
    event: TraceEvent,
    cause: Cause,
    pages: number,
    rangePages?: number,
    startNs?: number,
  ) {
    this.pid = event.pid;
    this.tid = event.tid;
    this.cpu = event.cpu;
    this.cause = cause;
    this.pages = pages;
    this.rangePages = rangePages;
    this.startNs = startNs ?? event.timeNs;
    this.isOpened = startNs !== undefined;
    this.requestNs = event.timeNs;
  }

  /** When both the local flush and the slowest known handler were over. */
  get boundNs(): number {
    let last = this.localEndNs ?? this.requestNs;
    for (const { visit } of this.targets) {
      if (visit !== undefined) last = Math.max(last, visit.exitNs(this.returnNs));
    }
    return last;
  }

  slowest(): Target {
    const exitNs = (target: Target) => target.visit!.exitNs(this.returnNs);
    return this.targets.reduce((slow, next) => (exitNs(next) > exitNs(slow) ? next : slow));
  }
}

class Initiator {
  cause: Cause = "other";
  isInSyscall = false;
  hasFaulted = false;
  rangePages: number | undefined = undefined;
  /**
   * Where the next request's time begins: the entry, or the end of the entry's previous request.
   */
  openNs: number | undefined = undefined;
  shootdown: Shootdown | undefined = undefined;
}

class Interrupt {
  readonly entryNs: number;
  readonly visits: Visit[] = [];

  constructor(entryNs: number) {
    this.entryNs = entryNs;
  }
}

/** A CPU that was told: when, and what of its handler is in the trace. */
export interface ToldCpu {
  readonly cpu: number;
  readonly sentNs: number;
  readonly entryNs: number | undefined;
  readonly exitNs: number | undefined;
}

/** A request that is over: what the kernel did, as far as the trace shows it. */
export interface FinishedShootdown {
  /** Whose it was; negative where the trace does not say. */
  readonly pid: number;
  readonly cause: Cause;
  /** −1: everything. */
  readonly pages: number;
  /** Of the system call it is made in, of a page fault 1; undefined where neither is to be seen. */
  readonly rangePages: number | undefined;
  readonly startNs: number;
  readonly requestNs: number;
  /**
   * CPUs that were queued a flush. 0: all others were idle or elsewhere, only the local flush ran.
   */
  readonly targets: number;
  /** Undefined unless send, delivery and handler of every target are in the trace. */
  readonly path: CriticalPath | undefined;
  /** Undefined where the trace does not show the end. */
  readonly latencyNs: number | undefined;
  /** The thread that asked, and the CPU that it ran on then. */
  readonly tid: number;
  readonly cpu: number;
  /** Its own flush; undefined where it did none, or the trace does not show it. */
  readonly localStartNs: number | undefined;
  readonly localEndNs: number | undefined;
  /** When its flush and all known handlers were over. */
  readonly boundNs: number;
  readonly told: readonly ToldCpu[];
}

export class ShootdownTracker {
  flushRequests = 0;
  ipis = 0;
  /** Handlers whose entry is stamped earlier than what they answer: the CPUs' clocks disagree. */
  skewed = 0;
  /** System calls with a request that had not returned at the end of the trace. */
  cutOff = 0;

  private readonly onFinish: (shootdown: FinishedShootdown) => void;
  private readonly initiators = new Map<number, Initiator>();
  private readonly interrupts = new Map<number, Interrupt>();
  /** Targets whose flush was queued and has not run, by csd. */
  private readonly queued = new Map<number, Target>();
  /** Runs of the flush that nothing was seen to ask for (yet), by csd. */
  private readonly unclaimed = new Map<number, Visit>();
  private readonly running = new Map<number, Visit>();
  /** Without csd_function events: targets by CPU, to be answered by its next interrupt. */
  private readonly waiting = new Map<number, Set<Target>>();
  private hasQueueEvents = false;
  private hasFunctionEvents = false;

  constructor(onFinish: (shootdown: FinishedShootdown) => void) {
    this.onFinish = onFinish;
  }

  /** Takes the next event in order of time; keeps no reference to it. */
  accept(event: TraceEvent): void {
    switch (event.kind) {
      case EventKind.enter:
      case EventKind.fault:
        this.enter(event);
        break;
      case EventKind.exit:
        this.exit(event);
        break;
      case EventKind.flush:
        this.flush(event);
        break;
      case EventKind.queue:
        this.queue(event);
        break;
      case EventKind.send:
        this.send(event);
        break;
      case EventKind.functionEntry:
        this.enterFunction(event);
        break;
      case EventKind.functionExit:
        this.exitFunction(event);
        break;
      case EventKind.interruptEntry:
        this.interrupts.set(event.cpu, new Interrupt(event.timeNs));
        break;
      case EventKind.interruptExit:
        this.exitInterrupt(event);
        break;
      default:
        break;
    }
  }

  /** Finishes what is still open. */
  end(): void {
    for (const initiator of this.initiators.values()) {
      const { shootdown } = initiator;
      if (shootdown !== undefined && initiator.isInSyscall) this.cutOff++;
      this.finish(initiator);
    }
    this.initiators.clear();
  }

  private enter(event: TraceEvent): void {
    const initiator = this.initiatorOf(event.tid);
    if (initiator === undefined) return;
    this.finish(initiator);
    initiator.cause = event.cause;
    initiator.isInSyscall = event.kind === EventKind.enter;
    if (event.kind === EventKind.fault) initiator.hasFaulted = true;
    initiator.rangePages = initiator.isInSyscall ? Math.ceil(event.bytes / PAGE_BYTES) : 1;
    initiator.openNs = event.timeNs;
  }

  private exit(event: TraceEvent): void {
    const initiator = this.initiators.get(event.tid);
    if (initiator === undefined || !initiator.isInSyscall) return;
    if (initiator.shootdown !== undefined) initiator.shootdown.returnNs = event.timeNs;
    initiator.isInSyscall = false;
    initiator.openNs = undefined;
  }

  private flush(event: TraceEvent): void {
    if (event.reason === FlushReason.remoteIpiSend) {
      this.request(event);
    } else if (
      event.reason === FlushReason.localMmShootdown ||
      event.reason === FlushReason.localShootdown
    ) {
      const shootdown = this.unreturned(event.tid);
      if (shootdown === undefined || shootdown.isLocalOver) return;
      shootdown.localStartNs ??= event.timeNs;
      shootdown.localEndNs = event.timeNs;
      shootdown.isLocalOver = !this.hasFunctionEvents;
    }
  }

  private request(event: TraceEvent): void {
    this.flushRequests++;
    const initiator = this.initiatorOf(event.tid);
    if (initiator === undefined) {
      this.report(new Shootdown(event, "other", event.pages));
      return;
    }
    this.finish(initiator);
    const pages = event.pages < 0 ? ALL_PAGES : event.pages;
    const { rangePages, openNs } = initiator;
    const cause = causeOf(initiator);
    initiator.shootdown = new Shootdown(event, cause, pages, rangePages, openNs);
  }

  private queue(event: TraceEvent): void {
    this.hasQueueEvents = true;
    const shootdown = this.unreturned(event.tid);
    const isFlush =
      event.callee === Callee.flush || (event.callee === Callee.unnamed && shootdown !== undefined);
    if (!isFlush) return;
    this.ipis++;
    if (shootdown === undefined) return;
    const target = this.tell(shootdown, event.targetCpu, event.csd, event.timeNs);
    const early = this.unclaimed.get(event.csd);
    if (early !== undefined && early.entryNs >= event.timeNs - LARGEST_SKEW_NS) {
      target.visit = early;
    } else {
      this.queued.set(event.csd, target);
    }
    this.unclaimed.delete(event.csd);
  }

  private send(event: TraceEvent): void {
    const shootdown = event.isCall ? this.unreturned(event.tid) : undefined;
    if (shootdown === undefined || shootdown.localStartNs !== undefined) return;
    if (!this.hasQueueEvents) {
      this.ipis += event.targets.length;
      for (const cpu of event.targets) this.tell(shootdown, cpu, 0, event.timeNs);
      return;
    }
    for (const target of shootdown.targets) {
      if (target.hasIpi || !event.targets.includes(target.cpu)) continue;
      target.hasIpi = true;
      target.sentNs = event.timeNs;
    }
  }

  private tell(shootdown: Shootdown, cpu: number, csd: number, sentNs: number): Target {
    const target = new Target(cpu, csd, sentNs);
    shootdown.targets.push(target);
    if (!this.hasFunctionEvents) {
      const waiting = this.waiting.get(cpu) ?? new Set();
      this.waiting.set(cpu, waiting.add(target));
    }
    return target;
  }

  private enterFunction(event: TraceEvent): void {
    this.hasFunctionEvents = true;
    if (event.callee === Callee.another) return;
    if (event.csd === 0) {
      const shootdown = this.unreturned(event.tid);
      if (shootdown !== undefined && !shootdown.isLocalOver) {
        shootdown.localStartNs ??= event.timeNs;
      }
      return;
    }
    const target = this.queued.get(event.csd);
    const visit = this.visit(event, target);
    keepBounded(this.running, event.csd, visit);
    if (target !== undefined) target.visit = visit;
    else keepBounded(this.unclaimed, event.csd, visit);
    this.queued.delete(event.csd);
  }

  /**
   * The run that begins now; its interrupt counts, unless that was under way before the request.
   */
  private visit(event: TraceEvent, target: Target | undefined): Visit {
    const interrupt = this.interrupts.get(event.cpu);
    if (interrupt === undefined) return new Visit(event.timeNs);
    const isBefore = target !== undefined && interrupt.entryNs < target.sentNs;
    const visit = new Visit(isBefore ? event.timeNs : interrupt.entryNs);
    if (interrupt.visits.length < LARGEST_VISITS) interrupt.visits.push(visit);
    return visit;
  }

  private exitFunction(event: TraceEvent): void {
    if (event.callee === Callee.another) return;
    if (event.csd === 0) {
      const shootdown = this.unreturned(event.tid);
      if (shootdown === undefined || shootdown.isLocalOver) return;
      shootdown.localStartNs ??= event.timeNs;
      shootdown.localEndNs = event.timeNs;
      shootdown.isLocalOver = true;
      return;
    }
    const visit = this.running.get(event.csd);
    if (visit !== undefined) visit.functionExitNs = event.timeNs;
    this.running.delete(event.csd);
  }

  private exitInterrupt(event: TraceEvent): void {
    const interrupt = this.interrupts.get(event.cpu);
    if (interrupt === undefined) return;
    this.interrupts.delete(event.cpu);
    if (!this.hasFunctionEvents) this.answerAll(event, interrupt);
    for (const visit of interrupt.visits) visit.interruptExitNs = event.timeNs;
  }

  /** Nothing says whose flushes an interrupt ran: it ran all that were sent before it. */
  private answerAll(event: TraceEvent, interrupt: Interrupt): void {
    const waiting = this.waiting.get(event.cpu);
    for (const target of waiting ?? []) {
      if (target.sentNs > interrupt.entryNs + LARGEST_SKEW_NS) continue;
      target.visit = new Visit(interrupt.entryNs);
      interrupt.visits.push(target.visit);
      waiting!.delete(target);
    }
  }

  private initiatorOf(tid: number): Initiator | undefined {
    if (tid < 0) return undefined;
    const known = this.initiators.get(tid);
    if (known !== undefined) return known;
    if (this.initiators.size >= LARGEST_INITIATORS) this.dropOldest();
    const initiator = new Initiator();
    this.initiators.set(tid, initiator);
    return initiator;
  }

  private dropOldest(): void {
    const [tid, initiator] = this.initiators.entries().next().value!;
    this.finish(initiator);
    this.initiators.delete(tid);
  }

  /** The thread's shootdown whose end is still to come. */
  private unreturned(tid: number): Shootdown | undefined {
    const shootdown = this.initiators.get(tid)?.shootdown;
    return shootdown?.returnNs === undefined ? shootdown : undefined;
  }

  private finish(initiator: Initiator): void {
    const { shootdown } = initiator;
    if (shootdown === undefined) return;
    initiator.shootdown = undefined;
    const isAgain = initiator.isInSyscall && initiator.openNs !== undefined;
    initiator.openNs = isAgain ? shootdown.boundNs : undefined;
    for (const target of shootdown.targets) {
      if (this.queued.get(target.csd) === target) this.queued.delete(target.csd);
      this.waiting.get(target.cpu)?.delete(target);
    }
    this.report(shootdown);
  }

  private report(shootdown: Shootdown): void {
    const { pid, tid, cpu, cause, pages, rangePages, startNs, requestNs, targets } = shootdown;
    const { localStartNs, localEndNs, boundNs, returnNs } = shootdown;
    const isComplete = targets.length > 0 && targets.every(({ visit }) => visit?.isOver);
    const path = isComplete ? this.cut(shootdown) : undefined;
    const latencyNs = path?.latencyNs ?? latencyWithoutIpi(shootdown);
    const told = targets.map(({ cpu, sentNs, visit }): ToldCpu => {
      return { cpu, sentNs, entryNs: visit?.entryNs, exitNs: visit?.exitNs(returnNs) };
    });
    this.onFinish({
      ...{ pid, tid, cpu, cause, pages, rangePages, startNs, requestNs, path, latencyNs },
      ...{ targets: told.length, told, localStartNs, localEndNs, boundNs },
    });
  }

  private cut(shootdown: Shootdown): CriticalPath {
    const slowest = shootdown.slowest();
    const visit = slowest.visit!;
    if (visit.entryNs < slowest.sentNs) this.skewed++;
    return criticalPath({
      startNs: shootdown.startNs,
      isOpened: shootdown.isOpened,
      requestNs: shootdown.requestNs,
      localStartNs: shootdown.localStartNs,
      localEndNs: shootdown.localEndNs,
      sentNs: slowest.sentNs,
      handlerEntryNs: visit.entryNs,
      handlerExitNs: visit.exitNs(shootdown.returnNs),
      returnNs: shootdown.returnNs,
    });
  }
}

/**
 * What a request is for: the system call it is made in. Outside of those the last thing the trace
 * shows is a page fault, whose end no event marks; only a thread that never had one is `other`.
 */
function causeOf(initiator: Initiator): Cause {
  if (initiator.isInSyscall) return initiator.cause;
  return initiator.hasFaulted ? "page_fault" : "other";
}

function latencyWithoutIpi(shootdown: Shootdown): number | undefined {
  const endNs = shootdown.returnNs ?? shootdown.localEndNs;
  if (shootdown.targets.length > 0 || endNs === undefined) return undefined;
  return Math.max(0, endNs - shootdown.startNs);
}

function keepBounded(visits: Map<number, Visit>, csd: number, visit: Visit): void {
  visits.delete(csd);
  if (visits.size >= LARGEST_UNCLAIMED) visits.delete(visits.keys().next().value!);
  visits.set(csd, visit);
}
