// Follows the shootdowns of a trace, event by event in order of time: which request was made for
// what, who was told, when each target's handler ran, and when the initiator could go on.
//
// state            one for each                bounded by
// Initiator        thread                      LARGEST_INITIATORS, oldest dropped
// Shootdown        initiator: its latest       finished when its thread starts the next one
// Handlers         trace                       CPUs, targets of open Shootdowns, and constants:
//                                              see handlers.ts
//
// A shootdown stays open after its system call has returned, until its thread enters the kernel
// again: the last events of its handlers may come later than the return, which waits only for the
// flush inside them (smp_call_function_many: the csd is unlocked behind csd_function_exit).

import { ALL_PAGES, Callee, type Cause, EventKind, FlushReason, type TraceEvent } from "./event.ts";
import { Handlers } from "./handlers.ts";
import { type FinishedShootdown, finished, Shootdown, Target } from "./shootdown.ts";

const LARGEST_INITIATORS = 16_384;
const PAGE_BYTES = 4096;

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

export class ShootdownTracker {
  flushRequests = 0;
  ipis = 0;
  /** Handlers whose entry is stamped earlier than what they answer: the CPUs' clocks disagree. */
  skewed = 0;
  /** System calls with a request that had not returned at the end of the trace. */
  cutOff = 0;

  private readonly onFinish: (shootdown: FinishedShootdown) => void;
  private readonly initiators = new Map<number, Initiator>();
  private readonly handlers = new Handlers();
  private hasQueueEvents = false;
  private hasSyscalls = false;

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
        this.handlers.enterInterrupt(event);
        break;
      case EventKind.interruptExit:
        this.handlers.exitInterrupt(event);
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
    if (initiator.isInSyscall) this.hasSyscalls = true;
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
      shootdown.localEndNs = event.timeNs;
      shootdown.isLocalOver = !this.handlers.hasFunctionEvents;
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
    // Nothing in the trace says yet that a system call would show: it may as well be in one.
    if (!this.hasSyscalls) {
      initiator.shootdown = new Shootdown(event, "other", pages);
      return;
    }
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
    this.handlers.queue(this.tell(shootdown, event.targetCpu, event.csd, event.timeNs));
  }

  private send(event: TraceEvent): void {
    const shootdown = event.isCall ? this.unreturned(event.tid) : undefined;
    if (shootdown === undefined || shootdown.hasBegunLocal) return;
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
    this.handlers.expect(target);
    return target;
  }

  private enterFunction(event: TraceEvent): void {
    this.handlers.enterFunction(event);
    if (event.callee === Callee.another || event.csd !== 0) return;
    const shootdown = this.unreturned(event.tid);
    if (shootdown !== undefined && !shootdown.isLocalOver) {
      shootdown.localStartNs ??= event.timeNs;
    }
  }

  private exitFunction(event: TraceEvent): void {
    this.handlers.exitFunction(event);
    if (event.callee === Callee.another || event.csd !== 0) return;
    const shootdown = this.unreturned(event.tid);
    if (shootdown === undefined || shootdown.isLocalOver) return;
    shootdown.localEndNs = event.timeNs;
    shootdown.isLocalOver = true;
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
      this.handlers.forget(target);
    }
    this.report(shootdown);
  }

  private report(shootdown: Shootdown): void {
    const slowest = shootdown.slowest();
    if (slowest !== undefined && slowest.visit!.entryNs < slowest.sentNs) this.skewed++;
    this.onFinish(finished(shootdown));
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
