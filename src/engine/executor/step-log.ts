// The order of an actor's protocol steps, as a hash: every step that others can see stands behind a
// `point`, and every signal is a `ring`. Two executors that run the same protocols on the same
// workload must have the same log for each actor, however long anything took.

import type { Cpu } from "./cpu.ts";

export interface Steps {
  readonly count: number;
  /** Of all steps in their order; 32 bits. */
  readonly hash: number;
}

/** 32-bit FNV-1a. */
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
/** What is hashed for a point; for a ring it is the number of the actor that is rung. */
const POINT = -1;

/** Any executor's `Cpu`, with a log of what its actor does. */
export class LoggedCpu implements Cpu {
  private readonly inner: Cpu;
  private count = 0;
  private hash = FNV_OFFSET | 0;

  constructor(inner: Cpu) {
    this.inner = inner;
  }

  get steps(): Steps {
    return { count: this.count, hash: this.hash };
  }

  get id(): number {
    return this.inner.id;
  }

  get leftNs(): number {
    return this.inner.leftNs;
  }

  get lateNs(): number {
    return this.inner.lateNs;
  }

  now(): number {
    return this.inner.now();
  }

  spend(ns: number): void {
    this.inner.spend(ns);
  }

  run(ns: number): boolean {
    return this.inner.run(ns);
  }

  sleep(untilNs: number, awaited?: number): boolean {
    return this.inner.sleep(untilNs, awaited);
  }

  effectNs(delayNs: number): number {
    return this.inner.effectNs(delayNs);
  }

  ring(actor: number, dueNs: number): void {
    this.note(actor);
    this.inner.ring(actor, dueNs);
  }

  answer(actor: number, dueNs: number): void {
    this.note(actor);
    this.inner.answer(actor, dueNs);
  }

  point(reachNs?: number): boolean {
    this.note(POINT);
    return this.inner.point(reachNs);
  }

  private note(step: number): void {
    this.count++;
    this.hash = Math.imul(this.hash ^ step, FNV_PRIME);
  }
}
