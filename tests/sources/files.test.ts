// How every file is written.

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { Visitor } from "oxc-parser";
import { describe, expect, it } from "vitest";
import { lineOf, SOURCES } from "../support/sources.ts";

const COLUMNS = 100;

describe("every source file", () => {
  it("parses, and has no enum", () => {
    const enums = SOURCES.flatMap((source) => {
      const found: string[] = [];
      new Visitor({
        TSEnumDeclaration(node) {
          found.push(lineOf(source, node.start));
        },
      }).visit(source.parsed.program);
      return found;
    });
    expect(enums).toEqual([]);
    expect(SOURCES.filter((source) => source.parsed.errors.length > 0)).toEqual([]);
  });

  it("begins with a comment that says what it is", () => {
    const bare = SOURCES.filter(({ text }) => !/^(#!.*\n)?(\/\/ |\/\*\*)/.test(text));
    expect(bare.map(({ file }) => file)).toEqual([]);
  });

  it("has no line of more than 100 columns", () => {
    const long = SOURCES.flatMap(({ file, text }) =>
      text
        .split("\n")
        .map((line, i) => ({ at: `${file}:${i + 1}`, columns: [...line].length }))
        .filter(({ columns }) => columns > COLUMNS)
        .map(({ at, columns }) => `${at}: ${columns}`),
    );
    expect(long).toEqual([]);
  });

  it("stands in a folder whose README or index says what belongs there", () => {
    const folders = new Set(SOURCES.map(({ file }) => dirname(file)));
    const silent = [...folders].filter(
      (folder) => !["README.md", "index.ts"].some((name) => existsSync(join("src", folder, name))),
    );
    expect(silent).toEqual([]);
  });
});
