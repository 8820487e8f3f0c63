// The virtual-time executor: all actors in one thread, on a virtual clock. Whoever is earliest goes
// first; among equals the lower actor number, then the earlier wake-up. The same protocols give the
// same run, on every machine.

import { Aborted } from "../machine/control.ts";
import type { Machine } from "../machine/machine.ts";
import type { Cpu, Protocol } from "./cpu.ts";
import { EventHeap } from "./event-heap.ts";

/** Nothing wakes this actor any more. */
const NEVER = Number.POSITIVE_INFINITY;

const READY = 0;
const RUNNING = 1;
const ASLEEP = 2;

export class VirtualCpu implements Cpu {
  readonly id: number;
  leftNs = 0;
  readonly lateNs = 0;
  /** The cursor. */
  cursorNs = 0;
  /** When it goes on, and how it waits. */
  wakeNs = NEVER;
  state = READY;
  /** Which of its events in the heap counts; older ones are stale. */
  serial = 0;
  private readonly executor: VirtualExecutor;
  private readonly core: number;
  /** The earliest due time that it was rung for since it last slept. */
  private rungNs = NEVER;
  private runEndNs = 0;

  constructor(id: number, executor: VirtualExecutor) {
    this.id = id;
    this.executor = executor;
    this.core = id < executor.machine.shape.cores ? id : -1;
  }

  now(): number {
    return this.cursorNs;
  }

  spend(ns: number): void {
    this.cursorNs += ns;
  }

  run(ns: number): boolean {
    this.runEndNs = this.cursorNs + ns;
    this.leftNs = 0;
    this.state = RUNNING;
    this.executor.schedule(this, Math.min(this.runEndNs, this.interruptNs()));
    return true;
  }

  sleep(untilNs: number): boolean {
    const wakeNs = Math.min(untilNs, this.rungNs);
    this.rungNs = NEVER;
    this.state = ASLEEP;
    this.executor.schedule(this, Math.max(wakeNs, this.cursorNs));
    return true;
  }

  effectNs(delayNs: number): number {
    return this.cursorNs + delayNs;
  }

  ring(actor: number, dueNs: number): void {
    this.executor.cpus[actor].rung(dueNs);
  }

  point(): boolean {
    if (this.executor.isNext(this.cursorNs, this.id)) return false;
    this.state = READY;
    this.executor.schedule(this, this.cursorNs);
    return true;
  }

  /** The executor: the clock has reached the wake-up time. */
  wake(): void {
    if (this.state === RUNNING) {
      this.cursorNs = Math.max(this.cursorNs, this.wakeNs);
      this.leftNs = Math.max(0, this.runEndNs - this.cursorNs);
    } else if (this.state === ASLEEP) {
      this.cursorNs = Math.max(this.cursorNs, this.wakeNs);
      this.rungNs = NEVER;
    }
    this.state = READY;
    this.wakeNs = NEVER;
  }

  private rung(dueNs: number): void {
    if (this.state === ASLEEP) {
      if (dueNs < this.wakeNs) this.executor.schedule(this, Math.max(dueNs, this.cursorNs));
      return;
    }
    if (this.state === RUNNING) {
      const interruptNs = Math.max(this.interruptNs(), this.cursorNs);
      if (interruptNs < this.wakeNs) this.executor.schedule(this, interruptNs);
    }
    this.rungNs = Math.min(this.rungNs, dueNs);
  }

  private interruptNs(): number {
    return this.core < 0 ? NEVER : this.executor.machine.mailboxes.dueNs(this.core);
  }
}

export class VirtualExecutor {
  readonly machine: Machine;
  /** One a actor, in the order of actor numbers. */
  readonly cpus: readonly VirtualCpu[];
  private readonly heap = new EventHeap();
  private serials = 0;

  constructor(machine: Machine) {
    this.machine = machine;
    this.cpus = Array.from({ length: machine.actorCount }, (_, id) => new VirtualCpu(id, this));
  }

  /** Wakes `cpu` at `wakeNs` instead of whenever it was to be woken. */
  schedule(cpu: VirtualCpu, wakeNs: number): void {
    cpu.wakeNs = wakeNs;
    cpu.serial = ++this.serials;
    if (wakeNs !== NEVER) this.heap.push(wakeNs, cpu.id, cpu.serial);
  }

  /** Whether nobody else comes before an actor that stands at `ns`. */
  isNext(ns: number, actor: number): boolean {
    this.dropStale();
    return this.heap.isEmpty || this.heap.isAfter(ns, actor);
  }

  /**
   * Runs all protocols (one a actor, in order) until each has ended.
   * @throws Aborted if the run was ended, Error naming who waits for whom if nobody can go on.
   */
  complete(protocols: readonly Protocol<void>[]): void {
    let running = protocols.length;
    for (const cpu of this.cpus) this.schedule(cpu, 0);
    while (running > 0) {
      this.dropStale();
      if (this.heap.isEmpty) throw new Error(`nobody can go on:\n${this.describe()}`);
      const cpu = this.cpus[this.heap.topActor];
      this.heap.pop();
      cpu.wake();
      if (this.machine.control.aborted) throw new Aborted("the run was ended");
      if (protocols[cpu.id].next().done) {
        running--;
        cpu.serial = 0;
      }
    }
  }

  private dropStale(): void {
    const { heap } = this;
    while (!heap.isEmpty && this.cpus[heap.topActor].serial !== heap.topSerial) heap.pop();
  }

  private describe(): string {
    const { actors } = this.machine;
    return this.cpus.map((cpu) => `  actor ${cpu.id} ${actors.describeWait(cpu.id)}`).join("\n");
  }
}
