// All files of src/, read and parsed once for all tests of sources.

import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { type ParseResult, parseSync } from "oxc-parser";

export interface Source {
  /** Below src/, with slashes. */
  readonly file: string;
  readonly text: string;
  readonly parsed: ParseResult;
}

function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

export const SOURCES: readonly Source[] = filesBelow("src", ".ts").map((path) => {
  const text = readFileSync(path, "utf8");
  return { file: relative("src", path), text, parsed: parseSync(path, text) };
});

/** `engine/machine/tlb.ts:12`. */
export function lineOf({ file, text }: Source, start: number): string {
  return `${file}:${text.slice(0, start).split("\n").length}`;
}

/** `engine` of engine/machine/tlb.ts. */
export function part(file: string): string {
  return file.split("/")[0];
}

/** A source that only a test has. */
export function parsed(text: string): Source {
  return { file: "planted.ts", text, parsed: parseSync("planted.ts", text) };
}
