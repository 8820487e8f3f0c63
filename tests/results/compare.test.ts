// What is said of two runs: made-up points whose difference is known.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Comparison, compareRuns } from "../../dist/src/results/compare/compare.js";
import { toMarkdown } from "../../dist/src/results/compare/markdown.js";
import { comparisonObject } from "../../dist/src/results/compare/rows.js";
import type { Run } from "../../dist/src/results/compare/run.js";
import {
  describeRemedy,
  describeUnmatched,
  sectionsOf,
} from "../../dist/src/results/compare/view.js";
import { manifestOf, type PointParts, runOf } from "../support/runs.js";

type NoisePair = { p50_ratio: number; p99_ratio: number };
const NONE = { otherHost: false, otherProfile: false, otherSchema: false };

/** A bell of 200 samples around `middle`, `width` wide. */
function around(middle: number, width: number): number[] {
  return Array.from({ length: 200 }, (_, i) => {
    const rank = (i + 0.5) / 200;
    return Math.round(middle + (width * Math.log(rank / (1 - rank))) / 4);
  });
}

/** Verdicts of the rows, by metric. */
function verdicts(base: Run, next: Run): Record<string, string> {
  const { rows } = compareRuns(base, next, NONE);
  return Object.fromEntries(rows.map(({ metric, verdict }) => [metric.name, verdict]));
}

function one(samples: readonly number[], cells: Record<string, string> = {}): Run {
  return runOf([{ id: "a", samples: [samples], cells }]);
}

function reasons({ rows }: Comparison): (string | undefined)[] {
  return rows.map(({ reason }) => reason);
}

describe("verdicts in virtual time", () => {
  const base = one(around(5000, 40));

  it("a shift far beyond the spread: worse, and better the other way", () => {
    const slow = one(around(5500, 40));
    expect(verdicts(base, slow)).toMatchObject({ p50: "worse", mean: "worse", p99: "worse" });
    expect(verdicts(slow, base)).toMatchObject({ p50: "better", mean: "better", p99: "better" });
  });

  it("0.3 % of operations that never vary: worse", () => {
    const [before, after] = [5900, 5918].map((ns) => one(new Array(50).fill(ns)));
    expect(verdicts(before, after)).toMatchObject({ p50: "worse", mean: "worse" });
  });

  it("a shift below the spread of few samples: inconclusive, for want of samples", () => {
    const [a, b] = [
      [100, 200, 400, 800],
      [110, 220, 440, 880],
    ].map((few) => one(few));
    const comparison = compareRuns(a, b, NONE);
    expect(comparison.rows.map(({ verdict }) => verdict)).not.toContain("worse");
    expect(reasons(comparison)).toContain("samples");
  });

  it("only the slowest twentieth slower: p99, and not the median", () => {
    const tail = (ns: number) => one([...new Array(2850).fill(1000), ...new Array(150).fill(ns)]);
    expect(verdicts(tail(2000), tail(9000))).toMatchObject({ p50: "same", p99: "worse" });
  });

  it("twice the IPIs: worse, with no repetition; a handful of them: inconclusive", () => {
    const many = ["1", "2"].map((ipis_per_op) => one(around(5000, 40), { ipis_per_op }));
    expect(verdicts(many[0], many[1])).toMatchObject({ ipis_per_op: "worse", p50: "same" });
    const few = ["0.01", "0.02"].map((ipis_per_op) => one(around(5000, 40), { ipis_per_op }));
    expect(verdicts(few[0], few[1])).toMatchObject({ ipis_per_op: "inconclusive" });
  });

  it("IPIs where there were none: worse, without a ratio", () => {
    const [none, some] = ["0", "4"].map((ipis_per_op) => one(around(5000, 40), { ipis_per_op }));
    const { rows } = compareRuns(none, some, NONE);
    expect(rows.find(({ metric }) => metric.name === "ipis_per_op")).toMatchObject({
      ...{ base: 0, next: 4, ratio: undefined, low: undefined, verdict: "worse" },
    });
  });

  it("more operations a second: better", () => {
    const runs = ["1000", "2000"].map((ops_per_s) =>
      runOf([{ id: "a", samples: [[5], [5], [5]], cells: { ops_per_s } }]),
    );
    expect(verdicts(runs[0], runs[1])).toMatchObject({ ops_per_s: "better" });
  });

  it.each(["101", "200"])("%s after 100, which only repetitions tell: inconclusive", (after) => {
    const [a, b] = ["100", after].map((held_pages_max) => one([5], { held_pages_max }));
    expect(verdicts(a, b)).toMatchObject({ held_pages_max: "inconclusive" });
    expect(reasons(compareRuns(a, b, NONE))).toContain("repetitions");
    expect(verdicts(a, a)).toMatchObject({ held_pages_max: "same" });
  });

  it("what was measured in one of them only: not compared", () => {
    expect(
      verdicts(one([5], { ipis_per_op: "" }), one([5], { ipis_per_op: "1" })),
    ).not.toHaveProperty("ipis_per_op");
  });
});

