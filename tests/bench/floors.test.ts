// The floors run, and say what they say in lines of JSON. How high they are is the host's business.

import { availableParallelism } from "node:os";
import { beforeAll, describe, expect, it } from "vitest";
import { type Ended, runProgram } from "../support/program.ts";

const KEYS = ["raw", "ours", "ratio", "ratio_low", "ratio_high"] as const;

/** Two threads that spin for each other on one CPU take a time slice for each exchange. */
describe.skipIf(availableParallelism() < 2)("npm run floors -- --quick", () => {
  let ended: Ended;
  let floors: Record<string, unknown>[];

  beforeAll(async () => {
    ended = await runProgram("bench/floors/main.js", ["--quick"]);
    const lines = ended.stdout.split("\n").filter((line) => line !== "");
    floors = lines.map((line) => JSON.parse(line));
  });

  it("ends with status 0", () => {
    expect(ended).toMatchObject({ code: 0, stderr: "" });
  });

  it.each([
    ["ipi", "ns"],
    ["iotlb", "ns"],
    ["recorder", "ns"],
    ["virtual-2", "events/s"],
    ["virtual-64", "events/s"],
    ["virtual-1024", "events/s"],
  ])("%s: is there once, with finite numbers in %s", (name, unit) => {
    const found = floors.filter(({ floor }) => floor === name);
    expect(found).toHaveLength(1);
    const [floor] = found;
    expect(floor.unit).toBe(unit);
    for (const key of KEYS) {
      expect(Number.isFinite(floor[key]), key).toBe(true);
      expect(floor[key], key).toBeGreaterThan(0);
    }
  });
});
