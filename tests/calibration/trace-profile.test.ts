// A profile from shootdowns of which every segment is known.

import { describe, expect, it } from "vitest";
import { traceProfile } from "../../dist/src/calibration/trace-profile.js";
import { criticalPath } from "../../dist/src/workloads/traces/critical-path.js";
import type { FinishedShootdown } from "../../dist/src/workloads/traces/index.js";
import { BASE } from "./modelled.ts";

const REQUEST = { name: "like-test", base: BASE, where: "trace:test", seed: 3 };

/** What each step takes, in ns. */
const TRUTH = { before: 3000, pte: 90, send: 1800, delivery: 11_000, entry: 2500, frame: 110 };
const [INVALIDATION, FLUSH, AFTER] = [70, 700, 1500];

/** Takes away `pages` pages; from 34 on the request says only that everything is flushed. */
function shootdown(pages: number, isOpened = true): FinishedShootdown {
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

const VARIED = [1, 2, 4, 8, 16, 32, 64, 128, 256].flatMap((pages) => [pages, pages, pages]);

describe("a profile from a trace", () => {
  it("has what its segments take, and what no cost stands for beside it", () => {
    const { profile, fit } = traceProfile(
      VARIED.map((pages) => shootdown(pages)),
      REQUEST,
    );
    const { costs } = profile;
    expect(costs.ipiSendNs).toMatchObject({ ns: TRUTH.send, grade: "measured" });
    expect(costs.deliveryNs).toMatchObject({ ns: TRUTH.delivery, grade: "measured" });
    expect(costs.interruptEntryNs).toMatchObject({ ns: TRUTH.entry, grade: "fitted" });
    expect(costs.invalidatePageNs).toMatchObject({ ns: INVALIDATION, grade: "fitted" });
    expect(costs.flushContextNs).toMatchObject({ ns: FLUSH, grade: "fitted" });
    expect([costs.pteNs.ns, costs.frameNs.ns]).toEqual([TRUTH.pte, TRUTH.frame]);
    expect(fit.beforeNs).toBe(TRUTH.before);
    expect(fit.afterNs).toBe(AFTER - BASE.costs.cacheLineNs.ns);
  });

  it("of a program that takes away equally many pages: what a page adds is the base's", () => {
    const { profile, fit } = traceProfile(
      Array<number>(20)
        .fill(16)
        .map((n) => shootdown(n)),
      REQUEST,
    );
    expect(profile.costs.pteNs.source).toMatch(/^taken from skylake-2s: /);
    expect(fit.beforeNs).toBe(TRUTH.before + 16 * (TRUTH.pte - BASE.costs.pteNs.ns));
    expect([fit.line.perPageNs, fit.line.perSendNs]).toEqual([0, 0]);
  });

  it("without the system calls: nothing is known of what comes before the request", () => {
    const { profile, fit } = traceProfile(
      VARIED.map((pages) => shootdown(pages, false)),
      REQUEST,
    );
    expect(fit.beforeNs).toBe(0);
    expect(profile.costs.pteNs.source).toMatch(/^taken from/);
  });

  it("of four shootdowns: refused", () => {
    const few = [1, 2, 3, 4].map((pages) => shootdown(pages));
    expect(() => traceProfile(few, REQUEST)).toThrow(/4 shootdowns .* it takes 5/);
  });
});
