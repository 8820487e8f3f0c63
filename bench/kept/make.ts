// Makes a kept run beside the one before, whose place it takes once it is whole.

import { spawnSync } from "node:child_process";
import { renameSync, rmSync } from "node:fs";
import { UNSAFE_EXIT_CODE } from "../../src/engine/errors.ts";
import { plotOf } from "./plots.ts";
import type { KeptRun } from "./runs.ts";

const PROGRAM = "dist/src/cli/main.js";
/** Five times what the longest takes on two CPUs. */
const LONGEST_RUN_MS = 600_000;
/** What is unsafe has results, too. */
const WITH_RESULTS = new Set<number | null>([0, UNSAFE_EXIT_CODE]);

/**
 * @param folder where the run is kept
 * @param made where it is made, on the same disk; whatever was left there goes
 * @throws Error where the program fails or the plot is missing: `folder` is then as it was
 */
export function make(run: KeptRun, folder: string, made: string): void {
  rmSync(made, { recursive: true, force: true });
  const options = ["--quiet", "--format", "csv", "--out", made];
  const { status, signal } = spawnSync(process.execPath, [PROGRAM, ...run.command, ...options], {
    stdio: ["ignore", "ignore", "inherit"],
    timeout: LONGEST_RUN_MS,
    killSignal: "SIGKILL",
  });
  if (!WITH_RESULTS.has(status)) {
    const limit = `no run may take more than ${LONGEST_RUN_MS / 1000} s`;
    const end = signal === null ? `ended with ${status}` : `was ended by ${signal} (${limit})`;
    throw new Error(`shootdown ${run.command[0]} ${end}; ${folder} is as it was`);
  }
  plotOf(run, made);
  rmSync(folder, { recursive: true, force: true });
  renameSync(made, folder);
}
