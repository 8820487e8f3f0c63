// The floors run, and say what they say in lines of JSON. How high they are is the host's business.

import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { describe, expect, it } from "vitest";

const KEYS = ["raw", "ours", "ratio", "ratio_low", "ratio_high"] as const;

/** Two threads that spin for each other on one CPU take a time slice for each exchange. */
describe.skipIf(availableParallelism() < 2)("npm run floors -- --quick", () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["dist/bench/floors/main.js", "--quick"],
    { encoding: "utf8", timeout: 60_000 },
  );
  const floors = stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

  it("ends with status 0", () => {
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
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
