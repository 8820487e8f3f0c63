import { describe, expect, it } from "vitest";
import { parsePolicy } from "../../dist/src/engine/policy/parse.js";
import { Histogram } from "../../dist/src/engine/probe/histogram.js";
import type { Host } from "../../dist/src/results/host.js";
import type { MeasuredPoint } from "../../dist/src/results/rows.js";
import { type HostChecks, warningsOf } from "../../dist/src/results/warnings.js";
import { pointOf, run, workloadOf } from "../support/points.ts";

const QUIET: Host = {
  cpu: "",
  cpus: 2,
  memory_bytes: 0,
  kernel: "",
  node: "",
  v8: "",
  load: 0,
  virtualized: false,
};
const STEADY: HostChecks = { clockStepNs: 10, slowdown: 1, hasFloor: true };

interface Made {
  readonly executor?: "threads" | "virtual";
  readonly dilation?: number;
  readonly operations?: number;
  readonly ns?: number;
  readonly lateNs?: number;
  readonly oversubscribed?: boolean;
  readonly neverSteady?: boolean;
  /** Due operations a second, and how many were done. */
  readonly load?: readonly [due: number, done: number];
}

function made(part: Made = {}): MeasuredPoint {
  const { executor = "threads", dilation = 1, operations = 1000, ns = 5000, lateNs = 0 } = part;
  const [latency, late] = [ns, lateNs].map((value) => {
    const histogram = new Histogram();
    histogram.record(value, operations);
    return histogram;
  });
  const { oversubscribed = false, neverSteady = false } = part;
  const [due, done] = part.load ?? [];
  const workload = workloadOf(due === undefined ? {} : { arrivalNs: 1e9 / due });
  const elapsedNs = (operations * 1e9) / (done ?? 1e5);
  const cores = { operations };
  const result = { latency, late, cores, elapsedNs, actors: 3, oversubscribed, neverSteady };
  const point = pointOf({ executor, dilation, workload });
  return { workload: "munmap", point, result } as unknown as MeasuredPoint;
}

/** The words in front. */
function kindsOf(points: MeasuredPoint[], host = QUIET, checks = STEADY, spread = 0): string[] {
  const threads = { pairs: [], p50_spread: spread, p99_spread: spread };
  const found = warningsOf(host, checks, { threads }, points);
  for (const text of found) expect(text).toMatch(/^[a-z-]+: .+\. .*(Use|Leave|Look|Set) /);
  return found.map((text) => text.split(":")[0]);
}

