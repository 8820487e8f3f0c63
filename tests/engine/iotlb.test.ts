import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VPN_LIMIT } from "../../dist/src/engine/layout/address.js";
import { layOut } from "../../dist/src/engine/layout/regions.js";
import type { TlbShape } from "../../dist/src/engine/layout/shape.js";
import {
  DEVICE_EPOCHS,
  IOTLB_MISS,
  Iotlb,
  type IotlbHit,
} from "../../dist/src/engine/machine/iotlb.js";
import { createMachine } from "../../dist/src/engine/machine/machine.js";
import { shapeWith } from "./shapes.js";

const SETS = 8;

function emptyIotlb(iotlb: TlbShape = { sets: SETS, ways: 2 }): Iotlb {
  const shape = shapeWith({ iotlb });
  const regions = layOut(shape);
  return new Iotlb(new SharedArrayBuffer(regions.bytes), regions.iotlbs, iotlb, 0);
}

function found(iotlb: Iotlb, did: number, vpn: number, epoch: number): IotlbHit | undefined {
  const hit = { pte: 0, version: 0, tag: 0, leaf: 0 };
  return iotlb.lookup(did, vpn, epoch, hit) ? hit : undefined;
}

let fills = 0;
function fill(iotlb: Iotlb, did: number, vpn: number): void {
  iotlb.insert(did, vpn, 1, 0, 0, 0, 0, ++fills);
}

describe("an IOTLB", () => {
  it("any order of fills, removals and invalidations: a hit is the fill that nothing has dropped", () => {
    const vpn = fc.oneof(
      fc.nat(40),
      fc.nat(40).map((n) => 2 ** 32 + n),
      fc.nat(40).map((n) => VPN_LIMIT - 64 + n),
    );
    const step = fc.record({
      kind: fc.constantFrom("lookup", "lookup", "remove", "pages", "domain"),
      did: fc.integer({ min: 1, max: 14 }),
      vpn,
      mask: fc.nat(6),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
        const iotlb = emptyIotlb();
        const epochs = new Int32Array(16);
        const model = new Map<string, { hit: IotlbHit; entry: number; serial: number }>();
        let serial = 0;
        for (const { kind, did, vpn, mask } of steps) {
          const key = `${did}/${vpn}`;
          if (kind === "domain") {
            epochs[did]++;
            for (const k of model.keys()) if (k.startsWith(`${did}/`)) model.delete(k);
          } else if (kind === "remove") {
            const filled = model.get(key);
            if (filled !== undefined) iotlb.remove(filled.entry, filled.serial);
            model.delete(key);
          } else if (kind === "pages") {
            const first = Math.floor(vpn / 2 ** mask) * 2 ** mask;
            iotlb.invalidatePages(did, first, 2 ** mask, DEVICE_EPOCHS);
            for (let page = first; page < first + 2 ** mask; page++) model.delete(`${did}/${page}`);
          } else {
            const hit = found(iotlb, did, vpn, epochs[did]);
            expect(iotlb.holds(did, vpn, epochs[did])).toBe(hit !== undefined);
            if (hit !== undefined) {
              expect(hit).toEqual(model.get(key)?.hit);
              continue;
            }
            const [pte, version, tag, leaf] = [1000, 2000, 3000, 4000].map((n) => n + serial);
            const fresh = { pte, version, tag, leaf };
            const entry = iotlb.insert(did, vpn, pte, version, tag, leaf, epochs[did], ++serial);
            expect(entry).not.toBe(IOTLB_MISS);
            model.set(key, { hit: fresh, entry, serial });
            expect(found(iotlb, did, vpn, epochs[did])).toEqual(fresh);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it.each([1, 2, 4, 8, 16, 1024])(
    "%i aligned pages are invalidated: all that lie in them are gone, the page before and after stay",
    (pages) => {
      const iotlb = emptyIotlb({ sets: SETS, ways: 64 });
      const first = 2 ** 33 + 1024;
      const inside = [0, 1, 3, 7, 15, 1023].filter((page) => page < pages);
      for (const page of inside) fill(iotlb, 1, first + page);
      for (const page of [first - 1, first + pages]) fill(iotlb, 1, page);
      fill(iotlb, 2, first);
      iotlb.invalidatePages(1, first, pages, DEVICE_EPOCHS);
      expect(inside.filter((page) => iotlb.holds(1, first + page, 0))).toEqual([]);
      expect(iotlb.holds(1, first - 1, 0)).toBe(true);
      expect(iotlb.holds(1, first + pages, 0)).toBe(true);
      expect(iotlb.holds(2, first, 0)).toBe(true);
    },
  );

  it("a fill under an old epoch, flushed between walk and fill: not visible", () => {
    const iotlb = emptyIotlb();
    iotlb.insert(1, 5, 1, 0, 0, 0, 3, 1);
    expect(found(iotlb, 1, 5, 4)).toBeUndefined();
    expect(found(iotlb, 1, 5, 3)).toBeDefined();
  });

  it("taking out one's own fill after another stands there: the other's stays", () => {
    const iotlb = emptyIotlb({ sets: SETS, ways: 1 });
    const entry = iotlb.insert(1, 5, 1, 0, 0, 0, 0, 7);
    expect(iotlb.insert(1, 5 + SETS, 2, 0, 0, 0, 0, 8)).toBe(entry);
    iotlb.remove(entry, 7);
    expect(found(iotlb, 1, 5 + SETS, 0)?.pte).toBe(2);
    iotlb.remove(entry, 8);
    expect(found(iotlb, 1, 5 + SETS, 0)).toBeUndefined();
  });

  // Known: one victim counter serves all sets, so that consecutive pages of a set meet in one way.
  it("as many consecutive pages as there are entries: all are held", () => {
    const iotlb = emptyIotlb({ sets: 16, ways: 4 });
    const vpns = Array.from({ length: 64 }, (_, vpn) => vpn);
    for (const vpn of vpns) fill(iotlb, 1, vpn);
    expect(vpns.filter((vpn) => iotlb.holds(1, vpn, 0))).toEqual(vpns);
  });

  it("any stream of fills: never more than there are entries, the last one among them", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(300), { minLength: 1, maxLength: 200 }), (vpns) => {
        const iotlb = emptyIotlb();
        for (const vpn of vpns) if (!iotlb.holds(1, vpn, 0)) fill(iotlb, 1, vpn);
        const held = [...new Set(vpns)].filter((vpn) => iotlb.holds(1, vpn, 0));
        expect(held.length).toBeLessThanOrEqual(2 * SETS);
        expect(held).toContain(vpns.at(-1));
      }),
      { numRuns: 100 },
    );
  });
});

describe("an IOMMU's flush epochs", () => {
  it("a domain is flushed: its epoch moves and no other; a global flush moves all", () => {
    const [iommu] = createMachine(shapeWith(), true).iommus;
    const epochs = () => Array.from({ length: 14 }, (_, i) => iommu.epochOf(i + 1));
    const before = epochs();
    iommu.flushDomain(3);
    expect(epochs()).toEqual(before.map((epoch, i) => (i + 1 === 3 ? epoch + 1 : epoch)));
    iommu.flushAll();
    expect(epochs()).toEqual(before.map((epoch, i) => (i + 1 === 3 ? epoch + 2 : epoch + 1)));
  });

  it("serials of fills: above zero, and different", () => {
    const [iommu] = createMachine(shapeWith(), true).iommus;
    const serials = Array.from({ length: 100 }, () => iommu.nextFillSerial());
    expect(Math.min(...serials)).toBeGreaterThan(0);
    expect(new Set(serials).size).toBe(100);
  });
});
