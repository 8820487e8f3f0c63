// Who imports whom.

import { dirname, join } from "node:path";
import { Visitor } from "oxc-parser";
import { describe, expect, it } from "vitest";
import { part, SOURCES, type Source } from "../support/sources.ts";

/** Folders of src/, and what each may import. */
const EDGES: Record<string, readonly string[]> = {
  cli: ["calibration", "engine", "results", "workers", "workloads"],
  calibration: ["engine", "results", "workers", "workloads"],
  results: ["engine", "workers", "workloads"],
  workers: ["engine", "workloads"],
  workloads: ["engine"],
  engine: [],
};

/**
 * Folders and single files of src/engine/, and what each may import. A policy is data that
 * protocols read.
 */
const ENGINE_EDGES: Record<string, readonly string[]> = {
  errors: [],
  random: [],
  names: ["errors"],
  layout: ["errors"],
  machine: ["errors", "layout"],
  probe: ["errors", "layout"],
  profile: ["errors", "layout"],
  check: ["errors", "layout", "machine", "probe"],
  executor: ["errors", "layout", "machine", "random"],
  policy: ["errors", "names", "layout", "machine"],
  protocol: [
    "check",
    "errors",
    "executor",
    "layout",
    "machine",
    "policy",
    "probe",
    "profile",
    "random",
  ],
};

/** Packages and Node modules that the engine may use, and where. */
const ENGINE_PACKAGES: Record<string, readonly string[]> = {
  "engine/names.ts": ["fastest-levenshtein"],
};

/** What a file imports or exports again, types included. */
function importsOf({ parsed }: Source): string[] {
  const found: string[] = [];
  const from = (node: { source: { value: string } | null }) => {
    if (node.source !== null) found.push(node.source.value);
  };
  new Visitor({
    ImportDeclaration: from,
    ExportNamedDeclaration: from,
    ExportAllDeclaration: from,
    ImportExpression(node) {
      found.push(node.source.type === "Literal" ? String(node.source.value) : "(computed)");
    },
  }).visit(parsed.program);
  return found;
}

/** Pairs of file and imported file, below src/, for all relative imports. */
const LINKS = SOURCES.flatMap((source) =>
  importsOf(source)
    .filter((to) => to.startsWith("."))
    .map((to) => ({ from: source.file, to: join(dirname(source.file), to) })),
);

/** `machine` of engine/machine/tlb.ts, `errors` of engine/errors.ts. */
function enginePart(file: string): string {
  return file.split("/")[1].replace(/\.ts$/, "");
}

function isCyclic(edges: Record<string, readonly string[]>): boolean {
  const reaches = (from: string, to: string): boolean =>
    edges[from].some((next) => next === to || reaches(next, to));
  return Object.keys(edges).some((node) => reaches(node, node));
}

describe("imports go one way", () => {
  it("the allowed edges themselves: without a cycle", () => {
    expect([EDGES, ENGINE_EDGES].map(isCyclic)).toEqual([false, false]);
  });

  it("between the folders of src", () => {
    const bad = LINKS.filter(
      ({ from, to }) => part(from) !== part(to) && !EDGES[part(from)]?.includes(part(to)),
    );
    expect(bad).toEqual([]);
  });

  it("between the parts of the engine", () => {
    const bad = LINKS.filter(({ from, to }) => part(from) === "engine" && part(to) === "engine")
      .filter(({ from, to }) => enginePart(from) !== enginePart(to))
      .filter(({ from, to }) => !ENGINE_EDGES[enginePart(from)]?.includes(enginePart(to)));
    expect(bad).toEqual([]);
  });

  it("protocols and workloads: know the Cpu, and no executor behind it", () => {
    const bad = LINKS.filter(({ from }) => /^(engine\/protocol|workloads)\//.test(from)).filter(
      ({ to }) => to.startsWith("engine/executor/") && to !== "engine/executor/cpu.ts",
    );
    expect(bad).toEqual([]);
  });

  it("the engine: uses no package and no Node module but those it may", () => {
    const bad = SOURCES.filter(({ file }) => part(file) === "engine").flatMap((source) =>
      importsOf(source)
        .filter((to) => !to.startsWith(".") && !ENGINE_PACKAGES[source.file]?.includes(to))
        .map((to) => `${source.file}: ${to}`),
    );
    expect(bad).toEqual([]);
  });

  it("every relative import: names a file that is there", () => {
    const files = new Set(SOURCES.map(({ file }) => file));
    expect(LINKS.filter(({ to }) => !files.has(to))).toEqual([]);
    expect(LINKS.length).toBeGreaterThan(200);
  });
});
