// The command that compares times runs, and says what it says as CSV. Whether threads agree is the
// host's business; what is compared is checked on made-up medians.

import { parse } from "csv-parse/sync";
import { beforeAll, describe, expect, it } from "vitest";
import { compare } from "../../dist/bench/conformance/compare.js";
import { Histogram } from "../../dist/src/engine/probe/histogram.js";
import type { MeasuredPoint } from "../../dist/src/results/rows.js";
import { pointOf } from "../support/points.ts";
import { type Ended, runProgram } from "../support/program.ts";

/** A run whose median latency is `ns`. */
function took(ns: number, dilation: number): MeasuredPoint {
  const latency = new Histogram();
  latency.record(ns);
  const point = pointOf({ dilation });
  return { workload: "munmap", pages: 1, point, result: { latency } } as unknown as MeasuredPoint;
}

describe("agreement of medians", () => {
  it.each([
    ["undilated, within 10 %", 1, 1090, 1000, 50, true],
    ["undilated, beyond 10 %, within one floor", 1, 1150, 1000, 160, true],
    ["undilated, beyond both", 1, 1200, 1000, 160, false],
    ["undilated, too fast is no agreement either", 1, 800, 1000, 160, false],
    ["dilated, within 2 %", 100, 1016, 1000, 500, true],
    ["dilated, beyond 2 %, a floor does not count", 100, 1064, 1000, 500, false],
  ])("%s", (_, dilation, threadsNs, virtualNs, floorNs, agrees) => {
    const row = compare(took(threadsNs, dilation), took(virtualNs, 1), floorNs);
    expect(row.agrees).toBe(agrees);
  });
});

describe("npm run conformance -- --quick", () => {
  let ended: Ended;
  let rows: Record<string, string>[];

  beforeAll(async () => {
    ended = await runProgram("bench/conformance/main.js", ["--quick"]);
    rows = parse(ended.stdout, { columns: true });
  });

  it("pairs each threaded point with the same in virtual time", () => {
    expect(rows).toHaveLength(4);
    expect(ended.stderr).toMatch(/\d of 4 pairs agree/);
    expect(rows.map(({ policy, cores }) => `${policy} ${cores}`)).toEqual([
      "akaros 2",
      "strict 2",
      "akaros 4",
      "strict 4",
    ]);
    for (const { threads_ns, virtual_ns } of rows) {
      expect(Number(threads_ns)).toBeGreaterThan(0);
      expect(Number(virtual_ns)).toBeGreaterThan(0);
    }
  });

  it("ends with status 0 if all agree, else with 1", () => {
    expect(ended.code).toBe(rows.every(({ agrees }) => agrees === "true") ? 0 : 1);
  });
});
