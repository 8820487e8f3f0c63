import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VPN_LIMIT } from "../../dist/src/engine/layout/address.js";
import {
  layOut,
  STRUCTURES_BYTES,
  TABLE_DROPS,
  viewsOf,
} from "../../dist/src/engine/layout/regions.js";
import { NO_TABLE, PagingStructures } from "../../dist/src/engine/machine/paging-structures.js";
import { CoreTlb } from "../../dist/src/engine/machine/tlb.js";
import { shapeWith } from "./shapes.js";

const REGION_PAGES = 512;
const TABLE = 7;
const TAG = 3;

function emptyStructures(entries?: number): PagingStructures {
  const region = { offset: 0, stride: STRUCTURES_BYTES, count: 1 };
  const views = viewsOf(new SharedArrayBuffer(STRUCTURES_BYTES), region);
  return new PagingStructures(views, 0, entries);
}

function holds(structures: PagingStructures, pcid: number, vpn: number): boolean {
  return structures.tableOf(pcid, vpn) !== NO_TABLE;
}

describe("paging-structure caches", () => {
  it("a region that was walked: held for all of its pages, in that context only", () => {
    const structures = emptyStructures();
    expect(holds(structures, 1, 5)).toBe(false);
    structures.fill(1, 5, TABLE, TAG);
    expect([0, 511, 512].map((vpn) => holds(structures, 1, vpn))).toEqual([true, true, false]);
    expect(holds(structures, 2, 5)).toBe(false);
  });

  it("a region that was walked: leads to its leaf table, with the tag of then", () => {
    const structures = emptyStructures();
    structures.fill(1, 5, 40, 2);
    structures.fill(1, 5 + REGION_PAGES, 41, 9);
    expect([structures.tableOf(1, 6), structures.tagOf(6)]).toEqual([40, 2]);
    expect([structures.tableOf(1, 512), structures.tagOf(512)]).toEqual([41, 9]);
    const all: number[][] = [];
    structures.visitAll((...region) => all.push(region));
    expect(all).toEqual([
      [1, 0, 40, 2],
      [1, 512, 41, 9],
    ]);
  });

  it("empty: holds nothing, not even page 0 of context 0", () => {
    expect(holds(emptyStructures(), 0, 0)).toBe(false);
  });

  it("dropped: one context loses everything, the other nothing", () => {
    const structures = emptyStructures();
    structures.fill(1, 0, TABLE, TAG);
    structures.fill(1, REGION_PAGES, TABLE, TAG);
    structures.fill(2, 2 * REGION_PAGES, TABLE, TAG);
    structures.drop(1);
    expect([holds(structures, 1, 0), holds(structures, 1, REGION_PAGES)]).toEqual([false, false]);
    expect(holds(structures, 2, 2 * REGION_PAGES)).toBe(true);
    structures.fill(1, 0, TABLE, TAG);
    expect(holds(structures, 1, 0)).toBe(true);
  });

  it("one region dropped: it goes, whatever its context, and no other does", () => {
    const structures = emptyStructures();
    structures.fill(1, 3 * REGION_PAGES, TABLE, TAG);
    structures.fill(1, 4 * REGION_PAGES, TABLE, TAG);
    structures.dropRegion(3);
    expect([3, 4].map((region) => holds(structures, 1, region * REGION_PAGES))).toEqual([
      false,
      true,
    ]);
  });

  it("one region dropped: with it one that the counts of an IOMMU do not tell from it", () => {
    const structures = emptyStructures();
    structures.fill(1, (3 + TABLE_DROPS) * REGION_PAGES, TABLE, TAG);
    structures.dropRegion(3);
    expect(holds(structures, 1, (3 + TABLE_DROPS) * REGION_PAGES)).toBe(false);
  });

  it("fewer entries than there is memory for: regions take each other's place sooner", () => {
    const structures = emptyStructures(8);
    structures.fill(1, 0, TABLE, TAG);
    structures.fill(1, 8 * REGION_PAGES, TABLE, TAG);
    structures.dropRegion(16); // Nobody's.
    expect([0, 8].map((region) => holds(structures, 1, region * REGION_PAGES))).toEqual([
      false,
      true,
    ]);
  });

  it("any walks and drops: holds what was walked since, unless another region took its place", () => {
    const step = fc.record({
      drops: fc.boolean(),
      pcid: fc.integer({ min: 0, max: 15 }),
      vpn: fc.oneof(fc.nat(40_000), fc.integer({ min: 0, max: VPN_LIMIT - 1 })),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const structures = emptyStructures();
        const model = new Map<number, string>(); // What each of the 32 entries holds.
        for (const { drops, pcid, vpn } of steps) {
          const region = Math.floor(vpn / REGION_PAGES);
          const name = `${pcid}:${region}`;
          expect(holds(structures, pcid, vpn)).toBe(model.get(region % 32) === name);
          if (!drops) {
            structures.fill(pcid, vpn, TABLE, TAG);
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
    const tlb = new CoreTlb(viewsOf(memory, regions.coreTlbs), shape, 0);
    for (const pcid of [1, 2]) tlb.structures.fill(pcid, pcid * REGION_PAGES, TABLE, TAG);
    return tlb;
  };
  const held = ({ structures }: CoreTlb) =>
    [1, 2].map((pcid) => holds(structures, pcid, pcid * REGION_PAGES));

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
