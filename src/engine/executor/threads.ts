// The threads executor: one worker thread an actor, the host's clock, real waits. No method ever
// asks for control back, so a protocol's `yield` never executes here.
//
// The cursor runs ahead of the clock while an actor works (work is modelled, the host's own cost is
// not added to it) and is brought back to the clock when a wait ends. A wait for something whose
// due time was known in advance ends at that time; one that ended late moves the cursor to the
// clock, and `lateNs` says by how much. Not so of who only answers: it acts at the due time, and
// what cannot be hidden inside the time that its work is modelled to take shows where it is waited
// for.
//
// Dilated, a wake-up of the host is not part of the modelled machine. Everybody acts at the due
// time then, be it early by no more than the cursor may run ahead anyway, or late; but nothing that
// is sent takes effect before it is really sent (`effectNs`).

import { type Actors, NOBODY } from "../machine/actors.ts";
import { Aborted, type Control } from "../machine/control.ts";
import type { Machine } from "../machine/machine.ts";
import type { Mailboxes } from "../machine/mailboxes.ts";
import type { Cpu } from "./cpu.ts";

/** How far the cursor may run ahead of the clock, in modelled ns. */
const AHEAD_NS = 1000;
/** A wait that ends so much after its time, in host ns, was still spinning for it: on time. */
const ON_TIME_HOST_NS = 1000;
/** Polls of the mailbox between two reads of the clock, which is the dearer of the two. */
const POLLS_PER_CLOCK = 32;
/** Fruitless polls after which a spinner pauses, and after which it looks how long it has spun. */
const POLLS_PER_PAUSE = 64;
const POLLS_PER_SPIN_CHECK = 4096;
/** Calls after which an actor looks whether the run was ended; powers of two, all three. */
const CALLS_PER_ABORT_CHECK = 256;
/**
 * How long a spinner spins before it parks, in host ns: far longer than any wait between running
 * threads, as a park costs 50 µs; but shorter than a time slice, so that whoever was put aside by
 * the host gets the CPU.
 */
const SPIN_BUDGET_HOST_NS = 2_000_000;
/**
 * A timed park wakes up so much before its time and spins the rest: the host wakes late by
 * about this.
 */
const WAKE_EARLY_HOST_NS = 60_000;
/** The longest park, in ms: so often a parked actor looks whether the run was ended. */
const LONGEST_PARK_MS = 100;
const NS_PER_MS = 1_000_000;

/** Gives other hardware threads the pipeline, where the runtime can (Node 24). */
const pause: () => void =
  (Atomics as unknown as { pause?: () => void }).pause?.bind(Atomics) ?? ((): void => {});

export interface ThreadOptions {
  /** The host's CLOCK_MONOTONIC in ns, common to all threads. */
  readonly hostNowNs: () => number;
  /** Host time at which modelled time is 0. */
  readonly epochNs: number;
  /** Host ns that one modelled ns lasts. */
  readonly dilation: number;
  /** Threads share CPUs: park at once instead of spinning. */
  readonly parks: boolean;
  /**
   * Nothing that this actor does takes modelled time: then it need not know how late it is, as
   * whoever waits for it finds that out, and a read of the clock (45 ns and more) stays off the
   * path that is measured.
   */
  readonly untimed: boolean;
  /**
   * Nothing takes modelled time, and what this actor waits for is what is measured: its cursor
   * follows the clock from poll to poll.
   */
  readonly followsClock: boolean;
  /**
   * What this actor comes late to it does as of when it was due: the host's delay may fit into the
   * time that is modelled, and if not, whoever waits for it sees by how much. Dilated, everybody's.
   */
  readonly catchesUp: boolean;
}

