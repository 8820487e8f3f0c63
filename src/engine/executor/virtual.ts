// The virtual-time executor: all actors in one thread, on a virtual clock. Whoever is earliest goes
// first; among equals the lower actor number. The same protocols give the same run, on every
// machine.
//
// An actor that nobody else comes before goes on without giving control back: most calls of `run`,
// `sleep` and `point` cost no suspension.
//
// With jitter, steps that others can see come up to JITTER_NS later, and of those who wait for the
// same time one is drawn: each seed is another order of the same run, as repeatable as the run
// without.

import { NoProgressError } from "../errors.ts";
import { actorName } from "../layout/shape.ts";
import { NOBODY } from "../machine/actors.ts";
import type { Machine } from "../machine/machine.ts";
import type { Mailboxes } from "../machine/mailboxes.ts";
import type { Random } from "../random.ts";
import { resumeGenerator, suspended } from "./calls.ts";
import type { Cpu, Protocol } from "./cpu.ts";
import { EventTree, NEVER } from "./event-tree.ts";

// The times that an actor has.
/** Its cursor. */
const CURSOR = 0;
/** When it goes on. */
const WAKE = 1;
/** The earliest due time that it was rung for since it last slept. */
const RUNG = 2;
/** When the work under way will be done, and what of the last is not. */
const RUN_END = 3;
const LEFT = 4;
/** Of its turn: what others have not done yet, they do at that time or later. */
const TURN = 5;
/** A cache line. */
const TIMES = 8;

const READY = 0;
const RUNNING = 1;
const ASLEEP = 2;

/** By less than any modelled step: a step is delayed, not another one put in. */
const JITTER_NS = 20;

/**
 * Turns after which the executor looks whether anybody has got anything done, a power of two: tens
 * of seconds of host time, in which no wait of a run that can go on lasts.
 */
const TURNS_PER_CHECK = 0x8000000;

export class VirtualCpu implements Cpu {
  readonly id: number;
  readonly lateNs = 0;
  /** Its protocol and what that has called, outermost first. */
  readonly stack: Protocol<unknown>[] = [];
  /** Its protocol is a plain function at the bottom of the stack and cannot be suspended. */
  isPlain = false;
  /** How it waits. */
  private state = READY;
  /** Whose answer it sleeps for. */
  private awaited = NOBODY;
  private readonly executor: VirtualExecutor;
  private readonly events: EventTree;
  private readonly mailboxes: Mailboxes;
  private readonly isCore: boolean;
  private readonly jitter: Random | undefined;
  /** Its times, by name, in an array of all actors' … */
  private readonly times: Float64Array;
  /** … from here on. */
  private readonly base: number;

  /** `mailboxes` as this actor's protocol sees them: they know how far their core has read. */
  constructor(id: number, executor: VirtualExecutor, mailboxes: Mailboxes) {
    this.id = id;
    this.executor = executor;
    this.events = executor.events;
    this.mailboxes = mailboxes;
    this.times = executor.times;
    this.base = id * TIMES;
    this.times[this.base + WAKE] = NEVER;
    this.times[this.base + RUNG] = NEVER;
    this.isCore = id < executor.machine.shape.cores;
    this.jitter = executor.jitter;
  }

  get leftNs(): number {
    return this.times[this.base + LEFT];
  }

  now(): number {
    return this.times[this.base + CURSOR];
  }

  spend(ns: number): void {
    this.times[this.base + CURSOR] += ns;
  }

  run(ns: number): boolean {
    const endNs = this.times[this.base + CURSOR] + ns;
    const untilNs = Math.max(this.times[this.base + CURSOR], Math.min(endNs, this.interruptNs()));
    if (this.isNextAt(untilNs)) {
      this.executor.countTurn();
      this.times[this.base + CURSOR] = untilNs;
      this.times[this.base + LEFT] = endNs - untilNs;
      return false;
    }
    this.times[this.base + RUN_END] = endNs;
    return this.suspend(RUNNING, untilNs);
  }

  sleep(untilNs: number, awaited = NOBODY): boolean {
    const wakeNs = Math.max(
      this.times[this.base + CURSOR],
      Math.min(untilNs, this.times[this.base + RUNG]),
    );
    this.times[this.base + RUNG] = NEVER;
    if (this.isNextAt(wakeNs)) {
      this.executor.countTurn();
      this.times[this.base + CURSOR] = wakeNs;
      return false;
    }
    this.awaited = awaited;
    return this.suspend(ASLEEP, wakeNs);
  }

  effectNs(delayNs: number): number {
    return this.times[this.base + CURSOR] + delayNs;
  }

  ring(actor: number, dueNs: number): void {
    this.executor.cpus[actor].rung(dueNs);
  }

  answer(actor: number, dueNs: number): void {
    this.executor.cpus[actor].answered(this.id, dueNs);
  }

