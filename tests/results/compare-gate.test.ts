// Which changes of a comparison are regressions, and what a gate cannot tell.

import { describe, expect, it } from "vitest";
import { compareRuns } from "../../dist/src/results/compare/compare.js";
import {
  describeOpen,
  describeOutcome,
  isWhollyOpen,
  openLimits,
  parseGate,
  regressionsOf,
} from "../../dist/src/results/compare/gate.js";
import type { Run } from "../../dist/src/results/compare/run.js";
import { sectionsOf } from "../../dist/src/results/compare/view.js";
import { manifestOf, type PointParts, runOf } from "../support/runs.js";

const NONE = { otherHost: false, otherProfile: false, otherSchema: false };

function one(samples: readonly number[], parts: Partial<PointParts> = {}): Run {
  return runOf([{ id: "a", samples: [samples], ...parts }]);
}

describe("the gate", () => {
  const [base, next] = [5000, 5350].map((ns) => one(new Array(500).fill(ns)));
  const comparison = compareRuns(base, next, NONE);

  it.each([
    ["p50:5%", 1],
    ["p50:5%,mean:6.9%,p99:10%", 2],
    ["p50:8%", 0],
    ["ops_per_s:1%", 0],
  ])("%s, where all is 7 percent slower: %d regressions", (gate, count) => {
    expect(regressionsOf(comparison, parseGate(gate))).toHaveLength(count);
  });

  it("stops at rows that the table marks, and at those alone", () => {
    const failed = new Set(regressionsOf(comparison, parseGate("p50:5%,p99:10%")));
    const [{ view }] = sectionsOf(comparison, false, failed);
    const [gate, metric] = ["gate", "metric"].map((title) => {
      return view.headings.findIndex((heading) => heading.title === title);
    });
    const marked = view.rows.filter((cells) => cells[gate] === "failed");
    expect(marked.map((cells) => cells[metric])).toEqual(["p50"]);
    expect(view.rows.length).toBeGreaterThan(1);
    expect(sectionsOf(comparison, false)[0].view.headings.map(({ title }) => title)).not.toContain(
      "gate",
    );
  });

  it("counts what is unsafe now among its failures, though nothing is slower", () => {
    const outcome = { worse: 0, unsafe: 1, open: [] };
    expect(describeOutcome(comparison, parseGate("p50:8%"), outcome)).toBe(
      "gate failed: 1 gated value, none worse beyond its limit; 1 point unsafe and not before",
    );
  });

  it("none: all that is worse", () => {
    expect(regressionsOf(comparison, undefined)).toHaveLength(4);
  });

  it.each([
    ["p50", /takes METRIC:PERCENT%/],
    ["p50:5", /takes METRIC:PERCENT%/],
    ["p5O:5%", /takes METRIC:PERCENT%/],
    ["p51:5%", /did you mean "p5?0"/],
    ["p50:1%,p50:50%", /p50 has two limits/],
  ])("%s: refused", (gate, message) => {
    expect(() => parseGate(gate)).toThrow(message);
  });
});

describe("what a gate cannot tell", () => {
  const slow = new Array(500).fill(5000);
  const open = (base: Run, next: Run, gate: string) => {
    return openLimits(compareRuns(base, next, NONE), parseGate(gate));
  };
  const [fast, slower] = ["4000", "1000"].map((ops_per_s) => one(slow, { cells: { ops_per_s } }));

  it("what only repetitions tell: of all points, with what to do", () => {
    const [limit, ...others] = open(fast, slower, "p50:5%,ops_per_s:5%");
    expect(others).toEqual([]);
    expect(limit).toEqual({ name: "ops_per_s", points: 1, open: 1, reasons: ["repetitions"] });
    expect(isWhollyOpen(limit)).toBe(true);
    expect(describeOpen(limit)).toMatch(/cannot tell ops_per_s of 1 of 1 point .*--repetitions 3/);
  });

  it("what one of the runs has not measured", () => {
    const [limit] = open(one(slow), slower, "ops_per_s:5%");
    expect(limit).toMatchObject({ open: 1, reasons: ["not measured"] });
  });

  it("some points and not others: not wholly open", () => {
    const both = (ops_per_s: string) => {
      const known = { id: "b", samples: [slow], cells: { ops_per_s: "4000" } };
      return runOf([{ id: "a", samples: [slow], cells: { ops_per_s } }, known]);
    };
    const [limit] = open(both("4000"), both("3999"), "ops_per_s:5%");
    expect(limit).toMatchObject({ points: 2, open: 1 });
    expect(isWhollyOpen(limit)).toBe(false);
  });

  it("too few samples for the limit, but enough for a wider one", () => {
    const few = (ns: number) => one([ns - 9, ns - 6, ns - 3, ns, ns + 3, ns + 6, ns + 9]);
    expect(open(few(95), few(96), "p50:1%")).toMatchObject([{ open: 1, reasons: ["samples"] }]);
    expect(open(few(95), few(96), "p50:90%")).toEqual([]);
  });

  it("a segment that stands in neither run takes no time; without any, nothing is known", () => {
    const cut = one(slow, { segments: { send: 5000 } });
    expect(open(cut, cut, "path:send:1%,path:flush:1%")).toEqual([]);
    expect(open(one(slow), one(slow), "path:flush:1%")).toMatchObject([{ open: 1 }]);
  });

  it("what is the same within a noise that is more than the gate lets through", () => {
    const noise = { threads: { pairs: [{ p50_ratio: 1.3, p99_ratio: 1.3 }] } };
    const cells = { executor: "threads", late_ns_p50: "1", late_ns_p99: "1" };
    const [base, next] = [5000, 6250].map((ns) => ({
      ...one(new Array(500).fill(ns), { cells }),
      manifest: manifestOf({ noise }),
    }));
    const { rows } = compareRuns(base, next, NONE);
    expect(rows.find(({ metric }) => metric.name === "p50")?.verdict).toBe("same");
    expect(open(base, next, "p50:5%")).toMatchObject([{ name: "p50", points: 1, open: 1 }]);
    expect(open(base, next, "p50:30%")).toEqual([]);
  });

  it("more actors than CPUs: says what helps, which repetitions do not", () => {
    const limit = { name: "p50", points: 1, open: 1, reasons: ["oversubscribed"] } as const;
    expect(describeOpen(limit)).toMatch(/fewer cores, --dilate/);
    expect(describeOpen(limit)).not.toContain("repetitions");
    expect(describeOpen({ ...limit, reasons: ["not measured"] })).toContain("both runs have");
  });
});