export class ThreadCpu implements Cpu {
  readonly id: number;
  leftNs = 0;
  lateNs = 0;
  private readonly actors: Actors;
  private readonly control: Control;
  private readonly mailboxes: Mailboxes;
  /** This actor's mailbox, or -1 if it is no core. */
  private readonly core: number;
  private readonly hostNowNs: () => number;
  private readonly epochNs: number;
  private readonly dilation: number;
  private readonly parks: boolean;
  private readonly untimed: boolean;
  private readonly followsClock: boolean;
  private readonly catchesUp: boolean;
  private readonly onTimeNs: number;
  /** How much before its due time an actor may act on something, in modelled ns. */
  private readonly earlyNs: number;
  /** The cursor, in modelled ns. */
  private cursorNs = 0;
  /** Modelled ns spent since the clock was last read. */
  private uncheckedNs = 0;
  /** The due time that the actor spins for; NaN if it does not know any. */
  private expectedNs = Number.NaN;
  /** When the last `run` found no interrupt that was due: one that was due by then came late. */
  private lookedNs = Number.NEGATIVE_INFINITY;
  private polls = 0;
  private waitBeganNs = 0;
  private spinsSinceNs = 0;
  private calls = 0;
  private announced = false;
  /** Whose answer it has announced to sleep for. */
  private awaited = NOBODY;
  private doorbell = 0;

  constructor(id: number, machine: Machine, options: ThreadOptions) {
    this.id = id;
    this.actors = machine.actors;
    this.control = machine.control;
    this.mailboxes = machine.mailboxes;
    this.core = id < machine.shape.cores ? id : -1;
    this.hostNowNs = options.hostNowNs;
    this.epochNs = options.epochNs;
    this.dilation = options.dilation;
    this.parks = options.parks;
    this.untimed = options.untimed;
    this.followsClock = options.followsClock;
    this.catchesUp = options.catchesUp || options.dilation > 1;
    this.onTimeNs = ON_TIME_HOST_NS / options.dilation;
    this.earlyNs = options.dilation > 1 ? AHEAD_NS : 0;
  }

  now(): number {
    return this.cursorNs;
  }

  spend(ns: number): void {
    this.cursorNs += ns;
    this.uncheckedNs += ns;
    if (this.uncheckedNs <= AHEAD_NS) return;
    this.uncheckedNs = 0;
    while (this.cursorNs - this.clockNs() > AHEAD_NS) {
      this.checkAborted();
      if (this.parks) {
        this.announce(NOBODY);
        this.park(this.cursorNs);
      } else {
        pause();
      }
    }
  }

  run(ns: number): boolean {
    const endNs = this.cursorNs + ns;
    this.lateNs = 0;
    this.polls = 0;
    let dueNs = this.interruptNs();
    for (;;) {
      this.countCall();
      const untilNs = Math.min(endNs, dueNs);
      if (untilNs <= this.cursorNs) {
        if (dueNs <= this.lookedNs) this.lateNs = this.cursorNs - dueNs;
        break;
      }
      if (this.untimed && dueNs <= endNs) {
        this.cursorNs = dueNs;
        break;
      }
      const clockNs = this.clockNs();
      if (dueNs <= endNs && clockNs >= dueNs - this.earlyNs) {
        this.arrive(dueNs, clockNs);
        break;
      }
      if (clockNs >= endNs) {
        this.endRun(clockNs);
        break;
      }
      this.expectedNs = dueNs;
      dueNs = this.pollInterrupts(dueNs, untilNs);
    }
    this.leftNs = Math.max(0, endNs - this.cursorNs);
    this.uncheckedNs = 0;
    return false;
  }

  sleep(untilNs: number, awaited = NOBODY): boolean {
    this.lateNs = 0;
    this.countCall();
    if (untilNs !== Number.POSITIVE_INFINITY) {
      if (this.untimed) {
        this.cursorNs = Math.max(this.cursorNs, untilNs);
        return false;
      }
      const clockNs = this.clockNs();
      if (clockNs >= untilNs - this.earlyNs) {
        this.arrive(untilNs, clockNs);
        this.polls = 0;
        return false;
      }
      this.expectedNs = untilNs;
    } else if (this.followsClock) {
      this.follow();
    }
    this.polls++;
    if (this.spins()) return false;
    // Two steps: announce, let the caller read all its conditions again, and only then wait.
    if (this.announced && this.awaited === awaited) this.park(untilNs);
    else this.announce(awaited);
    return false;
  }

  effectNs(delayNs: number): number {
    const dueNs = this.cursorNs + delayNs;
    return this.dilation === 1 ? dueNs : Math.max(dueNs, Math.ceil(this.clockNs()));
  }

