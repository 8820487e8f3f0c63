// The virtual-time executor: all actors in one thread, on a virtual clock. Whoever is earliest goes
// first; among equals the lower actor number. The same protocols give the same run, on every
// machine.
//
// An actor that nobody else comes before goes on without giving control back: most calls of `run`,
// `sleep` and `point` cost no suspension.

import { Aborted } from "../machine/control.ts";
import type { Machine } from "../machine/machine.ts";
import type { Mailboxes } from "../machine/mailboxes.ts";
import { resumeGenerator, suspended } from "./calls.ts";
import type { Cpu, Protocol } from "./cpu.ts";
import { EventTree, NEVER } from "./event-tree.ts";

const READY = 0;
const RUNNING = 1;
const ASLEEP = 2;

/** Turns after which the executor looks whether anybody has got anything done; a power of two. */
const TURNS_PER_CHECK = 0x1000000;

export class VirtualCpu implements Cpu {
  readonly id: number;
  leftNs = 0;
  readonly lateNs = 0;
  /** Its protocol and what that has called, outermost first. */
  readonly stack: Protocol<unknown>[] = [];
  /** Its protocol is a plain function at the bottom of the stack and cannot be suspended. */
  isPlain = false;
  /** The cursor. */
  private cursorNs = 0;
  /** When it goes on, and how it waits. */
  private wakeNs = NEVER;
  private state = READY;
  private readonly executor: VirtualExecutor;
  private readonly events: EventTree;
  private readonly mailboxes: Mailboxes;
  private readonly isCore: boolean;
  /** The earliest due time that it was rung for since it last slept. */
  private rungNs = NEVER;
  private runEndNs = 0;

  constructor(id: number, executor: VirtualExecutor) {
    this.id = id;
    this.executor = executor;
    this.events = executor.events;
    this.mailboxes = executor.machine.mailboxes;
    this.isCore = id < executor.machine.shape.cores;
  }

  now(): number {
    return this.cursorNs;
  }

  spend(ns: number): void {
    this.cursorNs += ns;
  }

  run(ns: number): boolean {
    const endNs = this.cursorNs + ns;
    const untilNs = Math.max(this.cursorNs, Math.min(endNs, this.interruptNs()));
    if (this.isNextAt(untilNs)) {
      this.executor.countTurn();
      this.cursorNs = untilNs;
      this.leftNs = endNs - untilNs;
      return false;
    }
    this.runEndNs = endNs;
    return this.suspend(RUNNING, untilNs);
  }

  sleep(untilNs: number): boolean {
    const wakeNs = Math.max(this.cursorNs, Math.min(untilNs, this.rungNs));
    this.rungNs = NEVER;
    if (this.isNextAt(wakeNs)) {
      this.executor.countTurn();
      this.cursorNs = wakeNs;
      return false;
    }
    return this.suspend(ASLEEP, wakeNs);
  }

  effectNs(delayNs: number): number {
    return this.cursorNs + delayNs;
  }

  ring(actor: number, dueNs: number): void {
    this.executor.cpus[actor].rung(dueNs);
  }

  point(): boolean {
    if (this.isNextAt(this.cursorNs)) return false;
    return this.suspend(READY, this.cursorNs);
  }

  /** Somebody else comes before it: gives control back, or lets the others run until its turn. */
  private suspend(state: number, untilNs: number): boolean {
    this.state = state;
    this.wakeAt(untilNs);
    if (!this.isPlain) return true;
    this.executor.runOthers(this.id);
    return false;
  }

  /** The executor: the clock has reached the wake-up time. */
  wake(): void {
    if (this.state !== READY) this.cursorNs = this.wakeNs;
    if (this.state === RUNNING) this.leftNs = Math.max(0, this.runEndNs - this.cursorNs);
    else if (this.state === ASLEEP) this.rungNs = NEVER;
    this.state = READY;
    this.wakeNs = NEVER;
  }

  wakeAt(ns: number): void {
    this.wakeNs = ns;
    this.events.set(this.id, ns);
  }

