import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { STRESS_COLUMNS } from "../../dist/src/results/columns/stress.js";
import { complaintsAboutFiles } from "../support/data-package.ts";
import { shootdown } from "../support/program.ts";

let base: string;

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "shootdown-stress-"));
});
afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

const rowsOf = (text: string): Record<string, string>[] => parse(text, { columns: true });
const read = (folder: string, file: string): string =>
  readFileSync(join(base, folder, file), "utf8");

describe("stress in virtual time", () => {
  it("strict, overlapped and a batch: safe under all faults, with one row each", async () => {
    const policies = "strict,overlapped,batch(8)";
    const args = ["stress", "--policy", policies, "--ops", "60000", "--cores", "4"];
    const { code, stdout } = await shootdown([...args, "--out", join(base, "sound")]);
    expect(code).toBe(0);
    const rows = rowsOf(stdout);
    expect(Object.keys(rows[0])).toEqual(STRESS_COLUMNS.map(({ name }) => name));
    expect(rows.map(({ policy, verdict }) => [policy, verdict])).toEqual([
      ["strict", "safe"],
      ["overlapped", "safe"],
      ["batch(8)", "safe"],
    ]);
    for (const { ops, faults } of rows) {
      expect(ops).toBe("20000");
      expect(Number(faults)).toBeGreaterThan(50);
    }
    expect(Number(rows[0].shootdowns)).toBeGreaterThan(0.2 * 20_000);
    expect(read("sound", "stress.csv")).toBe(stdout);
    expect(read("sound", "findings.jsonl")).toBe("");
    expect(complaintsAboutFiles(join(base, "sound"))).toEqual([]);
    expect(JSON.parse(read("sound", "manifest.json"))).toMatchObject({ interrupted: false });
  });

  it("a run that is too short for all policies: names those that had no turn", async () => {
    const args = ["stress", "--policy", "strict,overlapped", "--policy", "batch(8)"];
    const { code, stderr } = await shootdown([...args, "--ops", "900", "--out", join(base, "few")]);
    expect(code).toBe(0);
    const warning =
      "nothing is said of 2 policies without a round that came to its end: overlapped, batch(8). " +
      "With --ops 60000 each has one.";
    expect(stderr).toContain(warning);
    expect(JSON.parse(read("few", "manifest.json")).warnings[0]).toContain(warning);
  });

  it("the same seed: the same rows to the byte; another seed: others", async () => {
    const run = (out: string, seed: string) =>
      shootdown(["stress", "--ops", "2000", "--seed", seed, "--out", join(base, out)]);
    const [a, b, c] = [await run("a", "1"), await run("b", "1"), await run("c", "2")];
    expect(b.stdout).toBe(a.stdout);
    expect(c.stdout).not.toBe(a.stdout);
  });

  it("frames that are freed at once: exit status 20, and a command that repeats the finding", async () => {
    const policy = "strict+frames(at-once)";
    const args = ["stress", "--policy", policy, "--ops", "2000", "--out", join(base, "bad")];
    const { code, stdout, stderr } = await shootdown(args);
    expect(code).toBe(20);
    expect(stderr).toContain(`unsafe: ${policy}`);
    expect(rowsOf(stdout)[0]).toMatchObject({ verdict: "unsafe" });
    const [first] = read("bad", "findings.jsonl").split("\n");
    const found = JSON.parse(first);
    expect(found.repeat).toContain(`--policy '${policy}' --seed 42 --round 0 --ops 2000`);
    expect(found.repeat).toMatch(/^npx shootdown stress /);
    const again = found.repeat.replaceAll("'", "").split(" ").slice(2);
    const { code: codeAgain } = await shootdown([...again, "--out", join(base, "again")]);
    expect(codeAgain).toBe(20);
    expect(read("again", "findings.jsonl")).toBe(read("bad", "findings.jsonl"));
  });

  it("a stale use: its history says when, by whom and for whom the frame was taken again", async () => {
    const args = ["stress", "--policy", "strict+frames(at-once)", "--ops", "20000", "--seed", "7"];
    const { code } = await shootdown([...args, "--out", join(base, "stale")]);
    expect(code).toBe(20);
    const lines = read("stale", "findings.jsonl").trim().split("\n");
    const found = lines.map((line) => JSON.parse(line)).filter(({ kind }) => kind === "stale-use");
    expect(found.length).toBeGreaterThan(5);
    // Of all but the few whose hand-out has left the ring of who took hundreds of frames at once.
    const handOuts = found.flatMap(({ history }) => {
      const kinds = history.map(({ kind }: { kind: string }) => kind);
      const handedOut = kinds.indexOf("handed out", kinds.lastIndexOf("unmapped"));
      return handedOut < 0 ? [] : history[handedOut];
    });
    expect(handOuts.length).toBeGreaterThan(0.8 * found.length);
    expect(handOuts.some(({ owner }) => owner === 1)).toBe(true);
    expect(handOuts.every(({ owner }) => typeof owner === "number")).toBe(true);
  });

  it("Ctrl-C: writes what is finished and exits with 130", async () => {
    const policy = "strict+frames(at-once)";
    const out = join(base, "interrupted");
    const args = ["stress", "--seconds", "40", "--policy", policy, "--out", out];
    const { code, stderr } = await shootdown(args, {
      onStderr: (text, interrupt) => {
        if (text.includes("operations") && !text.includes("interrupted")) interrupt();
      },
    });
    expect(code).toBe(130);
    expect(rowsOf(read("interrupted", "stress.csv")).length).toBeGreaterThan(0);
    expect(stderr).toContain(`; unsafe: ${policy}; what was found`);
  });

  it("no IOMMU: no device either, unless one is asked for", async () => {
    const out = join(base, "bare");
    const { code } = await shootdown(["stress", "--ops", "1", "--iommus", "0", "--out", out]);
    expect(code).toBe(0);
    expect(JSON.parse(read("bare", "manifest.json")).experiment[0]).toMatchObject({ devices: 0 });
  });
});

describe("stress on threads", () => {
  it("ends, and finds nothing in strict", async () => {
    const args = ["stress", "--executor", "threads", "--cores", "2", "--policy", "strict"];
    const { code, stdout } = await shootdown([...args, "--ops", "2000", "--out", join(base, "t")]);
    expect(code).toBe(0);
    const found = { late_accesses: "0", stale_uses: "0", verdict: "safe" };
    expect(rowsOf(stdout)).toMatchObject([{ executor: "threads", ops: "2000", ...found }]);
    expect(read("t", "findings.jsonl")).toBe("");
  });
});

it.each([
  ["a round of no one policy", ["--round", "3"], /--round repeats a round of one policy/],
  ["a device without an IOMMU", ["--iommus", "0", "--devices", "1"], /add --iommus 1/],
  ["the profile of this host", ["--profile", "host"], /in virtual time nothing takes time/],
])("%s: refused, and no folder is made", async (_, args, message) => {
  const out = join(base, "never");
  const { code, stderr } = await shootdown(["stress", "--ops", "1", ...args, "--out", out]);
  expect([code, existsSync(out)]).toEqual([2, false]);
  expect(stderr).toMatch(message);
});
