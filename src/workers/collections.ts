// Garbage collections of this thread while it plays its part. The runtime says of each when it
// began and how long it took, but only when the thread waits for events again: nothing of that lies
// on the path that is measured.

import { PerformanceObserver } from "node:perf_hooks";
import { setImmediate as nextTurn } from "node:timers/promises";
import { NS_PER_MS, toHostNs } from "./clock.ts";

/** After the turn in which the runtime hands over what it has, one for what that itself caused. */
const TURNS = 2;

/** Of one collection: when it began and ended, in modelled ns, and how long it took the host. */
export interface Collection {
  readonly startNs: number;
  readonly endNs: number;
  readonly hostNs: number;
}

/** Observes from its construction until `end` or `close`. */
export class CollectionWatch {
  private readonly observer = new PerformanceObserver(() => {});

  constructor() {
    this.observer.observe({ entryTypes: ["gc"] });
  }

  /** What was collected since modelled time 0, which was at host time `epochNs`. */
  async end(epochNs: number, dilation: number): Promise<Collection[]> {
    const entries: { startTime: number; duration: number }[] = [];
    const toNs = toHostNs();
    for (let turn = 0; turn < TURNS; turn++) {
      await nextTurn();
      entries.push(...this.observer.takeRecords());
    }
    this.close();
    return entries
      .map(({ startTime, duration }) => {
        const startNs = (toNs(startTime) - epochNs) / dilation;
        const hostNs = duration * NS_PER_MS;
        return { startNs, endNs: startNs + hostNs / dilation, hostNs };
      })
      .filter(({ endNs }) => endNs > 0);
  }

  close(): void {
    this.observer.disconnect();
  }
}
