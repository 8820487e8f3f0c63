// Which entries of a core's own flush queue all other cores have swept. As with read-copy-update: a
// period begins with a look at how often each core has swept, and ends when each that can have
// something cached has done a whole sweep since.

import type { Machine } from "../machine/machine.ts";

/** The one that may have been under way when the period began, and the next. */
const SWEEPS_OF_A_PERIOD = 2;

export class GracePeriod {
  /** Entries before this index have been swept by everybody. */
  sweptBelow = 0;
  private under = false;
  private tail = 0;
  private readonly sweeps: Int32Array;

  constructor(cores: number) {
    this.sweeps = new Int32Array(cores);
  }

  /** Looks whether the period under way is over, and begins the next if there are new entries. */
  advance(machine: Machine, core: number, space: number): void {
    if (this.under && this.isOver(machine, core, space)) {
      this.under = false;
      this.sweptBelow = this.tail;
    }
    const tail = machine.flushQueues.tailOf(core);
    if (this.under || tail === this.sweptBelow) return;
    this.under = true;
    this.tail = tail;
    for (let other = 0; other < this.sweeps.length; other++) {
      this.sweeps[other] = machine.coreStates.sweepsOf(other);
    }
  }

  /** Cores that are idle or have another space loaded sweep or flush before they come back. */
  private isOver(machine: Machine, core: number, space: number): boolean {
    const { spaces, coreStates } = machine;
    for (let other = 0; other < this.sweeps.length; other++) {
      if (other === core || !spaces.isRunning(space, other) || coreStates.isIdle(other)) continue;
      const swept = (coreStates.sweepsOf(other) - this.sweeps[other]) | 0;
      if (swept < SWEEPS_OF_A_PERIOD) return false;
    }
    return true;
  }
}
