// Which run of the flush on a CPU answers which target: by the csd that both name where there are
// csd_function events, otherwise by being the CPU's next interrupt.
//
// state            one for each                bounded by
// Interrupt        CPU that is in one          replaced by its next
// Target           CPU told by a shootdown     forgotten with it
// Visit            run of the flush on a CPU   claimed by a Target, or LARGEST_UNCLAIMED; of one
//                                              interrupt LARGEST_VISITS

import { Callee, type TraceEvent } from "./event.ts";
import { type Target, Visit } from "./shootdown.ts";

const LARGEST_UNCLAIMED = 1024;
/** Of one interrupt: more only if its exit is not in the trace. */
const LARGEST_VISITS = 1024;
/**
 * How far two CPUs' clocks may disagree before a handler is not taken for the answer to a request.
 */
const LARGEST_SKEW_NS = 10_000;

class Interrupt {
  readonly entryNs: number;
  readonly visits: Visit[] = [];

  constructor(entryNs: number) {
    this.entryNs = entryNs;
  }
}

export class Handlers {
  private readonly interrupts = new Map<number, Interrupt>();
  /** Targets whose flush was queued and has not run, by csd. */
  private readonly queued = new Map<number, Target>();
  /** Runs of the flush that nothing was seen to ask for (yet), by csd. */
  private readonly unclaimed = new Map<number, Visit>();
  private readonly running = new Map<number, Visit>();
  /** Without csd_function events: targets by CPU, to be answered by its next interrupt. */
  private readonly waiting = new Map<number, Set<Target>>();
  private seesFunctions = false;

  /** Whether the trace has csd_function events, as far as it has been read. */
  get hasFunctionEvents(): boolean {
    return this.seesFunctions;
  }

  /** A CPU was told. */
  expect(target: Target): void {
    if (this.seesFunctions) return;
    const waiting = this.waiting.get(target.cpu) ?? new Set();
    this.waiting.set(target.cpu, waiting.add(target));
  }

  /** The flush was queued, with a csd: it runs later, or did so on a CPU whose clock differs. */
  queue(target: Target): void {
    const { csd, sentNs } = target;
    const early = this.unclaimed.get(csd);
    if (early !== undefined && early.entryNs >= sentNs - LARGEST_SKEW_NS) target.visit = early;
    else this.queued.set(csd, target);
    this.unclaimed.delete(csd);
  }

  /** The target's shootdown is over. */
  forget(target: Target): void {
    if (this.queued.get(target.csd) === target) this.queued.delete(target.csd);
    this.waiting.get(target.cpu)?.delete(target);
  }

  enterInterrupt(event: TraceEvent): void {
    this.interrupts.set(event.cpu, new Interrupt(event.timeNs));
  }

  exitInterrupt(event: TraceEvent): void {
    const interrupt = this.interrupts.get(event.cpu);
    if (interrupt === undefined) return;
    this.interrupts.delete(event.cpu);
    if (!this.seesFunctions) this.answerAll(event, interrupt);
    for (const visit of interrupt.visits) visit.interruptExitNs = event.timeNs;
  }

  /** A function that another CPU queued begins to run, or the CPU's own flush (without a csd). */
  enterFunction(event: TraceEvent): void {
    this.seesFunctions = true;
    if (event.callee === Callee.another || event.csd === 0) return;
    const target = this.queued.get(event.csd);
    const visit = this.visit(event, target);
    keepBounded(this.running, event.csd, visit);
    if (target !== undefined) target.visit = visit;
    else keepBounded(this.unclaimed, event.csd, visit);
    this.queued.delete(event.csd);
  }

  exitFunction(event: TraceEvent): void {
    if (event.callee === Callee.another || event.csd === 0) return;
    const visit = this.running.get(event.csd);
    if (visit !== undefined) visit.functionExitNs = event.timeNs;
    this.running.delete(event.csd);
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
}

function keepBounded(visits: Map<number, Visit>, csd: number, visit: Visit): void {
  visits.delete(csd);
  if (visits.size >= LARGEST_UNCLAIMED) visits.delete(visits.keys().next().value!);
  visits.set(csd, visit);
}
