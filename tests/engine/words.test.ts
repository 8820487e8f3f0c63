import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  checkBits,
  checkWords,
  type Field,
  LINE_BYTES,
  maskOf,
  wholeLines,
  wordNs,
} from "../../dist/src/engine/layout/words.js";

function isRefused(check: () => void): boolean {
  try {
    check();
    return false;
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError);
    return true;
  }
}

function named<T>(values: readonly T[]): Record<string, T> {
  return Object.fromEntries(values.map((value, i) => [`field${i}`, value]));
}

function hasDuplicates(values: readonly number[]): boolean {
  return new Set(values).size < values.length;
}

describe("word tables", () => {
  it("two fields in one word: refused, with the names of both owners", () => {
    expect(() => checkWords("lock", 4, { NEXT: 0, SERVING: 1, OWNER: 1 })).toThrow(
      "lock: word 1 belongs to both SERVING and OWNER",
    );
  });

  it("a word inside another field's 64 bits: refused", () => {
    expect(() => checkWords("slot", 8, { DUE_NS: [2, 64], KIND: 3 })).toThrow(
      "word 3 belongs to both DUE_NS and KIND",
    );
  });

  it("a 64-bit field at an odd word: refused, since a float64 cannot stand there", () => {
    expect(() => checkWords("slot", 8, { DUE_NS: [3, 64] })).toThrow("slot.DUE_NS");
  });

  it("a 64-bit field whose second half leaves the record: refused", () => {
    expect(() => checkWords("slot", 5, { DUE_NS: [4, 64] })).toThrow("leaves the 5 of the record");
  });

  it("any table: refused exactly when a word is shared, outside or torn", () => {
    const field: fc.Arbitrary<Field> = fc.oneof(
      fc.integer({ min: -1, max: 16 }),
      fc.tuple(fc.integer({ min: -2, max: 16 }), fc.constant(64 as const)),
    );
    fc.assert(
      fc.property(fc.array(field, { maxLength: 5 }), (fields) => {
        const words = fields.flatMap((f) => (typeof f === "number" ? [f] : [f[0], f[0] + 1]));
        const outside = words.some((word) => word < 0 || word >= 16);
        const torn = fields.some((f) => typeof f !== "number" && f[0] % 2 !== 0);
        expect(isRefused(() => checkWords("any", 16, named(fields)))).toBe(
          outside || torn || hasDuplicates(words),
        );
      }),
      { numRuns: 200 },
    );
  });
});

describe("bit tables", () => {
  it("two fields that share a bit: refused", () => {
    const fields = { TYPE: { shift: 0, width: 4 }, GRANULARITY: { shift: 3, width: 2 } };
    expect(() => checkBits("word 0", fields)).toThrow("word 0.GRANULARITY");
  });

  it("any table: refused exactly when a bit is shared or outside of 32", () => {
    const bits = fc.record({
      shift: fc.integer({ min: -1, max: 32 }),
      width: fc.integer({ min: 0, max: 12 }),
    });
    fc.assert(
      fc.property(fc.array(bits, { maxLength: 4 }), (fields) => {
        const used = fields.flatMap(({ shift, width }) =>
          Array.from({ length: width }, (_, i) => shift + i),
        );
        const outside = fields.some((f) => f.shift < 0 || f.width < 1 || f.shift + f.width > 32);
        expect(isRefused(() => checkBits("any", named(fields)))).toBe(
          outside || hasDuplicates(used),
        );
      }),
      { numRuns: 200 },
    );
  });

  it("masks of 1 to 31 bits: all ones and nothing else", () => {
    for (let width = 1; width <= 31; width++) {
      expect(BigInt(maskOf(width))).toBe((1n << BigInt(width)) - 1n);
    }
  });
});

describe("whole lines", () => {
  it("a size is rounded up to the next line, and never by a whole one", () => {
    fc.assert(
      fc.property(fc.nat(10_000_000), (bytes) => {
        const rounded = wholeLines(bytes);
        expect(rounded % LINE_BYTES).toBe(0);
        expect(rounded - bytes).toBeGreaterThanOrEqual(0);
        expect(rounded - bytes).toBeLessThan(LINE_BYTES);
      }),
      { numRuns: 200 },
    );
  });
});

describe("nanoseconds in a word", () => {
  it("longer than fits: as long as fits, not negative", () => {
    const words = new Int32Array([wordNs(1000), wordNs(2 ** 31), wordNs(1e12)]);
    expect([...words]).toEqual([1000, 2 ** 31 - 1, 2 ** 31 - 1]);
  });
});