  private rung(dueNs: number): void {
    if (this.state === ASLEEP) {
      if (dueNs < this.wakeNs) this.moveForward(Math.max(dueNs, this.cursorNs));
      return;
    }
    if (this.state === RUNNING) {
      const interruptNs = Math.max(this.interruptNs(), this.cursorNs);
      if (interruptNs < this.wakeNs) this.moveForward(interruptNs);
    }
    if (dueNs < this.rungNs) this.rungNs = dueNs;
  }

  /** Somebody else, whose turn it is, has given it an earlier event. */
  private moveForward(ns: number): void {
    this.wakeAt(ns);
    const { events, id } = this;
    if (ns < events.runnerUpNs || (ns === events.runnerUpNs && id < events.runnerUp)) {
      events.runnerUpNs = ns;
      events.runnerUp = id;
    }
  }

  /** Whether nobody else comes before this actor, whose turn it is, when it stands at `ns`. */
  private isNextAt(ns: number): boolean {
    const { events } = this;
    return ns < events.runnerUpNs || (ns === events.runnerUpNs && this.id < events.runnerUp);
  }

  private interruptNs(): number {
    return this.isCore ? this.mailboxes.dueNs(this.id) : NEVER;
  }
}

export class VirtualExecutor {
  readonly machine: Machine;
  readonly events: EventTree;
  /** One a actor, in the order of actor numbers. */
  readonly cpus: readonly VirtualCpu[];
  /** Events so far, those that needed no suspension included. */
  turns = 0;
  private running = 0;
  private progress = -1;

  constructor(machine: Machine) {
    this.machine = machine;
    this.events = new EventTree(machine.actorCount);
    this.cpus = Array.from({ length: machine.actorCount }, (_, id) => new VirtualCpu(id, this));
  }

  /**
   * Runs all protocols (one a actor, in order) until each has ended. The first actor's may be a
   * plain function instead: whenever it waits, the others run inside that call.
   * @throws Aborted if the run was ended, Error naming who waits for whom if nobody can go on.
   */
  complete(protocols: readonly Protocol<void>[], plain?: () => void): void {
    const { cpus } = this;
    this.running = protocols.length;
    for (const cpu of cpus) {
      cpu.stack.push(protocols[cpu.id]);
      cpu.wakeAt(0);
    }
    if (plain !== undefined) {
      cpus[0].isPlain = true;
      cpus[0].stack.pop();
      this.runOthers(0);
      plain();
      this.running--;
      cpus[0].wakeAt(NEVER);
    }
    while (this.running > 0) this.runOthers(-1);
  }

  /** Runs whoever is first until that is `actor`, or everybody else's protocol has ended. */
  runOthers(actor: number): void {
    const { events, cpus } = this;
    while (this.running > 0) {
      const first = events.first;
      if (events.timeOf(first) === NEVER) throw new Error(`nobody can go on:\n${this.describe()}`);
      events.findRunnerUp();
      this.countTurn();
      const cpu = cpus[first];
      cpu.wake();
      if (first === actor) return;
      if (resume(cpu.stack)) continue;
      this.running--;
      cpu.wakeAt(NEVER);
    }
  }

  countTurn(): void {
    if ((++this.turns & (TURNS_PER_CHECK - 1)) === 0) this.check();
  }

  /** Somebody must have got something done since the last time, or nobody ever will. */
  private check(): void {
    const { actors, control } = this.machine;
    if (control.aborted) throw new Aborted("the run was ended");
    const progress = this.cpus.reduce((sum, { id }) => sum + actors.progressOf(id), 0);
    if (progress === this.progress) throw new Error(`no progress:\n${this.describe()}`);
    this.progress = progress;
  }

  private describe(): string {
    const { actors } = this.machine;
    return this.cpus.map((cpu) => `  actor ${cpu.id} ${actors.describeWait(cpu.id)}`).join("\n");
  }
}

/** Goes on with the innermost protocol, and so outwards. False if all have ended. */
function resume(stack: Protocol<unknown>[]): boolean {
  let value: unknown;
  while (stack.length > 0) {
    const step = resumeGenerator.call(stack[stack.length - 1], value);
    if (!step.done) {
      while (suspended.length > 0) stack.push(suspended.pop() as Protocol<unknown>);
      return true;
    }
    stack.pop();
    value = step.value;
  }
  return false;
}
