import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../../dist/src/engine/random.js";

function numbers(seed: number, stream: number, count = 20): number[] {
  const random = new Random(seed, stream);
  return Array.from({ length: count }, () => random.next());
}

const seed = fc.nat(0xffffffff);

describe("the generator of everything random", () => {
  it("seed 42: these numbers, on every version and engine", () => {
    expect(numbers(42, 0, 4)).toEqual([2211040772, 437763705, 1722232691, 1521960987]);
  });

  it("the same seed and stream: the same numbers; another stream: others", () => {
    fc.assert(
      fc.property(seed, fc.nat(1000), fc.nat(1000), (s, stream, other) => {
        expect(numbers(s, stream)).toEqual(numbers(s, stream));
        if (stream !== other) expect(numbers(s, stream)).not.toEqual(numbers(s, other));
      }),
      { numRuns: 200 },
    );
  });

  it("1100 streams of one seed: no number at the same place twice as often as chance has it", () => {
    const firsts = Array.from({ length: 1100 }, (_, stream) => numbers(7, stream, 1)[0]);
    expect(new Set(firsts).size).toBeGreaterThan(1095);
  });

  it("below a limit: whole, from 0 up, and never the limit", () => {
    const limit = fc.oneof(
      fc.integer({ min: 1, max: 10 }),
      fc.integer({ min: 1, max: 2 ** 32 }),
      fc.constantFrom(1, 2 ** 31, 2 ** 32),
    );
    fc.assert(
      fc.property(seed, limit, (s, below) => {
        const random = new Random(s);
        for (let i = 0; i < 20; i++) {
          const number = random.below(below);
          expect(Number.isInteger(number)).toBe(true);
          expect(number).toBeGreaterThanOrEqual(0);
          expect(number).toBeLessThan(below);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("below six, 6000 times: each number about a thousand times", () => {
    const random = new Random(1);
    const counts = [0, 0, 0, 0, 0, 0];
    for (let i = 0; i < 6000; i++) counts[random.below(6)]++;
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});
