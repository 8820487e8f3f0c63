// What is read off a point, as sources give it.

import { DELIVERY, HANDLER, LOCAL, QUEUED, SEND } from "../../src/engine/probe/segments.ts";
import type { PointResult } from "../../src/workers/point.ts";

export interface Metric {
  readonly name: string;
  readonly of: (result: PointResult) => number;
}

const NS_PER_S = 1e9;
const NS_PER_US = 1000;

export const OPERATIONS_PER_S: Metric = {
  name: "operations/s",
  of: ({ latency, elapsedNs }) => (NS_PER_S * latency.count) / elapsedNs,
};

/** What an operation takes, with the user time before it, where there is one initiator. */
export const US_PER_OPERATION: Metric = {
  name: "µs an operation",
  of: ({ latency, elapsedNs }) => elapsedNs / latency.count / NS_PER_US,
};

/** Page-table reads of a page's DMA. */
export const TABLE_READS: Metric = {
  name: "page-table reads a page",
  of: ({ devices }) => devices.tableReads / devices.dmas,
};

export const INTERRUPTS_PER_S: Metric = {
  name: "interrupts/s",
  of: ({ cores, elapsedNs }) => (NS_PER_S * cores.ipis) / elapsedNs,
};

export const INTERRUPTS_PER_OPERATION: Metric = {
  name: "interrupts an operation",
  of: ({ cores, latency }) => cores.ipis / latency.count,
};

/** Of the initiators' time, what flushes take on the critical path, where there is one initiator. */
export const FLUSH_SHARE: Metric = {
  name: "% of the time in flushes",
  of: ({ segments, elapsedNs }) => {
    const flushNs = [SEND, LOCAL, QUEUED, DELIVERY, HANDLER]
      .map((segment) => segments[segment].onPath)
      .reduce((sum, { mean, count }) => sum + (mean ?? 0) * count, 0);
    return (100 * flushNs) / elapsedNs;
  },
};
