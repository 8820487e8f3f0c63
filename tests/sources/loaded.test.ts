// What is loaded with a file, before any of it runs.

import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { SOURCES, type Source } from "../support/sources.ts";

/** What a file imports or exports again for values, before any of it runs. */
function loadsOf({ parsed }: Source): string[] {
  return parsed.program.body.flatMap((node) => {
    if (node.type === "ImportDeclaration") {
      return node.importKind === "type" ? [] : [node.source.value];
    }
    if (node.type !== "ExportNamedDeclaration" && node.type !== "ExportAllDeclaration") return [];
    return node.source === null || node.exportKind === "type" ? [] : [node.source.value];
  });
}

/** What is loaded with a file: the files below src/ and the packages that it needs for values. */
function loadedWith(file: string, loaded = new Set<string>()): Set<string> {
  if (loaded.has(file)) return loaded;
  loaded.add(file);
  const source = SOURCES.find((known) => known.file === file);
  for (const to of source === undefined ? [] : loadsOf(source)) {
    loadedWith(to.startsWith(".") ? join(dirname(file), to) : to, loaded);
  }
  return loaded;
}

describe("what is loaded whenever the program starts", () => {
  it("no action, worker, calibration or report, and no package that takes long", () => {
    const loaded = [...loadedWith("cli/main.ts")];
    const slow = /^((workers|calibration|cli\/actions|results\/report)\/|(zod|vega\b.*|piscina)$)/;
    expect(loaded.filter((name) => slow.test(name))).toEqual([]);
    expect(loaded).toEqual(expect.arrayContaining(["commander", "cli/commands/bench.ts"]));
  });

  it("planted: actions load what commands must not", () => {
    const loaded = loadedWith("cli/actions/bench.ts");
    for (const name of ["workers/pool.ts", "piscina", "zod"]) expect(loaded).toContain(name);
  });
});
