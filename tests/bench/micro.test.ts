// The microbenchmarks run, all of them. What they say is about the host, and no test's business.

import { beforeAll, describe, expect, it } from "vitest";
import { type Ended, runProgram } from "../support/program.ts";

const TASKS = [
  "translate, hit",
  "translate, miss and fill",
  "map and unmap a page",
  "encode a descriptor",
  "decode a descriptor",
  "record in a histogram",
  "keep a sample",
  "parse a trace line",
  "post, read, acknowledge",
  "critical path of an operation",
];

describe("npm run micro -- --quick", () => {
  let ended: Ended;
  let headings: string[];
  let rows: string[][];

  beforeAll(async () => {
    ended = await runProgram("bench/micro/main.js", ["--quick"]);
    const lines = ended.stdout.trimEnd().split("\n");
    [headings, ...rows] = lines.map((line) => line.split(/\s{2,}/));
  });

  it("ends, says nothing on standard error, and heads its columns", () => {
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    expect(headings).toEqual(["task", "p50 ns/op", "p99 ns/op", "samples", "ops/sample", "rme %"]);
  });

  it("every task: a row of numbers that are finite and above 0", () => {
    expect(rows.map(([name]) => name)).toEqual(TASKS);
    for (const [name, ...cells] of rows) {
      const numbers = cells.map(Number);
      expect(numbers, name).toHaveLength(5);
      for (const value of numbers.slice(0, 4)) expect(value, name).toBeGreaterThan(0);
      expect(numbers.every(Number.isFinite), name).toBe(true);
    }
  });
});
