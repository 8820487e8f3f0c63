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

  it.each(["ipi", "iotlb", "recorder"])("%s: is there once, with finite numbers", (name) => {
    const found = floors.filter(({ floor }) => floor === name);
    expect(found).toHaveLength(1);
    const [floor] = found;
    expect(floor.unit).toBe("ns");
    for (const key of KEYS) {
      expect(Number.isFinite(floor[key]), key).toBe(true);
      expect(floor[key], key).toBeGreaterThan(0);
    }
  });
});
