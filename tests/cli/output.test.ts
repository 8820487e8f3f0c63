// What becomes of a command whose standard output or standard error fails.

import { spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const PROGRAM = "dist/src/cli/main.js";
const LIMIT_MS = 60_000;
/** A device that takes nothing. Linux has it. */
const FULL = "/dev/full";
const BENCH = ["bench", "tests/fixtures/tiny.json", "--executor", "virtual"];
const UNSAFE = ["stress", "--policy", "strict+frames(at-once)", "--ops", "2000"];

let base: string;

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "shootdown-output-"));
});
afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

interface Streams {
  readonly stdout?: number;
  readonly stderr?: number;
}

function run(args: readonly string[], { stdout, stderr }: Streams) {
  return spawnSync(process.execPath, [PROGRAM, ...args], {
    stdio: ["ignore", stdout ?? "pipe", stderr ?? "pipe"],
    encoding: "utf8",
    timeout: LIMIT_MS,
  });
}

/** In the shell; the program is called as `$0`, its arguments are `$@`. */
function inShell(script: string, args: readonly string[]) {
  const name = [process.execPath, PROGRAM].map((word) => `'${word}'`).join(" ");
  const text = script.replaceAll("$0", name);
  return spawnSync("bash", ["-c", text, "bash", ...args], { encoding: "utf8", timeout: LIMIT_MS });
}

describe("standard output that takes no more", () => {
  it.skipIf(!existsSync(FULL)).each([["policies"], ["--help"]])(
    `is a device that is full (${FULL}): %s says so, exit status 2`,
    (command) => {
      const full = openSync(FULL, "w");
      const { status, stderr } = run([command], { stdout: full });
      closeSync(full);
      expect(stderr).toBe("error: cannot write to standard output: no space left where it goes\n");
      expect(status).toBe(2);
    },
  );

  it("is a file that takes a part only: says so, exit status 2", () => {
    const file = join(base, "part.csv");
    const { status, stderr } = inShell(`ulimit -f 1; $0 "$@" > '${file}'`, ["policies"]);
    expect(stderr).toMatch(/^error: cannot write to standard output: .* larger than a file may be/);
    expect(status).toBe(2);
    expect(statSync(file).size).toBeGreaterThan(0);
  });

  it("is open for reading only: says so, exit status 2", () => {
    const nothing = openSync("/dev/null", "r");
    const { status, stderr } = run(["policies"], { stdout: nothing });
    closeSync(nothing);
    expect([status, stderr]).toEqual([
      2,
      "error: cannot write to standard output: it is not open for writing\n",
    ]);
  });

  it("is a file with room: has all of it", () => {
    const path = join(base, "whole.csv");
    const file = openSync(path, "w");
    const { status } = run(["policies"], { stdout: file });
    closeSync(file);
    expect(status).toBe(0);
    expect(statSync(path).size).toBe(Buffer.byteLength(run(["policies"], {}).stdout));
  });
});

describe("standard output that nobody reads", () => {
  it("a list: ends quietly", () => {
    const { stdout, stderr } = inShell('$0 "$@" | true; echo $PIPESTATUS', ["policies"]);
    expect([stdout, stderr]).toEqual(["0\n", ""]);
  });

  it.each(["table", "csv"])(
    "--format %s: the run comes to its end, writes its files and keeps its exit status",
    (format) => {
      const out = join(base, `unread-${format}`);
      const args = [...UNSAFE, "--format", format, "--out", out];
      const { stdout } = inShell('$0 "$@" | true; echo $PIPESTATUS', args);
      expect(stdout).toBe("20\n");
      expect(readdirSync(out)).toContain("stress.csv");
    },
  );
});

describe("standard error that fails", () => {
  it.skipIf(!existsSync(FULL))("is full: the run goes on as if it were not", () => {
    const full = openSync(FULL, "w");
    const out = join(base, "full");
    const { status, stdout } = run([...BENCH, "--out", out], { stderr: full });
    const refused = run(["bench", "nothing-like-it"], { stderr: full });
    closeSync(full);
    expect([status, refused.status]).toEqual([0, 2]);
    expect(stdout).not.toBe("");
    expect(readdirSync(out)).toContain("manifest.json");
  });

  it("has no reader, as standard output has none: the run goes on, too", () => {
    const out = join(base, "both");
    const args = [...UNSAFE, "--out", out];
    const { stdout } = inShell('$0 "$@" 2>&1 | true; echo $PIPESTATUS', args);
    expect(stdout).toBe("20\n");
    expect(readdirSync(out)).toContain("findings.jsonl");
  });
});