  ring(actor: number, _dueNs: number): void {
    this.actors.wake(actor);
    this.polls = 0;
  }

  answer(actor: number, _dueNs: number): void {
    this.actors.answer(actor, this.id);
    this.polls = 0;
  }

  point(): boolean {
    return false;
  }

  /** Modelled time by the host's clock. */
  private clockNs(): number {
    return (this.hostNowNs() - this.epochNs) / this.dilation;
  }

  private interruptNs(): number {
    return this.core < 0 ? Number.POSITIVE_INFINITY : this.mailboxes.dueNs(this.core);
  }

  /** The work is done by the clock, unless an interrupt came while it was read. */
  private endRun(clockNs: number): void {
    const dueNs = this.interruptNs();
    if (dueNs <= clockNs) {
      this.arrive(dueNs, clockNs);
      return;
    }
    this.cursorNs = Math.ceil(clockNs);
    this.lookedNs = this.cursorNs;
  }

  /** The wait has lasted until now, and all of that was the host. */
  private follow(): void {
    if (this.polls === 0) this.waitBeganNs = this.cursorNs;
    this.cursorNs = Math.max(this.cursorNs, Math.ceil(this.clockNs()));
    this.lateNs = this.cursorNs - this.waitBeganNs;
  }

  /** What is due at `dueNs` is there and acted upon; the clock says `clockNs`. */
  private arrive(dueNs: number, clockNs: number): void {
    const spun = this.expectedNs === dueNs && clockNs - dueNs <= this.onTimeNs;
    const onTime = spun || this.catchesUp;
    this.expectedNs = Number.NaN;
    this.uncheckedNs = 0;
    const earliestNs = Math.max(dueNs, this.cursorNs);
    this.cursorNs = onTime ? earliestNs : Math.max(earliestNs, Math.ceil(clockNs));
    this.lateNs = this.cursorNs - earliestNs;
  }

  /**
   * In `run`: waits a little for an interrupt, unless the next one is known: that has its time.
   * Returns when the next is due.
   */
  private pollInterrupts(knownNs: number, untilNs: number): number {
    if (this.parks) {
      if (this.announced) this.park(untilNs);
      else this.announce(NOBODY);
      return this.interruptNs();
    }
    for (let i = 0; i < POLLS_PER_CLOCK; i++) {
      const dueNs = this.interruptNs();
      if (dueNs !== Number.POSITIVE_INFINITY) return dueNs;
    }
    return knownNs;
  }

  /** Whether to poll on rather than to park. */
  private spins(): boolean {
    if (this.parks) return false;
    if ((this.polls & (POLLS_PER_PAUSE - 1)) === 0) pause();
    if (this.polls === 1) this.spinsSinceNs = 0;
    if ((this.polls & (POLLS_PER_SPIN_CHECK - 1)) !== 0) return !this.announced;
    const nowNs = this.hostNowNs();
    if (this.spinsSinceNs === 0) this.spinsSinceNs = nowNs;
    return nowNs - this.spinsSinceNs < SPIN_BUDGET_HOST_NS;
  }

  private announce(awaited: number): void {
    this.doorbell = this.actors.announceSleep(this.id, awaited);
    this.announced = true;
    this.awaited = awaited;
  }

  /**
   * Waits on the doorbell until shortly before `untilNs`; spins the rest, as the host wakes late.
   */
  private park(untilNs: number): void {
    const leftHostNs = (untilNs - this.clockNs()) * this.dilation - WAKE_EARLY_HOST_NS;
    if (leftHostNs <= 0) return;
    this.actors.noteCursor(this.id, this.cursorNs);
    const timeoutMs = Math.min(leftHostNs / NS_PER_MS, LONGEST_PARK_MS);
    const { words } = this.actors;
    Atomics.wait(words, this.actors.doorbellIndex(this.id), this.doorbell, timeoutMs);
    this.actors.endSleep(this.id);
    this.announced = false;
    this.checkAborted();
  }

  private countCall(): void {
    if ((++this.calls & (CALLS_PER_ABORT_CHECK - 1)) === 0) this.checkAborted();
  }

  private checkAborted(): void {
    if (this.control.aborted) throw new Aborted("the run was ended");
  }
}
