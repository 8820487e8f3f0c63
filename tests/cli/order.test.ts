import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drawAgain } from "../../dist/src/cli/measure/noise.js";
import { inRandomOrder, mixedIn, pointOf, type Run } from "../../dist/src/cli/measure/order.js";
import { STRICT } from "../../dist/src/engine/policy/presets.js";
import { Random } from "../../dist/src/engine/random.js";
import { pointOf as aPoint } from "../support/points.ts";

/** A run of each of `policies` on each number of cores. */
function runsOf(cores: readonly number[], policies: number): Run[] {
  const combinations = cores.flatMap((count) => {
    return Array.from({ length: policies }, (_, policy) => ({ count, policy }));
  });
  return combinations.map(({ count, policy }, place) => {
    const point = aPoint({ cores: count, policy: { ...STRICT, name: `p${policy}` } });
    const named = { experiment: "e", id: `${place}`, workload: "munmap", pages: 1, point };
    const planned = { ...named, repetitions: 1 };
    return { place, planned, repetition: 1, round: 0, isAgain: false };
  });
}

const seed = fc.nat(1_000_000);

describe("the order of runs", () => {
  it("has each of them once, whatever the seed, and is that of the seed", () => {
    const runs = runsOf([2, 3, 4, 8], 5);
    fc.assert(
      fc.property(seed, (value) => {
        const order = inRandomOrder(runs, new Random(value));
        expect(new Set(order)).toEqual(new Set(runs));
        expect(inRandomOrder(runs, new Random(value))).toEqual(order);
      }),
    );
  });

  it("keeps together what differs in its policy only", () => {
    fc.assert(
      fc.property(seed, (value) => {
        const order = inRandomOrder(runsOf([2, 3, 4, 8], 5), new Random(value));
        const changes = order.filter(({ planned }, i) => {
          return i > 0 && planned.point.cores !== order[i - 1].planned.point.cores;
        });
        expect(changes).toHaveLength(3);
      }),
    );
  });

  it("puts every point first under some seed, and every policy first in its block", () => {
    const runs = runsOf([2, 3], 3);
    const firsts = Array.from({ length: 200 }, (_, value) => {
      return inRandomOrder(runs, new Random(value))[0].place;
    });
    expect(new Set(firsts).size).toBe(runs.length);
  });
});

describe("points that are run again", () => {
  it.each([
    [1, 2],
    [4, 2],
    [12, 3],
    [100, 6],
  ])("of %d points: %d pairs", (points, pairs) => {
    const again = drawAgain(runsOf([points], points), new Random(7));
    expect(again).toHaveLength(pairs);
    expect(again.every(({ isAgain }) => isAgain)).toBe(true);
    expect(new Set(again.map(({ place }) => place)).size).toBe(Math.min(points, pairs));
  });

  it("stand anywhere among the others, which keep their order", () => {
    fc.assert(
      fc.property(seed, fc.nat(20), (value, count) => {
        const items = Array.from({ length: count }, (_, i) => i);
        const mixed = mixedIn(items, [-1, -2], new Random(value));
        expect(mixed).toHaveLength(count + 2);
        expect(mixed.filter((item) => item >= 0)).toEqual(items);
      }),
    );
  });

  it("have seeds of their own, and repetitions those that follow --seed", () => {
    const [run] = runsOf([2], 1);
    const seedOf = (part: Partial<Run>) => pointOf({ ...run, ...part }).seed;
    expect([seedOf({}), seedOf({ repetition: 2 })]).toEqual([1, 2]);
    const others = [{ isAgain: true }, { isAgain: true, round: 1 }, { round: 1 }, { round: 2 }];
    expect(new Set([1, 2, ...others.map(seedOf)]).size).toBe(6);
  });
});
