// The short form of every reproduction runs, and says what it says as CSV. Whether a result comes
// out is the command's business; what counts as reproduced is checked on made-up effects.

import { readdirSync, readFileSync } from "node:fs";
import { parse } from "csv-parse/sync";
import { beforeAll, describe, expect, it } from "vitest";
import { FITS, isFittedTo, REGIONS_FIT } from "../../dist/bench/papers/fits.js";
import { fileOf, fittedOf, profileOf } from "../../dist/bench/papers/machines.js";
import type { Paper } from "../../dist/bench/papers/paper.js";
import {
  isDirectionRight,
  isReproduced,
  rowOf,
  summaryOf,
} from "../../dist/bench/papers/report.js";
import { PAPERS } from "../../dist/bench/papers/rows/index.js";
import { solve } from "../../dist/bench/papers/solve.js";
import { parseProfile } from "../../dist/src/cli/profile-file.js";
import type { CostName } from "../../dist/src/engine/profile/costs.js";
import { type Ended, runProgram } from "../support/program.ts";

describe("an effect", () => {
  it.each([
    ["within a fifth of it", -70, -60, true, true],
    ["beyond a fifth of it", -70, -50, true, false],
    ["small, within a point", 2, 2.9, true, true],
    ["the wrong way, within a point", 0.5, -0.4, false, true],
    ["none published, none found", 0, 0.5, true, true],
    ["none published, one found", 0, 5, false, false],
  ])("%s", (_, published, value, directionOk, within) => {
    const machine = "haswell-2s";
    const effect = {
      machine,
      setup: "",
      metric: "",
      unit: "%",
      published,
      note: "",
      reproduce: () => never(),
    };
    const paper: Paper = { row: 1, source: "", effects: [effect] };
    const row = rowOf(paper, effect, { value, parameters: [] });
    expect(row).toMatchObject({ direction_ok: directionOk, within });
  });

  it("of several, more than half within: the result is reproduced", () => {
    const rows = (...within: boolean[]) => within.map((each) => ({ within: each })) as never;
    expect(isReproduced(rows(true, true, false))).toBe(true);
    expect(isReproduced(rows(true, false))).toBe(false);
  });

  it("that its machine was fitted to: no part of the result, which may have no other", () => {
    const [fitted, off] = [
      { within: true, own_fit: true },
      { within: false, own_fit: false },
    ];
    expect(isReproduced([fitted, fitted, off] as never)).toBe(false);
    expect(isReproduced([fitted] as never)).toBe(false);
  });

  it("of several, more than half the right way: the direction is right", () => {
    const rows = (...right: boolean[]) => right.map((each) => ({ direction_ok: each })) as never;
    expect(isDirectionRight(rows(false, true, true))).toBe(true);
    expect(isDirectionRight(rows(false, true))).toBe(false);
  });
});

function never(): never {
  throw new Error("nobody asked for it");
}

describe("what a machine was fitted to", () => {
  const named = PAPERS.flatMap(({ row, effects }) => {
    return effects.filter(isFittedTo).map(({ metric }) => `${row}: ${metric}`);
  });

  it("an effect of a row: named by its fit", () => {
    expect(named).toEqual(["19: time of the loops", "23: page-table reads a page"]);
  });

  it("no other effect: a figure of a fit is one only where the fit names it", () => {
    const published = PAPERS.flatMap(({ effects }) => effects.filter((each) => !isFittedTo(each)));
    const figures = FITS.map(({ figure }) => figure);
    expect(published.filter((each) => figures.includes(each.published))).toEqual([]);
  });

  it("a result that consists of it: not counted, and the summary says so", () => {
    const paper = PAPERS.find(({ row }) => row === 19)!;
    const rows = paper.effects.map((effect) => {
      return rowOf(paper, effect, { value: effect.published, parameters: [] });
    });
    expect(rows).toMatchObject([{ within: true, own_fit: true }]);
    expect(summaryOf([paper], rows)).toBe(
      "0 of 0 results reproduced, the direction right in 0; " +
        "row 19 does not count: its machine was fitted to it",
    );
  });
});

