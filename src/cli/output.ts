// Standard output: nothing but results, in the form that is asked for; warnings go beside it, to
// standard error.

/** The exit status of what the user asked for and cannot have. */
const CANNOT_WRITE = 2;

export const FORMATS = ["table", "csv", "json"] as const;
export type Format = (typeof FORMATS)[number];

/**
 * What is printed unless the user says: a table on a terminal, CSV into a file or another program.
 */
export function defaultFormat(): Format {
  return process.stdout.isTTY ? "table" : "csv";
}

/** Ends the program when nobody can or wants to read on: a full disk, or `| head`. */
export function endWithOutput(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "ENOSPC") {
      process.stderr.write("error: cannot write to standard output: no space left where it goes\n");
      process.exit(CANNOT_WRITE);
    }
    if (error.code !== "EPIPE") throw error;
    process.exit();
  });
}

/** What stands before results: on standard output only where people read that. */
export function announce(line: string, format: Format, quiet = false): void {
  if (format === "table") process.stdout.write(`${line}\n`);
  else if (!quiet) process.stderr.write(`${line}\n`);
}

export function print(text: string): void {
  process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
}

export function warn(message: string): void {
  process.stderr.write(`warning: ${message}\n`);
}
