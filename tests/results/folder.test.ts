import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { UsageError } from "../../dist/src/engine/errors.js";
import { ResultFolder } from "../../dist/src/results/folder.js";

let base: string;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "shootdown-folder-"));
});
afterEach(() => {
  rmSync(base, { recursive: true, force: true });
});

describe("the folder of a run", () => {
  it("holds whole files and nothing else", async () => {
    const folder = await ResultFolder.create(join(base, "new", "run"));
    await folder.write("summary.csv", "a,b\r\n");
    expect(readdirSync(folder.path)).toEqual(["summary.csv"]);
    expect(readFileSync(join(folder.path, "summary.csv"), "utf8")).toBe("a,b\r\n");
  });

  it("never takes the place of another", async () => {
    await expect(ResultFolder.create(base)).rejects.toThrow(UsageError);
    await expect(ResultFolder.create(base)).rejects.toThrow(/exists.*--out/);
  });

  it.each(["file/run", "file/deeper/run"])("says that a file is in the way of %s", async (path) => {
    writeFileSync(join(base, "file"), "");
    await expect(ResultFolder.create(join(base, path))).rejects.toThrow(
      /a part of its path is a file/,
    );
  });

  it("says which file could not be written, and leaves no half of it", async () => {
    const folder = await ResultFolder.create(join(base, "run"));
    rmSync(folder.path, { recursive: true });
    await expect(folder.write("summary.csv", "")).rejects.toThrow(/cannot write .*summary\.csv/);
  });

  it("goes away again if nothing was written", async () => {
    const folder = await ResultFolder.create(join(base, "run"));
    await folder.removeIfEmpty();
    expect(readdirSync(base)).toEqual([]);
  });

  it("takes those above it along that were made for it, and no others", async () => {
    const folder = await ResultFolder.create(join(base, "new", "deep", "run"));
    await folder.removeIfEmpty();
    expect(existsSync(base)).toBe(true);
    expect(readdirSync(base)).toEqual([]);
    const used = await ResultFolder.create(join(base, "new", "deep", "run"));
    writeFileSync(join(base, "new", "notes"), "");
    await used.removeIfEmpty();
    expect(readdirSync(join(base, "new"))).toEqual(["notes"]);
  });

  it.each([
    ["nothing, or half of a file, was written: goes away", "", []],
    ["a file was written: keeps that", 'await folder.write("summary.csv", "");', ["summary.csv"]],
  ])("where the process ends at once and %s", (_, write, left) => {
    const path = join(base, "run");
    const program = `
      const { ResultFolder } = await import("./dist/src/results/folder.js");
      const folder = await ResultFolder.create(${JSON.stringify(path)});
      ${write}
      const { writeFileSync } = await import("node:fs");
      writeFileSync(folder.path + "/.critical-path.csv." + process.pid + ".tmp", "half");
      process.exit(130);`;
    const ended = spawnSync(process.execPath, ["--input-type=module", "--eval", program]);
    expect(ended.status).toBe(130);
    expect(existsSync(path) ? readdirSync(path) : []).toEqual(left);
    expect(existsSync(path)).toBe(left.length > 0);
  });
});
