// The gang: as many warm worker threads as the largest point has actors, kept from point to point.
// A run hands each actor to a worker of its own, opens the start barrier when all stand there,
// watches over their progress, and comes to an end in every case: done, an actor died, no progress,
// or interrupted.

import { setTimeout as delay } from "node:timers/promises";
import type { Piscina } from "piscina";
import { NoProgressError } from "../engine/errors.ts";
import { actorName } from "../engine/layout/shape.ts";
import { Aborted, type Control } from "../engine/machine/control.ts";
import type { Machine } from "../engine/machine/machine.ts";
import type { ActorTask, CutShort } from "./actor.ts";
import { BrokenRunError } from "./broken-run.ts";
import type { RunReport } from "./point.ts";
import { startPool } from "./pool.ts";

/** Host time between the barrier's opening and modelled time 0, so that all actors are there. */
const START_AFTER_NS = 1_000_000;
const WATCH_EVERY_MS = 250;
const READY_POLL_MS = 1;
/**
 * So many workers start at once: if hundreds did, this thread would have no CPU to notice that it
 * is interrupted, and could not end before all of them have started.
 */
const STARTING = 16;
/** A run whose initiators get nothing done for so long is ended. */
const WATCHDOG_MS = 20_000;

/**
 * A gang larger than this keeps its workers' young generations small: 130 MB less for 66 of them.
 * A small one can afford that its garbage is collected less often.
 */
const LARGE_GANG = 16;
const LARGE_GANG_YOUNG_MB = 1;

export class Gang {
  private readonly pool: Piscina<ActorTask, RunReport | CutShort>;

  /** Starts workers, `actors` in the end; they stay until `close`. */
  constructor(actors: number) {
    const isLarge = actors > LARGE_GANG;
    const actor = new URL("../../threads/src/workers/actor.js", import.meta.url);
    this.pool = startPool(actor, actors, {
      minThreads: Math.min(actors, STARTING),
      // A waiting worker blocks on shared memory of the pool, so that it costs no CPU time.
      atomics: "sync",
      ...(isLarge ? { resourceLimits: { maxYoungGenerationSizeMb: LARGE_GANG_YOUNG_MB } } : {}),
    });
  }

  /**
   * Runs one point to its end and returns the actors' reports in their order.
   * @throws NoProgressError if no initiator gets anything done for `watchdogMs`, BrokenRunError if
   *   an invariant does not hold, Aborted when `signal` fires, or what an actor threw.
   */
  async run(
    machine: Machine,
    tasks: readonly ActorTask[],
    initiators: number,
    signal?: AbortSignal,
    watchdogMs = WATCHDOG_MS,
  ): Promise<RunReport[]> {
    const { control } = machine;
    const onAbort = (): void => control.abort();
    signal?.addEventListener("abort", onAbort);
    const watch = new Watch(machine, initiators, watchdogMs);
    const running: Promise<RunReport | CutShort>[] = [];
    try {
      watch.begin();
      for (const task of tasks) {
        await readyOrAborted(control, running.length - STARTING + 1);
        if (control.aborted) break;
        const run = this.pool.run(task);
        // A worker that dies without a word (out of memory, process.exit) has not told the others.
        run.catch(() => control.abort());
        running.push(run);
      }
      await readyOrAborted(control, tasks.length);
      if (signal?.aborted) control.abort();
      if (!control.aborted) control.start(Number(process.hrtime.bigint()) + START_AFTER_NS);
      const settled = await Promise.race([Promise.allSettled(running), watch.unstarted]);
      const reports = reportsOf(settled, watch);
      if (reports.length < tasks.length) throw interrupted();
      return reports;
    } finally {
      watch.end();
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /**
   * Ends one worker by force, as if it had crashed: the run that it is part of fails, and the gang
   * can only be closed.
   */
  async killOne(): Promise<void> {
    await this.pool.threads.at(-1)?.terminate(); // Those that are still starting come first.
  }

  async close(): Promise<void> {
    await this.pool.destroy();
  }
}

/** Waits until so many actors stand at the start, or the run is ended. */
async function readyOrAborted(control: Control, actors: number): Promise<void> {
  while (control.readyActors < actors && !control.aborted) await delay(READY_POLL_MS);
}

/** Looks every quarter of a second whether an actor came to the start, or an initiator got on. */
class Watch {
  /** Who waits for whom, if the run was ended for lack of progress. */
  table: string | undefined;
  /** Resolves if not all came to the start: then not all will say how they ended. */
  readonly unstarted: Promise<[]>;
  private readonly giveUp: () => void;
  private readonly machine: Machine;
  private readonly initiators: number;
  private readonly limitMs: number;
  private timer: NodeJS.Timeout | undefined;
  private progress = -1;
  private stillMs = 0;

  constructor(machine: Machine, initiators: number, limitMs: number) {
    this.machine = machine;
    this.initiators = initiators;
    this.limitMs = limitMs;
    let giveUp = (): void => {};
    this.unstarted = new Promise((resolve) => {
      giveUp = () => resolve([]);
    });
    this.giveUp = giveUp;
  }

  begin(): void {
    this.timer = setInterval(() => this.look(), WATCH_EVERY_MS);
  }

  end(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    const { actors, control, shape } = this.machine;
    const { readyActors } = control;
    const { actorCount } = this.machine;
    const isStarted = readyActors === actorCount;
    let progress = readyActors;
    for (let core = 0; core < this.initiators; core++) progress += actors.progressOf(core);
    this.stillMs = progress === this.progress ? this.stillMs + WATCH_EVERY_MS : 0;
    this.progress = progress;
    if (this.stillMs < this.limitMs || control.aborted) return;
    const lines: string[] = [];
    if (!isStarted) lines.push(`  ${readyActors} of ${actorCount} worker threads have started`);
    for (let actor = 0; actor < actorCount; actor++) {
      lines.push(`  ${actorName(shape, actor)} ${actors.describeWait(actor)}`);
    }
    this.table = lines.join("\n");
    control.abort();
    if (!isStarted) this.giveUp();
  }
}

/** All reports, or the reason why there are none. */
function reportsOf(
  settled: readonly PromiseSettledResult<RunReport | CutShort>[],
  watch: Watch,
): RunReport[] {
  if (watch.table !== undefined) {
    throw new NoProgressError(`no initiator made progress; who waits for whom:\n${watch.table}`);
  }
  const ended = settled.map((run) => {
    if (run.status === "rejected") throw run.reason;
    return run.value;
  });
  const cut = ended.filter((report) => "cutShort" in report);
  const broken = cut.find((report) => report.broken !== undefined)?.broken;
  if (broken !== undefined) {
    throw new BrokenRunError({ broken, checks: cut.flatMap(({ cutShort }) => cutShort ?? []) });
  }
  if (cut.length > 0) throw interrupted();
  return ended as RunReport[];
}

function interrupted(): Aborted {
  return new Aborted("the run was interrupted");
}
