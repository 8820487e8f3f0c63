// Standard output: nothing but results, in the form that is asked for. All else goes beside it, to
// standard error, which may fail: whoever no longer reads it still wants the results.

import { fstatSync, writeSync } from "node:fs";

const STDOUT_FD = 1;
/** The exit status of what the user asked for and cannot have. */
const CANNOT_WRITE = 2;

/** What the system's reasons mean. */
const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: "no space left where it goes",
  EDQUOT: "the quota is used up where it goes",
  EFBIG: "the file would become larger than a file may be",
  EBADF: "it is not open for writing",
};

export const FORMATS = ["table", "csv", "json"] as const;
export type Format = (typeof FORMATS)[number];

/**
 * What is printed unless the user says: a table on a terminal, CSV into a file or another program.
 */
export function defaultFormat(): Format {
  return process.stdout.isTTY ? "table" : "csv";
}

/**
 * Where nobody reads on, as behind `| head` or when a terminal is closed, what is printed is lost
 * and the command comes to its own end: its files and its exit status are still wanted. All else
 * that standard output may suffer ends the program.
 */
export function outliveReaders(): void {
  process.stderr.on("error", () => {});
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    const isHungUp = error.code === "EIO" && process.stdout.isTTY;
    if (error.code === "EPIPE" || isHungUp) return;
    endAs(error);
  });
}

/** When all that was written so far has left the process, or cannot. */
export async function drained(): Promise<void> {
  const streams = [process.stdout, process.stderr];
  await Promise.all(
    streams.map((stream) => new Promise<void>((resolve) => stream.write("", () => resolve()))),
  );
}

/** What stands before results: for people. */
export function announce(line: string, quiet = false): void {
  if (!quiet) process.stderr.write(`${line}\n`);
}

export function print(text: string): void {
  write(text.endsWith("\n") ? text : `${text}\n`);
}

/** Writes to standard output, or ends the program where that is a file which does not take it. */
export function write(text: string): void {
  if (!takesWholeWrites()) {
    process.stdout.write(text);
    return;
  }
  // Node's own stream takes no notice where a file, as on a full disk, takes a part only.
  const bytes = Buffer.from(text);
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(STDOUT_FD, bytes, at);
  } catch (error) {
    endAs(error as NodeJS.ErrnoException);
  }
}

export function warn(message: string): void {
  process.stderr.write(`warning: ${message}\n`);
}

/** Whether standard output is a file or a device, rather than another program or a terminal. */
function takesWholeWrites(): boolean {
  const stats = fstatSync(STDOUT_FD);
  return !(stats.isFIFO() || stats.isSocket() || process.stdout.isTTY);
}

function endAs({ code = "", message }: NodeJS.ErrnoException): never {
  process.stderr.write(`error: cannot write to standard output: ${REASONS[code] ?? message}\n`);
  process.exit(CANNOT_WRITE);
}
