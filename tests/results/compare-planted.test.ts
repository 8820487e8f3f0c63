// Slow-downs of a tenth, planted in one step of the compiled program: in virtual time a comparison
// finds each, with other seeds, and nothing where none is planted.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expand } from "../../dist/src/cli/experiments/expand.js";
import { loadExperiment } from "../../dist/src/cli/experiments/load.js";
import { parsePolicy } from "../../dist/src/engine/policy/parse.js";
import { type Comparison, compareRuns } from "../../dist/src/results/compare/compare.js";
import { type Run, readRun } from "../../dist/src/results/compare/run.js";
import { writeRun } from "../../dist/src/results/files.js";
import { ResultFolder } from "../../dist/src/results/folder.js";
import { describeHost } from "../../dist/src/results/host.js";
import { VirtualPool } from "../../dist/src/workers/virtual-pool.js";
// @ts-expect-error: a build script, without declarations.
import * as script from "../../scripts/build-executors.mjs";

const { writeChanged } = script as {
  writeChanged(dist: string, form: string, to: string, edits: object): void;
};

const DIST = fileURLToPath(new URL("../../dist/", import.meta.url));
const POLICIES = ["strict", "overlapped", "batch(32)"].map((text) => parsePolicy(text));

let base: string;
let before: Run;

/** Runs some points with `seed` and reads what they left, in the program that stands at `root`. */
async function runOf(name: string, seed: number, root?: URL): Promise<Run> {
  const { experiment } = loadExperiment("tests/fixtures/tiny.json");
  const { points } = expand(experiment, {
    ...{ quick: false, seed, jitter: undefined, check: "off", hostCpus: 2 },
    overrides: { executors: ["virtual"], policies: POLICIES, iommus: [1], operations: 100 },
  });
  const pool = new VirtualPool(1, root);
  const measured = [];
  for (const { repetitions: _, ...named } of points) {
    measured.push({ ...named, repetition: 1, result: await pool.run(named.point) });
  }
  await pool.close();
  const folder = await ResultFolder.create(join(base, name));
  const now = new Date();
  const facts = {
    ...{ command: [], seed, started: now, ended: now, host: describeHost(), noise: {} },
    ...{ floorNs: undefined, checks: undefined, warnings: [], experiment: [], interrupted: false },
  };
  await writeRun(folder, name, measured, facts, [], []);
  return readRun(folder.path);
}

/** The same with one text of the program replaced. */
async function runWith(name: string, file: string, find: string, replace: string): Promise<Run> {
  const tree = join(DIST, "planted", name);
  for (const form of ["virtual", "inline"]) {
    writeChanged(DIST, form, join(tree, form), { [file]: [{ find, replace }] });
  }
  try {
    return await runOf(name, 8, pathToFileURL(join(tree, "virtual/")));
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

function changed({ rows }: Comparison, verdict: string): string[] {
  const points = rows.filter((row) => row.verdict === verdict).map(({ key }) => key.policy);
  return [...new Set(points)];
}

function segments({ segments }: Comparison, verdict: string): string[] {
  return segments.filter((row) => row.verdict === verdict).map(({ metric }) => metric.name);
}

function compared(after: Run): Comparison {
  return compareRuns(before, after, { otherHost: false, otherProfile: false, otherSchema: false });
}

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), "shootdown-planted-"));
  before = await runOf("before", 7);
});
afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

test("nothing planted: nothing found", async () => {
  const comparison = compared(await runOf("again", 8));
  expect(changed(comparison, "worse")).toEqual([]);
  expect(changed(comparison, "better")).toEqual([]);
  expect(segments(comparison, "worse")).toEqual([]);
  expect(segments(comparison, "better")).toEqual([]);
});

test.each([
  ["pte", "memory.js", "cpu.spend(costs.pteNs * cleared)", ["strict", "overlapped", "batch(32)"]],
  ["handler", "interrupts.js", "cpu.spend(costs.interruptEntryNs)", ["strict", "batch(32)"]],
  ["flush", "iommu.js", ": costs.iotlbPageNs", ["strict", "overlapped", "batch(32)"]],
])("a tenth more of %s: found, and named", async (segment, file, step, policies) => {
  const slower = step.replace(/costs\.\w+/, (cost) => `Math.round(1.1 * ${cost})`);
  const after = await runWith(`slow-${segment}`, `engine/protocol/${file}`, step, slower);
  const comparison = compared(after);
  expect(changed(comparison, "worse")).toEqual(expect.arrayContaining(policies));
  expect(changed(comparison, "better")).toEqual([]);
  const named = comparison.rows.filter(({ verdict }) => verdict === "worse");
  expect(named.map((row) => row.segment?.name)).toContain(segment);
  expect(segments(comparison, "worse")).toContain(`path:${segment}`);
});
