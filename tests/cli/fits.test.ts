import { describe, expect, it } from "vitest";
import { fitsTable } from "../../dist/src/cli/fits.js";
import { fitRows } from "../../dist/src/results/fits.js";
import type { MeasuredPoint } from "../../dist/src/results/rows.js";
import { took } from "../support/took.ts";

function on(executor: "threads" | "virtual", cores: number): MeasuredPoint {
  const measured = took("strict", cores, 1, 1000 * cores);
  return { ...measured, point: { ...measured.point, executor } };
}

/** Headings and first row of the table of laws. */
function printed(points: MeasuredPoint[]): string[] {
  const [, headings, first] = fitsTable(fitRows(points), points).split("\n");
  return [headings.trim(), first.trim()];
}

describe("laws as people read them", () => {
  const virtual = [2, 4, 8, 16].map((cores) => on("virtual", cores));

  it("of a run with both executors, only one of which has any: say of which they are", () => {
    const [headings, first] = printed([on("threads", 2), ...virtual]);
    expect(headings).toMatch(/^executor +policy +ns /);
    expect(first).toMatch(/^virtual +strict +/);
  });

  it("of one executor: do not", () => {
    expect(printed(virtual)[0]).toMatch(/^policy +ns /);
  });
});
