// Operations that come at a rate of their own, ready or not (an open loop): each is due so long
// after the one before, as requests from outside are, and its latency counts from then. Otherwise
// whoever is slow would be asked less often, and what waited meanwhile would count nowhere
// (coordinated omission: Tene, "How NOT to Measure Latency", 2015).
//
// Gaps are exponential, as those of many independent sources are (a Poisson process), and drawn
// from a generator of their own: what is due when does not depend on how the machine gets on.

import type { Random } from "../random.ts";

export class Arrivals {
  /** When the operation under way, or the next, is due. */
  dueNs = 0;
  private readonly random: Random;
  private readonly meanNs: number;

  constructor(random: Random, meanNs: number) {
    this.random = random;
    this.meanNs = meanNs;
  }

  /** What was due before counts no more. */
  restart(nowNs: number): void {
    this.dueNs = nowNs;
  }

  /** The next operation: in whole ns. */
  advance(): void {
    this.dueNs += Math.round(-this.meanNs * Math.log(1 - this.random.fraction()));
  }
}
