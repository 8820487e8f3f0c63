// What a report refuses to read.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UsageError } from "../../dist/src/engine/errors.js";
import { writeReport } from "../../dist/src/results/report/report.js";
import { TWO_POLICIES, writeFolder } from "../support/report-folders.ts";

let base: string;
const at = (...names: string[]) => join(base, ...names);
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "shootdown-inputs-"));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

describe("a report refuses", () => {
  it("a distribution that has lost operations, a table that cannot be read", async () => {
    writeFolder(at("lost"), TWO_POLICIES);
    const path = at("lost", "distributions.csv");
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replace(/[^\n]*\n$/, ""));
    await expect(writeReport([at("lost")])).rejects.toThrow(
      /distributions\.csv has 980 operations/,
    );
    writeFileSync(path, text);
    rmSync(at("lost", "critical-path.csv"));
    mkdirSync(at("lost", "critical-path.csv"));
    const refused = writeReport([at("lost")]);
    await expect(refused).rejects.toThrow(UsageError);
    await expect(refused).rejects.toThrow(/cannot read critical-path\.csv in/);
  });

  it("nothing, or what is torn, with what to do", async () => {
    mkdirSync(at("empty"));
    await expect(writeReport([at("empty")])).rejects.toThrow(UsageError);
    await expect(writeReport([at("missing")])).rejects.toThrow(/no folder.*--out/);
    writeFolder(at("torn"), TWO_POLICIES);
    const summary = readFileSync(at("torn", "summary.csv"), "utf8");
    writeFileSync(at("torn", "summary.csv"), summary.slice(0, summary.indexOf("\n") + 10));
    await expect(writeReport([at("torn")])).rejects.toThrow(/summary\.csv: row 2 has \d+ cells/);
    writeFileSync(at("torn", "manifest.json"), '{"seed": 1,');
    await expect(writeReport([at("torn")])).rejects.toThrow(
      /manifest\.json:1:\d+: this is no JSON/,
    );
  });
});
