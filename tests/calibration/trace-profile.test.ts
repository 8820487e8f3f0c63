// A profile from shootdowns of which every segment is known.

import { describe, expect, it } from "vitest";
import { traceProfile } from "../../dist/src/calibration/trace-profile.js";
import { UsageError } from "../../dist/src/engine/errors.js";
import type { CriticalPath } from "../../dist/src/workloads/traces/index.js";
import { AFTER, FLUSH, INVALIDATION, shootdown, TRUTH } from "../support/shootdowns.ts";
import { BASE } from "./modelled.ts";

const REQUEST = { name: "like-test", base: BASE, where: "trace:test", seed: 3 };

/** The same as if all of it had happened at once. */
function flatPath(path: CriticalPath): CriticalPath {
  const nothing = (of: object) => Object.fromEntries(Object.keys(of).map((name) => [name, 0]));
  return { ...path, latencyNs: 0, durationNs: nothing(path.durationNs) } as CriticalPath;
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

  it("of times that do not advance: refused, with what writes them finely enough", () => {
    const flat = VARIED.map((pages) => {
      const one = shootdown(pages);
      return { ...one, latencyNs: 0, path: flatPath(one.path!) };
    });
    expect(() => traceProfile(flat, REQUEST)).toThrow(UsageError);
    expect(() => traceProfile(flat, REQUEST)).toThrow(/do not advance.*perf script --ns/);
  });
});
