// How programs of bench/ end when they are asked for what cannot be done: as `shootdown` does.

import { UsageError } from "../src/engine/errors.ts";

/** From now on a UsageError that nobody catches is printed without its stack, and ends with 2. */
export function endWithUsageErrors(): void {
  process.on("uncaughtException", (error) => {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`error: ${error.message}\n`);
    process.exitCode = error.exitCode;
  });
}
