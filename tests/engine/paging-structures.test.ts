import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VPN_LIMIT } from "../../dist/src/engine/layout/address.js";
import { layOut } from "../../dist/src/engine/layout/regions.js";
import { PagingStructures } from "../../dist/src/engine/machine/paging-structures.js";
import { CoreTlb } from "../../dist/src/engine/machine/tlb.js";
import { shapeWith } from "./shapes.js";

const REGION_PAGES = 512;

describe("paging-structure caches", () => {
  it("a region that was walked: held for all of its pages, in that context only", () => {
    const structures = new PagingStructures();
    expect(structures.holds(1, 5)).toBe(false);
    structures.fill(1, 5);
    expect([0, 511, 512].map((vpn) => structures.holds(1, vpn))).toEqual([true, true, false]);
    expect(structures.holds(2, 5)).toBe(false);
  });

  it("empty: holds nothing, not even page 0 of context 0", () => {
    expect(new PagingStructures().holds(0, 0)).toBe(false);
  });

  it("dropped: one context loses everything, the other nothing", () => {
    const structures = new PagingStructures();
    structures.fill(1, 0);
    structures.fill(1, REGION_PAGES);
    structures.fill(2, 2 * REGION_PAGES);
    structures.drop(1);
    expect([structures.holds(1, 0), structures.holds(1, REGION_PAGES)]).toEqual([false, false]);
    expect(structures.holds(2, 2 * REGION_PAGES)).toBe(true);
    structures.fill(1, 0);
    expect(structures.holds(1, 0)).toBe(true);
  });

  it("any walks and drops: holds what was walked since, unless another region took its place", () => {
    const step = fc.record({
      drops: fc.boolean(),
      pcid: fc.integer({ min: 0, max: 15 }),
      vpn: fc.oneof(fc.nat(40_000), fc.integer({ min: 0, max: VPN_LIMIT - 1 })),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const structures = new PagingStructures();
        const model = new Map<number, string>(); // What each of the 32 entries holds.
        for (const { drops, pcid, vpn } of steps) {
          const region = Math.floor(vpn / REGION_PAGES);
          const name = `${pcid}:${region}`;
          expect(structures.holds(pcid, vpn)).toBe(model.get(region % 32) === name);
          if (!drops) {
            structures.fill(pcid, vpn);
            model.set(region % 32, name);
            continue;
          }
          structures.drop(pcid);
          for (const [entry, held] of model) {
            if (held.startsWith(`${pcid}:`)) model.delete(entry);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe("a TLB that drops translations", () => {
  const shape = shapeWith();
  const regions = layOut(shape);
  const filled = () => {
    const memory = new SharedArrayBuffer(regions.bytes);
    const tlb = new CoreTlb(memory, regions.coreTlbs, shape, 0);
    for (const pcid of [1, 2]) tlb.structures.fill(pcid, pcid * REGION_PAGES);
    return tlb;
  };
  const held = ({ structures }: CoreTlb) =>
    [1, 2].map((pcid) => structures.holds(pcid, pcid * REGION_PAGES));

  it.each([
    ["INVLPG of any page", (tlb: CoreTlb) => tlb.invalidatePage(1, 0x9999), [false, true]],
    ["a flush of the context", (tlb: CoreTlb) => tlb.flushContext(1), [false, true]],
    ["a flush of everything", (tlb: CoreTlb) => tlb.flushAll(), [false, false]],
  ])("%s: drops the paging-structure caches with them", (_, drop, expected) => {
    const tlb = filled();
    expect(held(tlb)).toEqual([true, true]);
    drop(tlb);
    expect(held(tlb)).toEqual(expected);
  });
});
