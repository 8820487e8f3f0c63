// A shootdown while it is followed through a trace, and what is known of it when it is over.
//
// Shootdown        a request, and what its initiator did for it
// Target           a CPU told by it
// Visit            one run of the flush there, once it is known which answers the target

import { type CriticalPath, criticalPath } from "./critical-path.ts";
import type { Cause, TraceEvent } from "./event.ts";

/** One run of flush_tlb_func on a CPU that was told to. */
export class Visit {
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

export class Target {
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

export class Shootdown {
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

  /** Whether the initiator has come to its own flush: it has told everyone by then. */
  get hasBegunLocal(): boolean {
    return this.localStartNs !== undefined || this.localEndNs !== undefined;
  }

  /** When both the local flush and the slowest known handler were over. */
  get boundNs(): number {
    let last = this.localEndNs ?? this.requestNs;
    for (const { visit } of this.targets) {
      if (visit !== undefined) last = Math.max(last, visit.exitNs(this.returnNs));
    }
    return last;
  }

  /** The target whose handler ended last; undefined unless those of all are in the trace. */
  slowest(): Target | undefined {
    const { targets } = this;
    if (targets.length === 0 || !targets.every(({ visit }) => visit?.isOver)) return undefined;
    const exitNs = (target: Target) => target.visit!.exitNs(this.returnNs);
    return targets.reduce((slow, next) => (exitNs(next) > exitNs(slow) ? next : slow));
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
  /** Its own flush; undefined where it did none, and each where the trace does not show it. */
  readonly localStartNs: number | undefined;
  readonly localEndNs: number | undefined;
  /** When its flush and all known handlers were over. */
  readonly boundNs: number;
  readonly told: readonly ToldCpu[];
}

/** What is known of a shootdown when it is over. */
export function finished(shootdown: Shootdown): FinishedShootdown {
  const { pid, tid, cpu, cause, pages, rangePages, startNs, requestNs, targets } = shootdown;
  const { localStartNs, localEndNs, boundNs, returnNs } = shootdown;
  const path = pathOf(shootdown);
  const latencyNs = path?.latencyNs ?? latencyWithoutIpi(shootdown);
  const told = targets.map(({ cpu, sentNs, visit }): ToldCpu => {
    return { cpu, sentNs, entryNs: visit?.entryNs, exitNs: visit?.exitNs(returnNs) };
  });
  return {
    ...{ pid, tid, cpu, cause, pages, rangePages, startNs, requestNs, path, latencyNs },
    ...{ targets: told.length, told, localStartNs, localEndNs, boundNs },
  };
}

function pathOf(shootdown: Shootdown): CriticalPath | undefined {
  const slowest = shootdown.slowest();
  if (slowest === undefined) return undefined;
  const visit = slowest.visit!;
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

function latencyWithoutIpi(shootdown: Shootdown): number | undefined {
  const endNs = shootdown.returnNs ?? shootdown.localEndNs;
  if (shootdown.targets.length > 0 || endNs === undefined) return undefined;
  return Math.max(0, endNs - shootdown.startNs);
}
