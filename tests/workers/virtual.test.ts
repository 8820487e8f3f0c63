// Points in virtual time, as the command line runs them: in workers, in the forms that the build
// makes for them. What comes out must be what the protocols say as they are written.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Point, PointResult } from "../../dist/src/workers/point.js";
import { VirtualPool } from "../../dist/src/workers/virtual-pool.js";
import { pointOf, run, workloadOf } from "../support/points.ts";
import { POLICIES } from "../support/policies.ts";

/** All that must be the same in two runs: not how long they took. */
function comparable({ wallS, ...rest }: PointResult): string {
  return JSON.stringify(rest);
}

function virtualPoint(part: Partial<Point>): Point {
  return pointOf({ executor: "virtual", ...part });
}

describe("rounds of a point", () => {
  test("two of them: the operations of both as one sample", () => {
    const [first, second] = [1, 2].map((seed) => run(virtualPoint({ seed })));
    const both = run(virtualPoint({ seed: 1 }), virtualPoint({ seed: 2 }));
    expect(both.rounds).toBe(2);
    expect(both.cores.operations).toBe(first.cores.operations + second.cores.operations);
    expect(both.elapsedNs).toBe(first.elapsedNs + second.elapsedNs);
    first.latency.merge(second.latency.toData());
    expect(both.latency.toData()).toEqual(first.latency.toData());
  });
});

describe("a pool", () => {
  let pool: VirtualPool;
  beforeAll(() => {
    pool = new VirtualPool(2);
  });
  afterAll(async () => {
    await pool.close();
  });

  test.each(POLICIES.map((policy) => [policy.name, policy] as const))(
    "%s: the same as with the protocols as they are written, to the last count",
    async (_, policy) => {
      const points = [
        virtualPoint({ policy }),
        virtualPoint({ policy, cores: 5, iommus: 2, devices: 2, checks: true }),
        virtualPoint({ policy, cores: 4, iommus: 1, workload: workloadOf({ initiators: 3 }) }),
      ];
      for (const point of points) {
        expect(comparable(await pool.run(point))).toBe(comparable(run(point)));
      }
    },
  );

  test("the same point twice at once: the same result", async () => {
    const point = virtualPoint({ cores: 33, iommus: 1, devices: 1 });
    const [a, b] = await Promise.all([pool.run(point), pool.run(point)]);
    expect(comparable(a)).toBe(comparable(b));
  });

  test("jitter: other times and the same counts; the same seed the same times", async () => {
    const at = async (jitter: number | undefined): Promise<PointResult> =>
      pool.run(virtualPoint({ cores: 6, iommus: 1, jitter }));
    const [none, one, again, two] = [await at(undefined), await at(1), await at(1), await at(2)];
    expect(comparable(one)).toBe(comparable(again));
    expect(new Set([none, one, two].map(({ latency }) => latency.sum)).size).toBe(3);
    for (const { cores } of [one, two]) {
      expect(cores.ipis).toBe(none.cores.ipis);
      expect(cores.framesFreed).toBe(none.cores.framesFreed);
    }
  });

  test("a point that is ended: rejects, and the pool runs the next", async () => {
    const long = virtualPoint({ cores: 64, workload: workloadOf({ operations: 1_000_000 }) });
    const abort = new AbortController();
    const running = pool.run(long, abort.signal);
    setTimeout(() => abort.abort(), 50);
    await expect(running).rejects.toThrow();
    expect((await pool.run(virtualPoint({}))).cores.operations).toBe(30);
  });
});