it("every effect: says what it leaves out, or why it does not come out", () => {
  const silent = PAPERS.flatMap(({ effects }) => effects.filter(({ note }) => note.trim() === ""));
  expect(silent).toEqual([]);
});

describe("setting a parameter from a baseline", () => {
  const range = { low: 0, high: 1_000_000 };

  it("a straight line: few steps", async () => {
    let steps = 0;
    const measure = async (x: number) => {
      steps++;
      return 500 + x;
    };
    expect(await solve(measure, 8000, range, 0.002)).toBe(7500);
    expect(steps).toBeLessThan(6);
  });

  it("falling and bent: as near as it gets", async () => {
    const x = await solve(async (x) => 1e9 / (100 + x), 1000, range, 0.002);
    expect(1e9 / (100 + x)).toBeCloseTo(1000, -1);
  });

  it("out of reach: the nearer end of the range", async () => {
    expect(await solve(async (x) => 500 + x, 100, range, 0.002)).toBe(0);
    expect(await solve(async (x) => 500 + x, 1e9, range, 0.002)).toBe(1_000_000);
  });
});

describe("machines", () => {
  const files = readdirSync("bench/papers/machines").map((file) => file.replace(/\.json$/, ""));
  const fits = [
    ...FITS.flatMap(({ machine, costs }) => costs.map((cost) => `${machine} ${cost}`)),
    `${REGIONS_FIT.machine} ${REGIONS_FIT.count}`,
  ];

  it.each(files)("%s: what is fitted is interpolated in what is shipped, and has a fit", (name) => {
    const { base } = JSON.parse(readFileSync(fileOf(name), "utf8")) as { base: string };
    const { costs, topology } = parseProfile(base);
    const values: Record<string, { grade: string }> = { ...costs, ...topology };
    for (const text of fittedOf(name)) {
      const [value] = text.split(" ");
      expect(values[value].grade, value).toBe("interpolated");
      expect(fits).toContain(`${base} ${value}`);
    }
  });

  it.each(files)("%s: what is published has its published value", (name) => {
    const { base } = JSON.parse(readFileSync(fileOf(name), "utf8")) as { base: string };
    const [ours, shipped] = [profileOf(name).costs, parseProfile(base).costs];
    for (const [cost, { ns, grade }] of Object.entries(shipped)) {
      if (grade === "interpolated" || ALSO_PTI.has(`${name} ${cost}`)) continue;
      expect(ours[cost as CostName].ns, cost).toBe(ns);
    }
  });

  it("the same machine with PTI: has the same fitted values", () => {
    expect(fittedOf("haswell-2s-pti")).toEqual(fittedOf("haswell-2s"));
  });
});

/** A second flush for the other half of isolated page tables, as published for Skylake. */
const ALSO_PTI = new Set(["haswell-2s-pti invalidatePageNs"]);

describe("npm run papers -- --quick", () => {
  let ended: Ended;
  let rows: Record<string, string>[];

  beforeAll(async () => {
    ended = await runProgram("bench/papers/main.js", ["--quick"]);
    rows = parse(ended.stdout, { columns: true });
  });

  it("ends with status 0, and sums up on standard error", () => {
    expect(ended.code).toBe(0);
    expect(ended.stderr).toMatch(/\d+ of \d+ results reproduced, the direction right in \d+/);
  });

  it("has every effect of every row, with finite numbers", () => {
    const expected = PAPERS.flatMap(({ row, effects }) => effects.map(() => String(row)));
    expect(rows.map(({ row }) => row)).toEqual(expected);
    for (const { published, reproduced, error } of rows) {
      for (const number of [published, reproduced, error]) {
        expect(number).not.toBe("");
        expect(Number.isFinite(Number(number))).toBe(true);
      }
    }
  });
});

it("a row that does not exist: refused, with those that do", async () => {
  const { code, stderr } = await runProgram("bench/papers/main.js", ["5"]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^error: there is no row "5"/);
});
