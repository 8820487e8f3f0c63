// When something of a core's own is due: its tick, and the timer that flushes the deferred queues.
// Each core uses its own elements only. All cores' stand close together, since every piece of user
// work looks at them: of a thousand cores a cache line each would come from far away each time.

const TICK = 0;
const FLUSH = 1;
const TIMERS = 2;

export class CoreTimers {
  private readonly dueNs: Float64Array;

  constructor(cores: number) {
    this.dueNs = new Float64Array(TIMERS * cores).fill(Number.POSITIVE_INFINITY);
  }

  /** When the first of a core's timers is due; Infinity where none is armed. */
  nextNs(core: number): number {
    return Math.min(this.dueNs[TIMERS * core + TICK], this.dueNs[TIMERS * core + FLUSH]);
  }

  /** When its next tick is; Infinity where nothing happens at ticks. */
  tickNs(core: number): number {
    return this.dueNs[TIMERS * core + TICK];
  }

  setTick(core: number, dueNs: number): void {
    this.dueNs[TIMERS * core + TICK] = dueNs;
  }

  /** When its timer flushes the deferred queues; Infinity while it is not armed. */
  flushNs(core: number): number {
    return this.dueNs[TIMERS * core + FLUSH];
  }

  setFlush(core: number, dueNs: number): void {
    this.dueNs[TIMERS * core + FLUSH] = dueNs;
  }
}
