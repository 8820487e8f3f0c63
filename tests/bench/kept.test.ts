// What results/kept holds must have today's form, so that today's program can read it, and where a
// run is in virtual time and takes little, today's figures. `npm run kept` makes it again.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { listed, withList } from "../../dist/bench/kept/list.js";
import { make } from "../../dist/bench/kept/make.js";
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
import { runProgram } from "../support/program.ts";

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
    const runs = KEPT_RUNS.map((run) => listed(run, join(FOLDER, run.name)));
    expect(withList(readme, runs)).toBe(readme);
  });

  it("a list without a place: says where it belongs", () => {
    expect(() => withList("", [])).toThrow("results/README.md has no place for the list");
  });

  it("an unknown name: exit status 2, with the name that was meant", async () => {
    const { code, stderr } = await runProgram("bench/kept/main.js", ["akaro"]);
    expect(stderr).toContain('error: there is no kept run "akaro": did you mean "akaros"?');
    expect(code).toBe(2);
  });
});

describe("a kept run that is made again", () => {
  const folder = mkdtempSync(join(tmpdir(), "kept-"));
  const [kept, made] = [join(folder, "akaros"), join(folder, "akaros.new")];
  const akaros = KEPT_RUNS.find(({ name }) => name === "akaros")!;
  afterAll(() => rmSync(folder, { recursive: true }));

  it("akaros, in virtual time: has the tables of the one that is kept, byte by byte", () => {
    make(akaros, kept, made);
    for (const file of readdirSync(join(FOLDER, "akaros")).filter((one) => one.endsWith(".csv"))) {
      const text = readFileSync(join(kept, file), "utf8");
      expect(text, file).toBe(readFileSync(join(FOLDER, "akaros", file), "utf8"));
    }
    expect(readdirSync(folder)).toEqual(["akaros"]);
  });

  it("fails: the one before is still there", () => {
    const before = join(folder, "before");
    mkdirSync(before);
    const failing = { ...akaros, command: ["bench", "no-such-experiment"] };
    expect(() => make(failing, before, made)).toThrow("shootdown bench ended with 2");
    expect(existsSync(before)).toBe(true);
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
