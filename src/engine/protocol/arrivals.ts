// Operations that come at a rate of their own, ready or not (an open loop): each is due so long
// after the one before, as requests from outside are, and its latency counts from then. Otherwise
// whoever is slow would be asked less often, and what waited meanwhile would count nowhere
// (coordinated omission: Tene, "How NOT to Measure Latency", 2015).
//
// Gaps are exponential, as those of many independent sources are (a Poisson process), and drawn
// from a generator of their own: what is due when does not depend on how the machine gets on. Or
// they are all alike, as those of a timer or a frame clock are.

import type { Random } from "../random.ts";

export class Arrivals {
  /** When the operation under way, or the next, is due. */
  dueNs = 0;
  private readonly meanNs: number;
  /** Undefined: gaps are fixed. */
  private readonly random: Random | undefined;
  /** Where fixed gaps begin, so that initiators can take turns. */
  private readonly phaseNs: number;

  private constructor(meanNs: number, random: Random | undefined, phaseNs: number) {
    this.meanNs = meanNs;
    this.random = random;
    this.phaseNs = phaseNs;
  }

  /** At random, so often on average. */
  static poisson(meanNs: number, random: Random): Arrivals {
    return new Arrivals(meanNs, random, 0);
  }

  /** At `phaseNs` and every `gapNs` from there, both whole ns of modelled time. */
  static fixed(gapNs: number, phaseNs: number): Arrivals {
    return new Arrivals(gapNs, undefined, phaseNs);
  }

  /** What was due before counts no more. */
  restart(nowNs: number): void {
    const sincePhaseNs = nowNs - this.phaseNs;
    this.dueNs = this.random === undefined ? nowNs - modulo(sincePhaseNs, this.meanNs) : nowNs;
  }

  /** The next operation: in whole ns. */
  advance(): void {
    this.dueNs += this.random === undefined ? this.meanNs : exponential(this.meanNs, this.random);
  }
}

function exponential(meanNs: number, random: Random): number {
  return Math.round(-meanNs * Math.log(1 - random.fraction()));
}

/** From 0 to below `of`, also of what is negative. */
function modulo(value: number, of: number): number {
  return value - of * Math.floor(value / of);
}
