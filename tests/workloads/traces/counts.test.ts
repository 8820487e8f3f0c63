// The policy of Linux on recorded programs: how often it asks other cores to flush, how many IPIs
// that takes, and what it flushes, beside what the kernel did that was recorded.

import { describe, expect, test } from "vitest";
import { STRICT } from "../../../dist/src/engine/policy/presets.js";
import { readWorkload } from "../../../dist/src/workloads/traces/index.js";
import { type Counts, LINUX, replay } from "../../support/replays.ts";

/** Causes that occurred no more often than this are too few to say a share of. */
const FEW = 20;

const countsOf = async (name: string): Promise<Counts> =>
  replay(await readWorkload(`bench/traces/${name}.perf.txt.gz`));

describe.each([
  ["munmap-loop", 0.15],
  ["node-gc", 0.15],
  ["redis", 0.25],
])("%s", (name, limit) => {
  test(`requests, IPIs, full and ranged flushes are the kernel's to ${limit}, by cause`, async () => {
    const counts = await countsOf(name);
    for (const [cause, metrics] of Object.entries(counts)) {
      for (const [metric, { kernel, replayed }] of Object.entries(metrics)) {
        if (kernel === undefined) throw new Error(`${cause}: ${metric} is not in the trace`);
        if (kernel <= FEW && cause !== "all") continue;
        const message = `${cause}, ${metric}: ${replayed} for the kernel's ${kernel}`;
        expect(Math.abs(replayed - kernel), message).toBeLessThanOrEqual(limit * kernel);
      }
    }
  });
});

describe("counts of a replay", () => {
  test("do not depend on how much idle time is cut", async () => {
    const read = await readWorkload("bench/traces/node-gc.perf.txt.gz");
    const cut = replay(read, LINUX, 20_000);
    expect(cut).toEqual(replay(read, LINUX, 10_000_000));
  });

  test("of strict: all who have the space loaded are told, each with an IPI", async () => {
    const read = await readWorkload("bench/traces/munmap-loop.perf.txt.gz");
    const { all } = replay(read, STRICT);
    expect(all!.ipis!.replayed).toBe(all!.requests!.replayed);
  });

  test("what the trace does not show of the kernel's own is not counted as 0", async () => {
    const { kernelRequests } = await readWorkload("bench/traces/munmap-loop.perf.txt.gz");
    expect(kernelRequests).toHaveLength(200);
    expect(kernelRequests![0]).toMatchObject({ cause: "munmap", pages: 16, ipis: 1 });
  });
});
