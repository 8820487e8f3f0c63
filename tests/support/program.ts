// Runs one of our programs as a user does, and says what it said.

import { spawn } from "node:child_process";

/** Far more than any run takes, on a host that is busy. */
const LIMIT_MS = 110_000;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunSettings {
  /** What it reads from standard input. */
  readonly input?: string;
  /** Called with all of standard error whenever there is more of it. */
  readonly onStderr?: (text: string, interrupt: () => void) => void;
}

/** The program that stands in `file`, below dist/, until it ends. */
export function runProgram(
  file: string,
  args: readonly string[],
  settings: RunSettings = {},
): Promise<Ended> {
  const env = { ...process.env, NO_COLOR: "1" };
  const child = spawn(process.execPath, [`dist/${file}`, ...args], { timeout: LIMIT_MS, env });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
    settings.onStderr?.(stderr, () => child.kill("SIGINT"));
  });
  child.stdin.on("error", () => {}); // It may have ended without reading.
  child.stdin.end(settings.input ?? "");
  return new Promise((resolve) => {
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** `shootdown ARGUMENTS…`, until it ends. */
export function shootdown(args: readonly string[], settings: RunSettings = {}): Promise<Ended> {
  return runProgram("src/cli/main.js", args, settings);
}
