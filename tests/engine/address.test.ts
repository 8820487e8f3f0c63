import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  coverEnd,
  LEVELS,
  lowBits,
  TABLE_ENTRIES,
  tableIndex,
  VPN_LIMIT,
} from "../../dist/src/engine/layout/address.js";

const EDGES = [0, 511, 512, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, VPN_LIMIT - 1];
const vpn = fc.oneof(fc.integer({ min: 0, max: VPN_LIMIT - 1 }), fc.constantFrom(...EDGES));

describe("virtual page numbers of 36 bits", () => {
  it("an index into a table of any level: nine bits, as BigInt computes them", () => {
    fc.assert(
      fc.property(vpn, fc.nat(LEVELS - 1), (page, level) => {
        const expected = (BigInt(page) >> BigInt(9 * level)) & BigInt(TABLE_ENTRIES - 1);
        expect(BigInt(tableIndex(page, level))).toBe(expected);
      }),
      { numRuns: 200 },
    );
  });

  it("behind what an entry covers: the next page that has another entry", () => {
    fc.assert(
      fc.property(vpn, fc.integer({ min: 1, max: LEVELS - 1 }), (page, level) => {
        const end = coverEnd(page, level);
        const entryOf = (of: number) => BigInt(of) >> BigInt(9 * level);
        expect(entryOf(end - 1)).toBe(entryOf(page));
        expect(entryOf(end)).toBe(entryOf(page) + 1n);
      }),
      { numRuns: 200 },
    );
  });

  it("the four indices of a page: together they are the page", () => {
    fc.assert(
      fc.property(vpn, (page) => {
        let together = 0;
        for (let level = LEVELS - 1; level >= 0; level--) {
          together = together * TABLE_ENTRIES + tableIndex(page, level);
        }
        expect(together).toBe(page);
      }),
      { numRuns: 200 },
    );
  });

  it("low bits up to 30: as BigInt computes them, beyond 32 bits too", () => {
    fc.assert(
      fc.property(vpn, fc.integer({ min: 0, max: 30 }), (page, bits) => {
        const mask = 2 ** bits - 1;
        expect(BigInt(lowBits(page, mask))).toBe(BigInt(page) & BigInt(mask));
      }),
      { numRuns: 200 },
    );
  });
});
