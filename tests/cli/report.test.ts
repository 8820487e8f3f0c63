// `shootdown report` as a user runs it, on a small run in virtual time.

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { shootdown } from "../support/program.ts";

let base: string;
let run: string;

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), "shootdown-report-"));
  run = join(base, "run");
  const tiny = ["bench", "tests/fixtures/tiny.json", "--executor", "virtual", "--out", run];
  expect(await shootdown(tiny)).toMatchObject({ code: 0 });
});
afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

describe("report", () => {
  it("a run: writes the page into its folder, names it, and says nothing else", async () => {
    const page = join(run, "report.html");
    expect(await shootdown(["report", run])).toEqual({ code: 0, stdout: `${page}\n`, stderr: "" });
    expect(existsSync(page)).toBe(true);
    expect(existsSync(join(run, "critical-path.png"))).toBe(true);
  });

  it("a folder that a run has left unfinished, without its manifest: 2", async () => {
    const torn = join(base, "torn");
    mkdirSync(torn);
    writeFileSync(join(torn, "summary.csv"), "point,executor\n");
    const { code, stdout, stderr } = await shootdown(["report", torn]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(
      /^error: .*torn has no manifest\.json: the run that wrote it has not ended/,
    );
  });

  it("a folder without results: 2, and what to name", async () => {
    const { code, stdout, stderr } = await shootdown(["report", base]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^error: .* has no results to plot: none of summary\.csv/);
  });
});
