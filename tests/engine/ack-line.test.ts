// The line on which acknowledgements queue, against a queue that is simulated step by step.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AckLine } from "../../dist/src/engine/protocol/ack-line.js";

interface Ack {
  readonly storedNs: number;
  readonly transferNs: number;
}

function fold(line: AckLine, acks: readonly Ack[]): AckLine {
  line.begin(acks.length);
  // Noted in any order, here from the last to the first.
  for (const [i, { storedNs, transferNs }] of [...acks.entries()].reverse()) {
    line.note(i, storedNs, transferNs);
  }
  line.fold();
  return line;
}

/** One transfer after the other: whenever the line is free, whoever has waited longest has it. */
function simulated(acks: readonly Ack[]): { last: number; seenNs: number } {
  const waiting = new Set(acks.keys());
  let freeNs = 0;
  let last = -1;
  while (waiting.size > 0) {
    let first = -1;
    for (const i of waiting) {
      if (first < 0 || acks[i].storedNs < acks[first].storedNs) first = i;
    }
    waiting.delete(first);
    freeNs = Math.max(freeNs, acks[first].storedNs) + acks[first].transferNs;
    last = first;
  }
  return { last, seenNs: freeNs };
}

const ack = (latestNs: number) =>
  fc.record({ storedNs: fc.nat(latestNs), transferNs: fc.constantFrom(0, 44, 118) });

describe("acknowledgements on one line", () => {
  it("one alone is seen one transfer after it was stored", () => {
    const line = fold(new AckLine(), [{ storedNs: 1000, transferNs: 44 }]);
    expect([line.last, line.lastStoredNs, line.seenNs]).toEqual([0, 1000, 1044]);
  });

  it("two at the same time: the second is seen two transfers later, and is the higher target", () => {
    const acks = [118, 44].map((transferNs) => ({ storedNs: 500, transferNs }));
    const line = fold(new AckLine(), acks);
    expect([line.last, line.seenNs]).toEqual([1, 500 + 118 + 44]);
  });

  it("far apart: nobody queues", () => {
    const acks = [9000, 3000, 6000].map((storedNs) => ({ storedNs, transferNs: 44 }));
    const line = fold(new AckLine(), acks);
    expect([line.last, line.lastStoredNs, line.seenNs]).toEqual([0, 9000, 9044]);
  });

  it.each([
    ["crowded", 300],
    ["sparse", 100_000],
  ])("any, %s: as a queue that is simulated step by step", (_, latestNs) => {
    const line = new AckLine(); // Used again for each: nothing of the one before is left.
    fc.assert(
      fc.property(fc.array(ack(latestNs), { minLength: 1, maxLength: 200 }), (acks) => {
        const { last, lastStoredNs, seenNs } = fold(line, acks);
        expect({ last, seenNs }).toEqual(simulated(acks));
        expect(lastStoredNs).toBe(acks[last].storedNs);
      }),
      { numRuns: 300 },
    );
  });

  it("1,023 in reverse order: sorted and seen one after the other", () => {
    const acks = Array.from({ length: 1023 }, (_, i) => ({ storedNs: 2000 - i, transferNs: 44 }));
    expect(fold(new AckLine(), acks)).toMatchObject(simulated(acks));
  });
});
