// A few planted bugs that are found soon; all of them: `npm run -s planted`.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { BUGS } from "../dist/tests/planted/bugs.js";
import { hunt } from "../dist/tests/planted/hunt.js";
// @ts-expect-error: a build script, without declarations.
import { patched } from "../scripts/build-executors.mjs";
import { runProgram } from "./support/program.ts";

/** For bugs and for none: what the one is found in, the other has had too. */
const FEW_OPERATIONS = 5000;

test.each([
  "skips-a-core",
  "iotlb-not-flushed",
  "copy-on-write-without-flush",
  "frames-freed-at-once",
])("%s: found by stress within a few thousand operations", async (name) => {
  const bug = BUGS.find((known) => known.name === name)!;
  expect(await hunt(bug, FEW_OPERATIONS)).toMatchObject({ detected: true });
});

test("strict without a bug: nothing is found", async () => {
  const bug = { name: "none", rule: "", policy: "strict", edits: {} };
  expect(await hunt(bug, FEW_OPERATIONS)).toMatchObject({ detected: false, finding: "" });
});

test("every planted bug finds the texts that it replaces, each once", () => {
  for (const { edits } of BUGS) {
    for (const [file, texts] of Object.entries(edits)) {
      const source = readFileSync(new URL(`../dist/src/${file}`, import.meta.url), "utf8");
      expect(patched(file, source, texts)).not.toBe(source);
    }
  }
});

test.each([
  ["skip-a-core", 'there is no planted bug "skip-a-core": did you mean "skips-a-core"? There are'],
  ["--quick", 'there is no planted bug "--quick". There are skips-a-core, '],
])("%s, which is no bug: refused, with those that are", async (name, message) => {
  const { code, stdout, stderr } = await runProgram("tests/planted/main.js", [name]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(message);
});

test("a bug whose text is gone, or stands twice: refused with the file and the text", () => {
  expect(() => patched("a.js", "x; y;", [{ find: "z", replace: "" }])).toThrow("a.js has 0 times");
  expect(() => patched("a.js", "x; x;", [{ find: "x", replace: "" }])).toThrow("2 times");
});

test("there are at least sixteen bugs, each under a name of its own", () => {
  expect(BUGS.length).toBeGreaterThanOrEqual(16);
  expect(new Set(BUGS.map(({ name }) => name)).size).toBe(BUGS.length);
});