describe("verdicts on threads", () => {
  const threaded = (samples: readonly number[], cells = {}) => {
    return one(samples, { executor: "threads", late_ns_p50: "1", late_ns_p99: "1", ...cells });
  };

  it("a shift within what the same points varied by: the same", () => {
    const pairs: [NoisePair, ...NoisePair[]] = [
      { p50_ratio: 1.2, p99_ratio: 1.5 },
      { p50_ratio: 1, p99_ratio: 1 },
    ];
    const noise = { threads: { pairs } };
    const [a, b] = [5000, 5500].map((ns) => ({
      ...threaded(around(ns, 40)),
      manifest: manifestOf({ noise }),
    }));
    const { rows } = compareRuns(a, b, NONE);
    expect(rows.find(({ metric }) => metric.name === "p50")).toMatchObject({ verdict: "same" });
    const c = { ...threaded(around(9000, 40)), manifest: manifestOf({ noise }) };
    expect(verdicts(a, c)).toMatchObject({ p50: "worse" });
  });

  it("the same point twice as long without a change: then so may others be, or more", () => {
    const noise = { threads: { pairs: [{ p50_ratio: 2, p99_ratio: 0 }] as [NoisePair] } };
    const [a, b] = [5000, 50_000].map((ns) => ({
      ...threaded(around(ns, 40)),
      manifest: manifestOf({ noise }),
    }));
    const comparison = compareRuns(a, b, NONE);
    expect(new Set(reasons(comparison))).toEqual(new Set(["noise"]));
  });

  it("a median to which no host added anything: judged on a restless host, too", () => {
    const noise = { threads: { pairs: [{ p50_ratio: 999, p99_ratio: 0 }] as [NoisePair] } };
    const [a, b, c] = [160, 320, 164].map((ns) => ({
      ...threaded(new Array(200).fill(ns), { late_ns_p50: "0" }),
      manifest: manifestOf({ noise }),
    }));
    expect(verdicts(a, b)).toMatchObject({ p50: "worse", p99: "inconclusive" });
    expect(verdicts(a, c)).toMatchObject({ p50: "same" });
  });

  it("twice as long, but late: that is the host", () => {
    const late = threaded(around(10_000, 40), { late_ns_p50: "5100", late_ns_p99: "5100" });
    const comparison = compareRuns(threaded(around(5000, 40)), late, NONE);
    expect(comparison.rows.slice(0, 3).map(({ verdict }) => verdict)).not.toContain("worse");
    expect(verdicts(threaded(around(5000, 40)), threaded(around(10_000, 40)))).toMatchObject({
      p50: "worse",
    });
  });

  it("noise that nobody measured, without repetitions: nothing is said", () => {
    const [a, b] = [5000, 50_000].map((ns) => ({
      ...threaded(around(ns, 40)),
      manifest: manifestOf({ noise: {} }),
    }));
    expect(new Set(Object.values(verdicts(a, b)))).toEqual(new Set(["inconclusive"]));
  });

  it("repetitions that vary as much as the shift: inconclusive", () => {
    const wild = (middles: readonly number[]) =>
      runOf([
        {
          id: "a",
          samples: middles.map((ns) => around(ns, 40)),
          cells: { executor: "threads", late_ns_p50: "1" },
        },
      ]);
    expect(verdicts(wild([5000, 6500, 5600]), wild([6000, 7500, 5900]))).toMatchObject({
      p50: "inconclusive",
    });
    expect(verdicts(wild([5000, 5050, 5020]), wild([6000, 6050, 6020]))).toMatchObject({
      p50: "worse",
    });
  });

  it("more actors than CPUs: times are not compared, counts are", () => {
    const cells = { oversubscribed: "true", ipis_per_op: "1" };
    const [a, b] = [5000, 9000].map((ns) => threaded(around(ns, 40), cells));
    expect(verdicts(a, b)).toMatchObject({ p50: "inconclusive", ipis_per_op: "same" });
    expect(reasons(compareRuns(a, b, NONE))).toContain("oversubscribed");
  });
});

