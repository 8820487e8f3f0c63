import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventTree, NEVER } from "../../dist/src/engine/executor/event-tree.js";

/** Actors that have an event, the first to go first: by time, then by number. */
function inOrder(times: readonly number[]): number[] {
  return times
    .map((_, actor) => actor)
    .filter((actor) => times[actor] !== NEVER)
    .sort((a, b) => times[a] - times[b] || a - b);
}

const ns = fc.oneof(fc.nat(5), fc.integer({ min: 0, max: 2 ** 53 - 1 }), fc.constant(NEVER));

describe("the event tree", () => {
  it("any moves of any number of actors: first and second are those of a sorted array", () => {
    const moves = (actors: number) =>
      fc.array(fc.tuple(fc.nat(actors - 1), ns), { maxLength: 120 });
    const cases = fc
      .integer({ min: 1, max: 40 })
      .chain((actors) => fc.tuple(fc.constant(actors), moves(actors)));
    fc.assert(
      fc.property(cases, ([actors, steps]) => {
        const tree = new EventTree(actors);
        const times = new Array<number>(actors).fill(NEVER);
        for (const [actor, at] of steps) {
          tree.set(actor, at);
          times[actor] = at;
          const [first, second] = inOrder(times);
          tree.findRunnerUp();
          expect(tree.timeOf(tree.first)).toBe(first === undefined ? NEVER : times[first]);
          if (first === undefined) continue;
          expect(tree.first).toBe(first);
          expect(tree.runnerUpNs).toBe(second === undefined ? NEVER : times[second]);
          if (second !== undefined) expect(tree.runnerUp).toBe(second);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("the same time: the lower actor first", () => {
    const tree = new EventTree(5);
    for (const actor of [4, 2, 3]) tree.set(actor, 7);
    tree.findRunnerUp();
    expect([tree.first, tree.runnerUp]).toEqual([2, 3]);
  });

  it("one actor alone: nobody is second", () => {
    const tree = new EventTree(1);
    tree.set(0, 3);
    tree.findRunnerUp();
    expect([tree.first, tree.timeOf(0), tree.runnerUpNs]).toEqual([0, 3, NEVER]);
  });
});
