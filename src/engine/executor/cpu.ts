// What gives an actor time and turns. Protocols are generators over this interface and run
// unchanged under every executor: `threads` (one worker an actor, wall clock) and those in
// virtual time.
//
// Each actor has a time cursor, in ns of modelled time. A method that returns a boolean returns
// true when the executor needs control back; such a call always stands inside `if (…) yield`. After
// a yield nothing that was read before still holds.

/** A protocol step: yields only when the executor asked for it. */
export type Protocol<Result> = Generator<undefined, Result, undefined>;

export interface Cpu {
  /** The actor's number. */
  readonly id: number;
  /** What the last `run` did not do, in ns, since an interrupt came first. */
  readonly leftNs: number;
  /** By how much the host made the last wait end late, in ns; 0 in virtual time. */
  readonly lateNs: number;

  /** The cursor; after a wait never behind the clock that all actors share. */
  now(): number;
  /** `ns` of work with interrupts masked. */
  spend(ns: number): void;
  /** `ns` of interruptible work: ends early when an interrupt is due, with the rest in `leftNs`. */
  run(ns: number): boolean;
  /**
   * Waits until the doorbell was rung, until `awaited` has answered or until `untilNs`. May return
   * early: the caller reads its conditions again, each through its own due time, and passes the
   * earliest due time that it knows of.
   */
  sleep(untilNs: number, awaited?: number): boolean;
  /**
   * When something takes effect that is stored now and takes `delayNs` of modelled time to get
   * there; not before it is really stored, where that is later.
   */
  effectNs(delayNs: number): number;
  /** Tells `actor` that something was stored for it that takes effect at `dueNs`. */
  ring(actor: number, dueNs: number): void;
  /** The same, but it need not be told unless it is this actor that it waits for. */
  answer(actor: number, dueNs: number): void;
  /**
   * Stands before every step that others can see: whoever is earlier in modelled time goes first.
   * Unless that cannot matter: no step of theirs gets here before `reachNs` are over, and they see
   * this one through a due time of its own.
   */
  point(reachNs?: number): boolean;
}

/**
 * Runs a protocol to its end where nothing can ask for control back. In the threads build protocols
 * are plain functions (scripts/build-executors.mjs), so that the call has already done everything.
 */
export function complete(protocol: Protocol<void>): void {
  if ((protocol as Protocol<void> | undefined)?.next().done === false) {
    throw new Error("a protocol yielded although its executor never asks for control");
  }
}
