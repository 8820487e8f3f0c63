// A report whose last picture cannot be made: the folder is as it was.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { writeReport } from "../../dist/src/results/report/report.js";
import type { Painter, Picture } from "../../dist/src/results/report/studio.js";
import { TWO_POLICIES, writeFolder } from "../support/report-folders.ts";

/** Of a report of `TWO_POLICIES`. */
const PICTURES = 7;

const base = mkdtempSync(join(tmpdir(), "shootdown-report-failing-"));
const folder = join(base, "run");
beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  writeFolder(folder, TWO_POLICIES);
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** Makes all pictures but the last as if they were nothing. */
function painterOf(last: () => Picture): Painter & { painted: number } {
  return {
    painted: 0,
    async paint() {
      this.painted++;
      return this.painted === PICTURES ? last() : blank();
    },
    async close() {},
  };
}

function blank(): Picture {
  return { file: "<svg/>", inline: "<svg/>", png: Promise.resolve(new Uint8Array()) };
}

function cannotDraw(): Picture {
  throw new Error("no picture");
}

function cannotPrint(): Picture {
  return { ...blank(), png: Promise.reject(new Error("no picture")) };
}

function contents(): [string, string][] {
  const names = readdirSync(folder).sort();
  return names.map((name) => [name, readFileSync(join(folder, name), "base64")]);
}

describe.each([
  ["cannot be drawn", cannotDraw],
  ["is drawn, and cannot be turned into PNG", cannotPrint],
])("the last picture %s", (_, last) => {
  it("of a first report: nothing of it is written", async () => {
    const before = contents();
    const painter = painterOf(last);
    await expect(writeReport([folder], painter)).rejects.toThrow("no picture");
    expect(painter.painted).toBe(PICTURES);
    expect(contents()).toEqual(before);
  });

  it("of another report: the one before is still there, with all its pictures", async () => {
    const onThreads = TWO_POLICIES.map((point) => ({ ...point, executor: "threads" }));
    writeFolder(folder, [...TWO_POLICIES, ...onThreads]);
    await writeReport([folder], painterOf(blank));
    writeFolder(folder, TWO_POLICIES);
    const before = contents();
    expect(before.map(([name]) => name)).toContain("amortization-threads.svg");
    await expect(writeReport([folder], painterOf(last))).rejects.toThrow("no picture");
    expect(contents()).toEqual(before);
  });
});