describe("warnings", () => {
  it("none on a quiet host", () => {
    expect(kindsOf([made()])).toEqual([]);
  });

  it.each<[string, string[]]>([
    ["oversubscribed", kindsOf([made({ oversubscribed: true })])],
    ["noisy-host", kindsOf([made({ lateNs: 600 })])],
    ["noisy-host", kindsOf([made()], { ...QUIET, load: 1.5 })],
    ["noisy-host", kindsOf([made()], QUIET, STEADY, 0.2)],
    ["noisy-host", kindsOf([made()], QUIET, { ...STEADY, hasFloor: false })],
    ["clock-too-coarse", kindsOf([made()], QUIET, { ...STEADY, clockStepNs: 1000 })],
    ["virtualized", kindsOf([made()], { ...QUIET, virtualized: true })],
    ["frequency-changed", kindsOf([made()], QUIET, { ...STEADY, slowdown: 0.9 })],
    ["never-steady", kindsOf([made(), made({ executor: "virtual", neverSteady: true })])],
    ["too-few-samples", kindsOf([made(), made({ operations: 300 })])],
  ])("%s: said, and nothing else", (kind, found) => {
    expect(found).toEqual([kind]);
  });

  it("more is due than can be done: says once how much that was, from least to most", () => {
    const virtual = { executor: "virtual", neverSteady: true } as const;
    const points = [
      made({ ...virtual, load: [1000, 950] }),
      made({ ...virtual, load: [2e6, 9e5] }),
      made({ ...virtual, load: [1e6, 4e5] }),
    ];
    const textOf = (some: MeasuredPoint[]) => warningsOf(QUIET, undefined, {}, some)[0];
    const where = "\\(virtual, munmap, 2 cores, 0 IOMMUs, strict\\)";
    expect(textOf(points)).toMatch(
      new RegExp(`; in 2 of them .* 400000/s ${where} to 900000/s ${where}\\. Use more --ops`),
    );
    expect(textOf(points.slice(0, 2))).toMatch(
      new RegExp(`; in 1 of them .* done: 900000/s ${where}\\. Use`),
    );
    expect(textOf(points.slice(0, 1))).not.toContain("of them");
  });

  it("too few samples of all operations that there are: does not ask for more of them", () => {
    const few = [made({ operations: 300 })];
    const textOf = (takesAll: boolean) => {
      return warningsOf(QUIET, STEADY, {}, few, Number.POSITIVE_INFINITY, takesAll)[0];
    };
    expect(textOf(false)).toMatch(/Use more --ops/);
    expect(textOf(true)).toMatch(/^too-few-samples: .*Use --precision .* no more operations\.$/);
    expect(textOf(true)).not.toContain("--ops");
  });

  describe("a flush queue", () => {
    const warningOf = (policy: string, operations: number, pages = 1) => {
      const workload = workloadOf({ pages, operations, warmup: 50 });
      const point = pointOf({ executor: "virtual", policy: parsePolicy(policy), workload });
      const measured = { experiment: "e", id: "a", workload: "munmap", pages, repetition: 1 };
      const found = warningsOf(QUIET, undefined, {}, [{ ...measured, point, result: run(point) }]);
      return found.find((text) => text.startsWith("queue-never-filled"));
    };

    it("that never filled in a short run: said, with how many operations fill it", () => {
      expect(warningOf("deferred(256,10ms)", 100)).toBe(
        "queue-never-filled: in 1 of 1 results the flush queue (deferred(256,10ms)) never " +
          "filled, so that held memory, mean and p99 are those of a run of this length; 1024 " +
          "operations of an initiator fill it 4 times at least. Use as many --ops.",
      );
    });

    it("that filled, that its timer flushed, or that there is none of: nothing said", () => {
      expect(warningOf("deferred(256,10ms)", 1024)).toBeUndefined();
      expect(warningOf("deferred(64,10ms)", 100)).toBeUndefined();
      expect(warningOf("deferred(256,20us)", 100)).toBeUndefined();
      // Each page is an unmap of its own, and an entry.
      expect(warningOf("deferred(256,10ms)", 100, 8)).toBeUndefined();
      expect(warningOf("strict", 100)).toBeUndefined();
    });
  });

  it("with both executors: says of which", () => {
    const few = { operations: 300 };
    const points = [made(few), made(few), made({ executor: "virtual" })];
    const [both] = warningsOf(QUIET, STEADY, {}, points);
    expect(both).toMatch(/: 2 of 2 results on threads are of fewer than \d+ operations/);
    const more = [...points, made({ ...few, executor: "virtual" })];
    expect(warningsOf(QUIET, STEADY, {}, more)[0]).toMatch(
      /: 2 of 2 results on threads and 1 of 2 results in virtual time are of fewer/,
    );
  });

  it("in virtual time the host has no part", () => {
    const restless = { ...QUIET, load: 9, virtualized: true };
    const points = [made({ executor: "virtual" })];
    expect(warningsOf(restless, undefined, {}, points)).toEqual([]);
  });

  it("dilated, the clock may be that much coarser", () => {
    expect(kindsOf([made({ dilation: 100 })], QUIET, { ...STEADY, clockStepNs: 1000 })).toEqual([]);
  });

  it("several causes of one kind: one warning that names them", () => {
    const [text, ...others] = warningsOf(
      { ...QUIET, load: 5 },
      STEADY,
      { threads: { pairs: [], p50_spread: 0.5, p99_spread: 0.5 } },
      [made({ lateNs: 5000 })],
    );
    expect(others).toEqual([]);
    expect(text).toMatch(/^noisy-host: .*5\.0.*50 %.*1 of 1/);
  });
});
