// Made-up shootdowns of which every segment is known.

import { criticalPath } from "../../dist/src/workloads/traces/critical-path.js";
import type { FinishedShootdown } from "../../dist/src/workloads/traces/index.js";

/** What each step takes, in ns. */
export const TRUTH = {
  before: 3000,
  pte: 90,
  send: 1800,
  delivery: 11_000,
  entry: 2500,
  frame: 110,
};
export const [INVALIDATION, FLUSH, AFTER] = [70, 700, 1500];

/** Takes away `pages` pages; from 34 on the request says only that everything is flushed. */
export function shootdown(pages: number, isOpened = true): FinishedShootdown {
  const requestNs = TRUTH.before + TRUTH.pte * pages;
  const sentNs = requestNs + TRUTH.send;
  const handlerEntryNs = sentNs + TRUTH.delivery;
  const flushNs = pages > 33 ? FLUSH : INVALIDATION * pages;
  const handlerExitNs = handlerEntryNs + TRUTH.entry + flushNs;
  const path = criticalPath({
    startNs: 0,
    isOpened,
    requestNs,
    localStartNs: undefined,
    localEndNs: undefined,
    sentNs,
    handlerEntryNs,
    handlerExitNs,
    returnNs: handlerExitNs + AFTER + TRUTH.frame * pages,
  });
  return {
    pid: 1,
    tid: 1,
    cpu: 0,
    cause: "munmap",
    pages: pages > 33 ? -1 : pages,
    rangePages: pages,
    startNs: 0,
    requestNs,
    targets: 1,
    path,
    latencyNs: path.latencyNs,
    localStartNs: undefined,
    localEndNs: undefined,
    boundNs: handlerExitNs,
    told: [{ cpu: 1, sentNs, entryNs: handlerEntryNs, exitNs: handlerExitNs }],
  };
}
