// The table of a replay's counts beside the kernel's.

import { expect, it } from "vitest";
import { countsTable } from "../../dist/src/cli/counts.js";
import type { CountsRow } from "../../dist/src/results/columns/counts.js";
import type { MeasuredPoint } from "../../dist/src/results/rows.js";
import { FLUSH_METRICS } from "../../dist/src/workloads/traces/index.js";
import { pointOf } from "../support/points.ts";

const RUN = { experiment: "replay", repetition: 1, executor: "virtual", policy: "strict" };

function rowsOf(point: string): CountsRow[] {
  return FLUSH_METRICS.map((metric) => {
    return { ...RUN, point, cause: "all", metric, kernel: 7, replayed: 8, error: 0 };
  });
}

/** Of that all the table asks for. */
function measured(id: string, iommus: number): MeasuredPoint {
  return { id, point: pointOf({ iommus }) } as MeasuredPoint;
}

it("runs that differ in their IOMMUs: a column says which is which, and of one there is none", () => {
  const one = countsTable(rowsOf("a"), [measured("a", 1)]);
  expect(one).toMatch(/executor +policy +cause/);
  const both = countsTable([...rowsOf("a"), ...rowsOf("b")], [measured("a", 1), measured("b", 0)]);
  expect(both).toMatch(/executor +IOMMUs +policy +cause/);
  expect(both).toMatch(/virtual +1 +strict +all +7 → 8/);
  expect(both).toMatch(/virtual +0 +strict +all +7 → 8/);
});
