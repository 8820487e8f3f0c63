#!/usr/bin/env node
// The program `shootdown`: runs a command, and says what errors become. Kinds of errors are exit
// statuses; what has none is our own bug, which exits with 1 and its stack.

import { CommanderError } from "commander";
import { drained, outliveReaders } from "./output.ts";
import { createProgram } from "./program.ts";
import { hasUserCodeRun } from "./user-code.ts";

const OWN_BUG = 1;
const USAGE = 2;

/** Prints an error as its kind deserves and returns the exit status. */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE; // It has spoken.
  if (error instanceof Error && "exitCode" in error) {
    process.stderr.write(`error: ${error.message}\n`);
    return error.exitCode as number;
  }
  const stack = error instanceof Error ? error.stack : String(error);
  process.stderr.write(`this is a bug in shootdown, please report it:\n${stack}\n`);
  return OWN_BUG;
}

outliveReaders();

try {
  await createProgram().parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}
if (hasUserCodeRun()) {
  await drained();
  process.exit();
}
