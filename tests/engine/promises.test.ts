import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { layOut } from "../../dist/src/engine/layout/regions.js";
import {
  Promises,
  REPLACED,
  UNMAPPED,
  WRITE_PROTECTED,
} from "../../dist/src/engine/machine/promises.js";
import { shapeWith } from "./shapes.js";

const LEAF = 77;

function noPromises(): Promises {
  const regions = layOut(shapeWith({ checks: true }));
  return new Promises(new SharedArrayBuffer(regions.bytes), regions);
}

describe("promises", () => {
  it("none: nothing is forbidden", () => {
    expect(noPromises().forbids(LEAF, 0, true)).toBe(false);
  });

  it("unmapped: nobody may use an older version, and nobody relies on that", () => {
    const promises = noPromises();
    promises.make(LEAF, 3, UNMAPPED, 500);
    expect([2, 3].map((version) => promises.forbids(LEAF, version, false))).toEqual([true, false]);
    expect(promises.isRelied(LEAF, 2, true)).toBe(false);
    expect(promises.atNs(LEAF)).toBe(500);
    expect(promises.forbids(LEAF + 1, 2, true)).toBe(false);
  });

  it("write-protected: older versions may be read, and callers rely on it that nobody writes", () => {
    const promises = noPromises();
    promises.make(LEAF, 3, WRITE_PROTECTED, 500);
    expect([promises.forbids(LEAF, 2, false), promises.forbids(LEAF, 2, true)]).toEqual([
      false,
      true,
    ]);
    expect([promises.isRelied(LEAF, 2, false), promises.isRelied(LEAF, 2, true)]).toEqual([
      false,
      true,
    ]);
  });

  it("any order: what was promised once stays promised", () => {
    const promise = fc.record({
      version: fc.integer({ min: 1, max: 20 }),
      how: fc.constantFrom(UNMAPPED, WRITE_PROTECTED, REPLACED),
    });
    fc.assert(
      fc.property(fc.array(promise, { maxLength: 20 }), fc.nat(20), (made, version) => {
        const promises = noPromises();
        for (const { version: to, how } of made) promises.make(LEAF, to, how, 0);
        const newer = made.filter(({ version: to }) => to > version);
        const has = (...hows: number[]) => newer.some(({ how }) => hows.includes(how));
        expect(promises.forbids(LEAF, version, false)).toBe(has(UNMAPPED, REPLACED));
        expect(promises.forbids(LEAF, version, true)).toBe(newer.length > 0);
        expect(promises.isRelied(LEAF, version, false)).toBe(has(REPLACED));
        expect(promises.isRelied(LEAF, version, true)).toBe(has(REPLACED, WRITE_PROTECTED));
      }),
    );
  });
});
