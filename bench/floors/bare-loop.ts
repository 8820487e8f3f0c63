// What any simulation in virtual time does at least: a binary heap of wake-ups, and a generator that
// is resumed for each. Its events per second are what the virtual executor's are compared with.

import { Random } from "../../src/engine/random.ts";

/** Events come so many ns apart, at most. */
const MAX_GAP_NS = 2000;

/** Events per second of host time, over `events` wake-ups of `actors` actors. */
export function bareEventsPerS(actors: number, events: number): number {
  const random = new Random(1);
  const heap = new WakeUps(actors);
  const protocols = Array.from({ length: actors }, idle);
  for (let actor = 0; actor < actors; actor++) heap.push(random.below(MAX_GAP_NS), actor);
  const began = process.hrtime.bigint();
  for (let event = 0; event < events; event++) {
    const ns = heap.topNs;
    const actor = heap.pop();
    protocols[actor].next();
    heap.push(ns + random.below(MAX_GAP_NS), actor);
  }
  return (events * 1e9) / Number(process.hrtime.bigint() - began);
}

function* idle(): Generator<undefined, never> {
  for (;;) yield;
}

/** A binary heap of (time, actor) in two arrays. */
class WakeUps {
  private size = 0;
  private readonly times: Float64Array;
  private readonly actors: Int32Array;

  constructor(capacity: number) {
    this.times = new Float64Array(capacity);
    this.actors = new Int32Array(capacity);
  }

  get topNs(): number {
    return this.times[0];
  }

  push(ns: number, actor: number): void {
    let hole = this.size++;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (this.times[parent] <= ns) break;
      this.times[hole] = this.times[parent];
      this.actors[hole] = this.actors[parent];
      hole = parent;
    }
    this.times[hole] = ns;
    this.actors[hole] = actor;
  }

  /** The actor of the first wake-up, which is removed. */
  pop(): number {
    const first = this.actors[0];
    const last = --this.size;
    const ns = this.times[last];
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= last) break;
      if (child + 1 < last && this.times[child + 1] < this.times[child]) child++;
      if (ns <= this.times[child]) break;
      this.times[hole] = this.times[child];
      this.actors[hole] = this.actors[child];
      hole = child;
    }
    this.times[hole] = ns;
    this.actors[hole] = this.actors[last];
    return first;
  }
}
