// What results/kept holds must be what today's program would write and can read; `npm run kept`
// makes it again.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { withList } from "../../dist/bench/kept/list.js";
import { plotOf } from "../../dist/bench/kept/plots.js";
import { KEPT_RUNS, SHOWN } from "../../dist/bench/kept/runs.js";
import { COUNTS_COLUMNS } from "../../dist/src/results/columns/counts.js";
import { CRITICAL_PATH_COLUMNS } from "../../dist/src/results/columns/critical-path.js";
import { DISTRIBUTION_COLUMNS } from "../../dist/src/results/columns/distributions.js";
import { FIT_COLUMNS } from "../../dist/src/results/columns/fits.js";
import { STRESS_COLUMNS } from "../../dist/src/results/columns/stress.js";
import { SUMMARY_COLUMNS } from "../../dist/src/results/columns/summary.js";
import { compareRuns } from "../../dist/src/results/compare/compare.js";
import { readRun } from "../../dist/src/results/compare/run.js";
import { MANIFEST_SCHEMA } from "../../dist/src/results/manifest.js";
import { PAGE } from "../../dist/src/results/report/report.js";

const FOLDER = "results/kept";
const COLUMNS: Record<string, readonly { readonly name: string }[]> = {
  "summary.csv": SUMMARY_COLUMNS,
  "critical-path.csv": CRITICAL_PATH_COLUMNS,
  "distributions.csv": DISTRIBUTION_COLUMNS,
  "fits.csv": FIT_COLUMNS,
  "counts.csv": COUNTS_COLUMNS,
  "stress.csv": STRESS_COLUMNS,
};
const ALLOWANCES = { otherHost: false, otherProfile: false, otherSchema: false };

describe("the kept runs", () => {
  it("are all there, each with its picture, and nothing else is", () => {
    const names = KEPT_RUNS.flatMap(({ name }) => [name, `${name}.svg`]);
    const shown = ["light", "dark"].map((scheme) => `${SHOWN}-${scheme}.png`);
    expect(readdirSync(FOLDER).sort()).toEqual([...names, ...shown].sort());
  });

  it("stand in results/README.md with what they show", () => {
    const readme = readFileSync("results/README.md", "utf8");
    const listed = KEPT_RUNS.map((run) => {
      return { ...run, sentence: plotOf(run, join(FOLDER, run.name)).plot.sentence };
    });
    expect(withList(readme, listed)).toBe(readme);
  });
});

const NAMES = KEPT_RUNS.map(({ name }) => name);
/** Those that `compare` reads. */
const POINTS = NAMES.filter((name) => existsSync(join(FOLDER, name, "summary.csv")));

describe.each(NAMES)("the kept run %s", (name) => {
  const at = (file: string) => join(FOLDER, name, file);
  const manifest = readFileSync(at("manifest.json"), "utf8");

  it("its tables have today's columns, in today's order", () => {
    const tables = readdirSync(join(FOLDER, name)).filter((file) => file.endsWith(".csv"));
    expect(tables).not.toEqual([]);
    for (const file of tables) {
      const [header] = readFileSync(at(file), "utf8").split("\r\n", 1);
      expect(header.split(","), file).toEqual(COLUMNS[file].map((column) => column.name));
    }
  });

  it("its manifest is of today's form, and says nothing of folders of the computer", () => {
    expect(JSON.parse(manifest)).toMatchObject({ schema: MANIFEST_SCHEMA, interrupted: false });
    expect(manifest).not.toMatch(/"\/[a-z]/);
  });

  it("its report shows the plot that stands for it, under its folder's name", () => {
    const page = readFileSync(at(PAGE), "utf8");
    expect(page).toContain(`results/kept/${name}`);
    const run = KEPT_RUNS.find((one) => one.name === name)!;
    expect(page).toContain(plotOf(run, join(FOLDER, name)).plot.sentence);
  });
});

describe.each(POINTS)("the kept points of %s", (name) => {
  it("compare with themselves, and are the same", () => {
    const folder = join(FOLDER, name);
    const { rows, unmatched } = compareRuns(readRun(folder), readRun(folder), ALLOWANCES);
    expect(rows.length).toBeGreaterThan(0);
    expect(unmatched).toEqual([]);
    const verdicts = new Set(rows.map(({ verdict }) => verdict));
    expect(verdicts).not.toContain("worse");
    expect(verdicts).not.toContain("better");
  });
});
