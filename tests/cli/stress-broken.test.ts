// A program with a bug that its own invariants notice: `stress` reports it as it does any other. A
// copy of what was built has the bug planted in it.

import { cpSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Bug } from "../../dist/tests/planted/bug.js";
import { BUGS } from "../../dist/tests/planted/bugs.js";
// @ts-expect-error: a build script, without declarations.
import { writeChanged } from "../../scripts/build-executors.mjs";
import { runProgram } from "../support/program.ts";

const DIST = fileURLToPath(new URL("../../dist/", import.meta.url));
/** Below dist/: modules find the packages that they import from there. */
const TREE = "planted/program";
const FORMS = ["threads", "virtual", "inline"];
const MEMORY = "engine/protocol/memory.js";
const { edits: FREED_TWICE } = BUGS.find(({ name }) => name === "frame-freed-twice")!;

beforeAll(() => {
  mkdirSync(`${DIST}${TREE}/dist`, { recursive: true });
  cpSync(`${DIST}src`, `${DIST}${TREE}/dist/src`, { recursive: true });
  cpSync(`${DIST}../package.json`, `${DIST}${TREE}/package.json`);
  for (const form of FORMS) plant(form, FREED_TWICE);
});
afterAll(() => {
  rmSync(`${DIST}${TREE}`, { recursive: true, force: true });
});

function plant(form: string, edits: Bug["edits"]): void {
  writeChanged(DIST, form, `${DIST}${TREE}/dist/${form}`, edits);
}

const stress = (...args: string[]) =>
  runProgram(`${TREE}/dist/src/cli/main.js`, ["stress", "--policy", "strict", ...args]);
const findingsIn = (folder: string) =>
  readFileSync(`${folder}/findings.jsonl`, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

describe("frames that are freed twice", () => {
  it("in virtual time: exit status 20, what the checker found, and how to repeat it", async () => {
    const out = `${DIST}${TREE}/virtual`;
    const { code, stdout, stderr } = await stress("--ops", "40000", "--seed", "1", "--out", out);
    expect([code, stderr]).toEqual([20, expect.stringContaining("unsafe: strict; ")]);
    expect(readFileSync(`${out}/stress.csv`, "utf8")).toBe(stdout);
    expect(parse(stdout, { columns: true })).toMatchObject([{ verdict: "unsafe" }]);
    const found = findingsIn(out);
    expect(found[0]).toMatchObject({ kind: "broken-invariant", seed: 1, round: 0, frame: -1 });
    expect(found[0].message).toMatch(/^a chain of frames has no end: \d+$/);
    expect(found[0].repeat).toContain("--policy 'strict' --seed 1 --round 0 --ops 20000");
    expect(found[1]).toMatchObject({ kind: "double-free", round: 0, message: null });
  });

  it("on threads: the same", async () => {
    const out = `${DIST}${TREE}/threads`;
    const args = ["--executor", "threads", "--cores", "2", "--ops", "2000", "--no-faults"];
    const { code } = await stress(...args, "--out", out);
    expect(code).toBe(20);
    expect(findingsIn(out).map(({ kind }) => kind)).toContain("double-free");
  });
});

it("any other bug of ours: exit status 1, and the command that repeats it", async () => {
  const [{ find }] = FREED_TWICE[MEMORY];
  const replace = "throw new TypeError('planted');";
  for (const form of ["virtual", "inline"]) plant(form, { [MEMORY]: [{ find, replace }] });
  const { code, stderr } = await stress("--ops", "500", "--out", `${DIST}${TREE}/other`);
  expect([code, stderr]).toEqual([1, expect.stringContaining("TypeError: planted")]);
  expect(stderr).toContain("repeat: npx shootdown stress --policy 'strict' --seed 42 --round 0");
});
