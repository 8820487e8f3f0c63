// The next event of each actor, ordered by (time, actor): a tournament tree. An actor has at most
// one event, so that moving it is one pass from its leaf to the root, and nothing ever goes stale.

/** The time of an actor that nothing wakes. */
export const NEVER = Number.POSITIVE_INFINITY;

export class EventTree {
  /** Of all events but the first, the first: when, and whose. As `findRunnerUp` left them. */
  runnerUpNs = NEVER;
  runnerUp = 0;
  private readonly size: number;
  private readonly times: Float64Array;
  /** By node: the actor whose event comes first below it. Node 1 is the root, leaves are last. */
  private readonly winners: Int32Array;

  constructor(actors: number) {
    let size = 1;
    while (size < actors) size *= 2;
    this.size = size;
    this.times = new Float64Array(size).fill(NEVER);
    this.winners = new Int32Array(2 * size);
    for (let actor = 0; actor < size; actor++) this.winners[size + actor] = actor;
    for (let node = size - 1; node > 0; node--) this.winners[node] = this.winners[2 * node];
  }

  /** The actor whose event is first. */
  get first(): number {
    return this.winners[1];
  }

  timeOf(actor: number): number {
    return this.times[actor];
  }

  /** Moves the event of `actor`; NEVER takes it away. */
  set(actor: number, ns: number): void {
    const { times, winners } = this;
    times[actor] = ns;
    for (let node = (this.size + actor) >> 1; node > 0; node >>= 1) {
      const left = winners[2 * node];
      const right = winners[2 * node + 1];
      const winner = times[left] <= times[right] ? left : right;
      // Above a node that this actor neither won nor wins now, nothing changes.
      if (winner !== actor && winners[node] === winner) return;
      winners[node] = winner;
    }
  }

  /** The event of `actor`, which is not the first, has become earlier: perhaps it is second now. */
  challenge(actor: number): void {
    const ns = this.times[actor];
    if (ns > this.runnerUpNs || (ns === this.runnerUpNs && actor > this.runnerUp)) return;
    this.runnerUp = actor;
    this.runnerUpNs = ns;
  }

  /** Finds the second event: of those that the first one beat on its way to the root, the first. */
  findRunnerUp(): void {
    const { times, winners } = this;
    let best = -1;
    let bestNs = NEVER;
    for (let node = this.size + winners[1]; node > 1; node >>= 1) {
      const rival = winners[node ^ 1];
      const rivalNs = times[rival];
      if (rivalNs < bestNs || (rivalNs === bestNs && rival < best)) {
        best = rival;
        bestNs = rivalNs;
      }
    }
    this.runnerUp = best;
    this.runnerUpNs = bestNs;
  }
}
