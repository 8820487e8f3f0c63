// Runs the program as a user does, and says what it said.

import { spawn } from "node:child_process";

const LIMIT_MS = 50_000;

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

/** `shootdown ARGUMENTS…`, until it ends. */
export function shootdown(args: readonly string[], settings: RunSettings = {}): Promise<Ended> {
  const child = spawn(process.execPath, ["dist/src/cli/main.js", ...args], { timeout: LIMIT_MS });
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