const pointParts = fc
  .record({
    middle: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 5000 })),
    width: fc.integer({ min: 0, max: 500 }),
    repetitions: fc.integer({ min: 1, max: 3 }),
    ipis: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ middle, width, repetitions, ipis }) => ({
    samples: Array.from({ length: repetitions }, (_, i) =>
      around(middle + i * 3, width).map((ns) => Math.max(0, ns)),
    ),
    cells: { ipis_per_op: `${ipis}` },
  }));
const runs = fc.array(pointParts, { minLength: 1, maxLength: 5 }).map((parts) => {
  return runOf(parts.map((part, i): PointParts => ({ ...part, id: `point-${i}` })));
});

describe("whatever the runs", () => {
  it("a run and itself: all the same", () => {
    fc.assert(
      fc.property(runs, (run) => {
        const { rows } = compareRuns(run, run, NONE);
        expect(rows.map(({ verdict }) => verdict)).toEqual(rows.map(() => "same"));
      }),
      { numRuns: 30 },
    );
  });

  it("swapped: better and worse change places, ratios turn over", () => {
    const swapped = {
      better: "worse",
      worse: "better",
      same: "same",
      inconclusive: "inconclusive",
    };
    fc.assert(
      fc.property(runs, runs, (a, b) => {
        const [there, back] = [compareRuns(a, b, NONE), compareRuns(b, a, NONE)];
        expect(back.rows.map(({ verdict }) => verdict)).toEqual(
          there.rows.map(({ verdict }) => swapped[verdict]),
        );
        there.rows.forEach(({ ratio }, i) => {
          if (ratio !== undefined) expect(ratio * back.rows[i].ratio!).toBeCloseTo(1, 9);
        });
      }),
      { numRuns: 30 },
    );
  });

  it("p and q are shares, or not known", () => {
    fc.assert(
      fc.property(runs, runs, (a, b) => {
        for (const { p, q } of compareRuns(a, b, NONE).rows) {
          for (const share of [p, q]) {
            if (share !== undefined) expect(share >= 0 && share <= 1).toBe(true);
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it("a ratio lies in its interval", () => {
    fc.assert(
      fc.property(runs, runs, (a, b) => {
        for (const { ratio, low, high } of compareRuns(a, b, NONE).rows) {
          if (low !== undefined) expect(low).toBeLessThanOrEqual(ratio! * (1 + 1e-12));
          if (high !== undefined) expect(high).toBeGreaterThanOrEqual(ratio! * (1 - 1e-12));
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe("points that the other run has not", () => {
  const strict: PointParts = { id: "a", samples: [[5]] };

  it("are listed with what is different about them, many alike as one", () => {
    const more = ["b", "c"].map((id) => ({ ...strict, id, cells: { cores: id, ops: "5" } }));
    const others = ["d", "e"].map((id, i) => ({
      ...{ ...strict, id },
      cells: { cores: "bc"[i], ops: "6" },
    }));
    const { pairs, unmatched } = compareRuns(
      runOf([strict, ...more]),
      runOf([strict, ...others]),
      NONE,
    );
    expect(pairs).toHaveLength(1);
    expect(describeUnmatched(unmatched)).toEqual([
      "2 points only in base and 2 points only in new: ops 5 → 6",
    ]);
    expect(describeRemedy(unmatched)).toEqual(["both runs need the same ops"]);
  });

  it("that are like none there: said so, and choices of another policy are not listed", () => {
    const policy = { policy: "batch(32)", when_cores: "batch(32)", cores: "2" };
    const like = runOf([{ ...strict, id: "b", cells: policy }]);
    const unlike = runOf([
      { ...strict, id: "b", cells: { ...policy, cores: "4", iommus: "1", pages: "2" } },
    ]);
    const [near] = compareRuns(runOf([strict]), like, NONE).unmatched;
    expect(near.differs).toEqual(["policy strict → batch(32)"]);
    const lines = describeUnmatched(compareRuns(runOf([strict]), unlike, NONE).unmatched);
    expect(lines).toEqual(["1 point only in base and 1 point only in new: nothing like it there"]);
  });

  it("whose difference no column shows: says so", () => {
    const { unmatched } = compareRuns(runOf([strict]), runOf([{ ...strict, id: "b" }]), NONE);
    expect(describeUnmatched(unmatched)[0]).toMatch(/only in new: nothing that summary\.csv has/);
  });
});

describe("what is refused unless it is allowed", () => {
  const threads = { id: "a", samples: [[5]], cells: { executor: "threads" } };
  const other = { host: { ...manifestOf().host, cpu: "d" } };

  it("threads of two hosts; not virtual time on two hosts", () => {
    const [a, b] = [runOf([threads]), runOf([threads], other)];
    expect(() => compareRuns(a, b, NONE)).toThrow(/hosts differ \(cpu c → d\).*--allow-other-host/);
    expect(compareRuns(a, b, { ...NONE, otherHost: true }).pairs).toHaveLength(1);
    expect(
      compareRuns(one([5]), { ...one([5]), manifest: manifestOf(other) }, NONE).pairs,
    ).toHaveLength(1);
  });

  it("a profile of the same name with other values; allowed, its points match by columns", () => {
    const [profile] = manifestOf().profiles;
    const profiles = [{ ...profile, costs: { pteNs: { ns: 22 } } }];
    const a = runOf([{ id: "a", samples: [[500, 500, 500]] }]);
    const b = runOf([{ id: "b", samples: [[550, 550, 550]] }], { profiles });
    expect(() => compareRuns(a, b, NONE)).toThrow(/"p".*pteNs 20 → 22.*--allow-other-profile/);
    const { pairs, unmatched } = compareRuns(a, b, { ...NONE, otherProfile: true });
    expect([pairs.length, unmatched.length]).toEqual([1, 0]);
  });

  it("files of another schema", () => {
    const a = runOf([threads], { schema: "shootdown/manifest/2" });
    expect(() => compareRuns(a, runOf([threads]), NONE)).toThrow(
      /manifest\/2.*--allow-other-schema/,
    );
    expect(compareRuns(a, runOf([threads]), { ...NONE, otherSchema: true }).pairs).toHaveLength(1);
  });
});

describe("what a comparison is said in", () => {
  const base = runOf([{ id: "a", samples: [around(5000, 40)], segments: { pte: 100, send: 200 } }]);
  const next = runOf([{ id: "a", samples: [around(5500, 40)], segments: { pte: 90, send: 710 } }]);
  const comparison = compareRuns(base, next, NONE);
  const viewsOf = (a: Run, b: Run, all: boolean) => {
    return sectionsOf(compareRuns(a, b, NONE), all).map(({ view }) => view);
  };

  it("JSON has the contract's fields, null for what is not known", () => {
    const object = comparisonObject(comparison, []) as Record<string, object[]>;
    const row = object.points[0];
    for (const field of "point metric base new ratio low high p verdict".split(" ")) {
      expect(row).toHaveProperty(field);
    }
    expect(row).toMatchObject({ point: "a", metric: "p50", verdict: "worse", reason: null });
    expect(object.counts).toEqual({ worse: 4, better: 0, inconclusive: 0, same: 0 });
    expect(object.unmatched).toEqual([]);
  });

  it("the table has what changed, and the segment that did it", () => {
    const [{ headings, rows }] = viewsOf(base, next, false);
    expect(headings.map(({ title }) => title)).toEqual([
      ...["verdict", "policy", "cores", "metric", "base", "new", "ratio"],
      ...["95 % interval", "p", "because"],
    ]);
    expect(rows).toHaveLength(4);
    expect(rows[0].at(-1)).toBe("send +0.510 µs");
    expect(viewsOf(base, base, false)).toEqual([]);
    expect(viewsOf(base, base, true).map((view) => view.rows.length)).toEqual([4, 2]);
  });

  it("Markdown is a table that no name can break", () => {
    const headings = [
      { title: "policy", align: "left" },
      { title: "base", align: "right" },
    ] as const;
    const view = { headings, rows: [["x|y*", "1"]] };
    const table = "| policy | base |\n| :-- | --: |\n| x\\|y\\* | 1 |\n";
    expect(toMarkdown("t", ["a_b"], [{ title: "", view }])).toBe(`### t\n\n- a\\_b\n\n${table}`);
    expect(toMarkdown("t", [], [{ title: "s_t", view }])).toContain(`s\\_t\n\n${table}`);
  });

  it("a point that was safe and is unsafe: said apart", () => {
    const [safe, unsafe] = ["safe", "unsafe"].map((verdict) => one([5], { verdict }));
    expect(compareRuns(safe, unsafe, NONE).safety).toMatchObject([
      { base: "safe", next: "unsafe" },
    ]);
  });
});
