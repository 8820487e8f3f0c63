// The words that start and end a run.
//
// word         writer             readers        meaning
// ABORT        anyone             every wait     the run is lost: leave by throwing Aborted
// READY        actors (add)       main thread    actors that stand at the start barrier
// STARTED      main thread        actors         the barrier is open (publishes EPOCH_NS)
// EPOCH_NS     main thread        actors         (plain) host time at which modelled time is 0
// INITIATORS   before the run     all actors     how many there are
// WARM         initiators (add)   all actors     initiators that are done with their warm-up; once
//                                                these are all, what is counted counts
// RUNNING      initiators (sub)   initiators     initiators that still have operations to do
// STOP         last initiator     all actors     nothing more will be asked of anybody
// RECORDING    an initiator       all actors     what actors do from here on is recorded

import {
  CONTROL_LINES,
  floatsOf,
  type Regions,
  type SharedFloats,
  type SharedWords,
  wordsOf,
} from "../layout/regions.ts";
import { checkWords, LINE_WORDS } from "../layout/words.ts";

const ABORT = 0;
const READY = 1;
const STARTED = 2;
const EPOCH_NS = [4, 64] as const;
const RUNNING = 16;
const STOP = 17;
const WARM = 32;
const INITIATORS = 33;
const RECORDING = 34;

checkWords("control", CONTROL_LINES * LINE_WORDS, {
  ABORT,
  READY,
  STARTED,
  EPOCH_NS,
  RUNNING,
  STOP,
  WARM,
  INITIATORS,
  RECORDING,
});

/** Thrown in every actor of a run that somebody else has ended. */
export class Aborted extends Error {
  override readonly name = "Aborted";
}

export class Control {
  private readonly words: SharedWords;
  private readonly floats: SharedFloats;

  constructor(memory: SharedArrayBuffer, regions: Regions) {
    this.words = wordsOf(memory, regions.control);
    this.floats = floatsOf(memory, regions.control);
  }

  /** Sets how many initiators the run has; before the start only. */
  expectInitiators(initiators: number): void {
    Atomics.store(this.words, RUNNING, initiators);
    Atomics.store(this.words, INITIATORS, initiators);
  }

  /** An initiator is done with its warm-up. */
  warm(): void {
    Atomics.add(this.words, WARM, 1);
  }

  /** Whether all are: from the next thing on that an actor does, it counts. */
  get measuring(): boolean {
    return Atomics.load(this.words, WARM) === Atomics.load(this.words, INITIATORS);
  }

  /** The operation has begun from which on time lines are wanted. */
  record(): void {
    Atomics.store(this.words, RECORDING, 1);
  }

  get recording(): boolean {
    return Atomics.load(this.words, RECORDING) === 1;
  }

  /**
   * An initiator has done its last operation; true for the last of them, which must ring everyone.
   */
  initiatorDone(): boolean {
    if (Atomics.sub(this.words, RUNNING, 1) > 1) return false;
    this.setStopped(true);
    return true;
  }

  /** Ends the loops of all that only answer; cleared, they can begin again. */
  setStopped(stopped: boolean): void {
    Atomics.store(this.words, STOP, stopped ? 1 : 0);
  }

  get stopped(): boolean {
    return Atomics.load(this.words, STOP) === 1;
  }

  abort(): void {
    Atomics.store(this.words, ABORT, 1);
    Atomics.store(this.words, STARTED, 1);
    Atomics.notify(this.words, STARTED);
  }

  get aborted(): boolean {
    return Atomics.load(this.words, ABORT) === 1;
  }

  /** An actor stands at the barrier. */
  ready(): void {
    Atomics.add(this.words, READY, 1);
  }

  get readyActors(): number {
    return Atomics.load(this.words, READY);
  }

  /** Opens the barrier; modelled time is 0 at host time `epochNs` (CLOCK_MONOTONIC). */
  start(epochNs: number): void {
    this.floats[EPOCH_NS[0] / 2] = epochNs; // Plain: published by STARTED.
    Atomics.store(this.words, STARTED, 1);
    Atomics.notify(this.words, STARTED);
  }

  /** Waits at the barrier and returns the epoch; threads only, outside any measurement. */
  awaitStart(): number {
    while (Atomics.load(this.words, STARTED) === 0) Atomics.wait(this.words, STARTED, 0, 1000);
    if (this.aborted) throw new Aborted("the run was ended before it started");
    return this.floats[EPOCH_NS[0] / 2];
  }
}