  point(reachNs = 0): boolean {
    if (this.jitter !== undefined)
      this.times[this.base + CURSOR] += this.jitter.below(JITTER_NS + 1);
    const cursorNs = this.times[this.base + CURSOR];
    if (this.isNextAt(cursorNs) || cursorNs < this.times[this.base + TURN] + reachNs) return false;
    return this.suspend(READY, cursorNs);
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
    if (this.state !== READY) this.times[this.base + CURSOR] = this.times[this.base + WAKE];
    if (this.state === RUNNING)
      this.times[this.base + LEFT] = Math.max(
        0,
        this.times[this.base + RUN_END] - this.times[this.base + CURSOR],
      );
    this.state = READY;
    this.times[this.base + TURN] = this.times[this.base + WAKE];
    this.times[this.base + WAKE] = NEVER;
  }

  wakeAt(ns: number): void {
    this.times[this.base + WAKE] = ns;
    this.events.set(this.id, this.jitter === undefined ? ns : ns + this.jitter.fraction());
  }

  private answered(actor: number, dueNs: number): void {
    if (this.state === ASLEEP && this.awaited === actor) this.wakeEarlier(dueNs);
  }

  private rung(dueNs: number): void {
    if (this.state === ASLEEP) {
      this.wakeEarlier(dueNs);
      return;
    }
    if (this.state === RUNNING) {
      const interruptNs = Math.max(this.interruptNs(), this.times[this.base + CURSOR]);
      if (interruptNs < this.times[this.base + WAKE]) this.moveForward(interruptNs);
    }
    if (dueNs < this.times[this.base + RUNG]) this.times[this.base + RUNG] = dueNs;
  }

  private wakeEarlier(dueNs: number): void {
    if (dueNs < this.times[this.base + WAKE])
      this.moveForward(Math.max(dueNs, this.times[this.base + CURSOR]));
  }

  /** Somebody else, whose turn it is, has given it an earlier event. */
  private moveForward(ns: number): void {
    this.wakeAt(ns);
    this.events.challenge(this.id);
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
  /** The times of all actors: in one array, since a number in an object is an object of its own. */
  readonly times: Float64Array;
  /** One a actor, in the order of actor numbers. */
  readonly cpus: readonly VirtualCpu[];
  /** What perturbs the order; undefined if nothing does. */
  readonly jitter: Random | undefined;
  /** Ends of work and sleep so far, and turns that were waited for. */
  turns = 0;
  private running = 0;
  private progress = -1;

  /** `firstMailboxes`: as actor 0 sees them, where it runs over a machine object of its own. */
  constructor(machine: Machine, firstMailboxes = machine.mailboxes, jitter?: Random) {
    this.machine = machine;
    this.jitter = jitter;
    this.events = new EventTree(machine.actorCount);
    this.times = new Float64Array(machine.actorCount * TIMES);
    this.cpus = Array.from({ length: machine.actorCount }, (_, id) => {
      return new VirtualCpu(id, this, id === 0 ? firstMailboxes : machine.mailboxes);
    });
  }

  /**
   * Runs all protocols, one an actor and in their order, until each has ended. Actor 0 may be left
   * out and be `first` instead, a plain function: whenever that waits, the others run inside the
   * call.
   * @throws NoProgressError naming who waits for whom if nobody can go on.
   */
  complete(protocols: readonly Protocol<void>[], first?: () => void): void {
    const { cpus } = this;
    const generators = first === undefined ? cpus : cpus.slice(1);
    this.running = generators.length;
    generators.forEach((cpu, i) => {
      cpu.stack.push(protocols[i]);
      cpu.wakeAt(0);
    });
    if (first !== undefined) {
      cpus[0].isPlain = true;
      cpus[0].wakeAt(0);
      this.runOthers(0);
      first();
      cpus[0].wakeAt(NEVER);
    }
    this.runOthers(NOBODY);
  }

  /** Whose turn it is. */
  get current(): VirtualCpu {
    return this.cpus[this.events.first];
  }

  /** Runs whoever is first until it is the turn of `actor`; for NOBODY, until all have ended. */
  runOthers(actor: number): void {
    const { events, cpus } = this;
    while (actor !== NOBODY || this.running > 0) {
      const next = events.first;
      if (events.timeOf(next) === NEVER) throw this.stuck("nobody can go on");
      events.findRunnerUp();
      this.countTurn();
      cpus[next].wake();
      if (next === actor) return;
      if (resume(cpus[next].stack)) continue;
      this.running--;
      cpus[next].wakeAt(NEVER);
    }
  }

  countTurn(): void {
    if ((++this.turns & (TURNS_PER_CHECK - 1)) === 0) this.check();
  }

  /** Where somebody waits, somebody must have got something done since the last time. */
  private check(): void {
    const { actors } = this.machine;
    const progress = this.cpus.reduce((sum, { id }) => sum + actors.progressOf(id), 0);
    const waits = this.cpus.some(({ id }) => actors.isWaiting(id));
    if (waits && progress === this.progress) throw this.stuck("nobody gets anything done");
    this.progress = progress;
  }

  private stuck(what: string): NoProgressError {
    const { actors, shape } = this.machine;
    for (const cpu of this.cpus) actors.noteCursor(cpu.id, cpu.now());
    const waits = this.cpus.map(({ id }) => `  ${actorName(shape, id)} ${actors.describeWait(id)}`);
    return new NoProgressError(`${what}; who waits for whom:\n${waits.join("\n")}`);
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
