import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { SEGMENT_NAMES } from "../../dist/src/engine/probe/segments.js";
import {
  CALIBRATION_COLUMNS,
  VALIDATION_COLUMNS,
} from "../../dist/src/results/columns/calibration.js";
import { COMPARISON_COLUMNS } from "../../dist/src/results/columns/comparison.js";
import { COUNTS_COLUMNS } from "../../dist/src/results/columns/counts.js";
import { CRITICAL_PATH_COLUMNS } from "../../dist/src/results/columns/critical-path.js";
import {
  DISTRIBUTION_COLUMNS,
  SAMPLE_COLUMNS,
} from "../../dist/src/results/columns/distributions.js";
import { FIT_COLUMNS } from "../../dist/src/results/columns/fits.js";
import { SUMMARY_COLUMNS } from "../../dist/src/results/columns/summary.js";
import { dataPackage } from "../../dist/src/results/datapackage.js";
import { KERNEL_SEGMENTS } from "../../dist/src/workloads/traces/index.js";

const README = readFileSync("results/README.md", "utf8");
/** What explains the columns; the manifest's keys follow. */
const COLUMNS_PART = README.slice(0, README.indexOf("| segment "));

/** What stands in the first cell of the README's table rows, in backquotes. */
const explainedIn = (text: string) => {
  return [...text.matchAll(/^\| `([^`]+)` +\|/gm)].map(([, name]) => name);
};

describe("results/README.md", () => {
  it("explains every column of both files, and in their order", () => {
    const names: string[] = SUMMARY_COLUMNS.map(({ name }) => name);
    for (const { name } of CRITICAL_PATH_COLUMNS) if (!names.includes(name)) names.push(name);
    expect(explainedIn(COLUMNS_PART).filter((name) => !name.includes("."))).toEqual(names);
  });

  it("explains every column of distributions.csv, samples.csv.gz and fits.csv", () => {
    for (const { name } of [...DISTRIBUTION_COLUMNS, ...SAMPLE_COLUMNS, ...FIT_COLUMNS])
      expect(README).toMatch(`\`${name}\``);
  });

  it("explains every column of counts.csv", () => {
    const names = COUNTS_COLUMNS.map(({ name }) => name);
    expect(explainedIn(README)).toEqual(expect.arrayContaining(names));
  });

  it("explains every column of calibration.csv, in their order", () => {
    const part = README.slice(README.indexOf("## `calibration.csv`"));
    const names = CALIBRATION_COLUMNS.map(({ name }) => name);
    expect(explainedIn(part).slice(0, names.length)).toEqual(names);
  });

  it("explains every column of validation.csv, in their order", () => {
    const part = README.slice(README.indexOf("## `validation.csv`"));
    const names = VALIDATION_COLUMNS.map(({ name }) => name);
    expect(explainedIn(part).slice(0, names.length)).toEqual(names);
  });

  it("explains every column of a comparison", () => {
    for (const { name } of COMPARISON_COLUMNS) expect(README).toMatch(`\`${name}\``);
  });

  it("explains every segment", () => {
    expect(explainedIn(README)).toEqual(
      expect.arrayContaining([...SEGMENT_NAMES, ...KERNEL_SEGMENTS]),
    );
  });

  it("says what is not measured yet exactly where the columns do", () => {
    for (const { name, meaning } of SUMMARY_COLUMNS) {
      const row = README.split("\n").find((line) => line.startsWith(`| \`${name}\``))!;
      expect(row.includes("Not measured yet"), name).toBe(meaning.includes("Not measured yet"));
    }
  });
});

describe("columns", () => {
  it("have names of their own, and a unit in the name wherever they are times", () => {
    for (const columns of [SUMMARY_COLUMNS, CRITICAL_PATH_COLUMNS]) {
      const names = columns.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
      for (const { name, unit } of columns) if (unit === "ns") expect(name).toContain("ns");
    }
  });

  it("stand in the data package with type, unit and meaning", () => {
    const table = {
      file: "summary.csv",
      title: "T",
      columns: SUMMARY_COLUMNS,
      primaryKey: ["point"],
    };
    expect(dataPackage("A b", [table])).toMatchObject({
      name: "a-b",
      resources: [
        {
          path: "summary.csv",
          schema: {
            missingValues: [""],
            fields: SUMMARY_COLUMNS.map(({ name, type, meaning }) => {
              return { name, type, description: meaning };
            }),
          },
        },
      ],
    });
  });
});
