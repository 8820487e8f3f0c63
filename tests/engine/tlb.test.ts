import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VPN_LIMIT } from "../../dist/src/engine/layout/address.js";
import { layOut, viewsOf } from "../../dist/src/engine/layout/regions.js";
import type { MachineShape } from "../../dist/src/engine/layout/shape.js";
import { CoreTlb, TLB_MISS } from "../../dist/src/engine/machine/tlb.js";
import { shapeWith } from "./shapes.js";

function tlbsOf(shape: MachineShape): CoreTlb[] {
  const regions = layOut(shape);
  const views = viewsOf(new SharedArrayBuffer(regions.bytes), regions.coreTlbs);
  return Array.from({ length: shape.cores }, (_, core) => new CoreTlb(views, shape, core));
}

function emptyTlb(changes: Partial<MachineShape> = {}): CoreTlb {
  return tlbsOf(shapeWith({ cores: 1, ...changes }))[0];
}

/** The entry that a lookup finds, by value. */
function found(tlb: CoreTlb, pcid: number, vpn: number): number[] | undefined {
  const entry = tlb.lookup(pcid, vpn);
  if (entry === TLB_MISS) return undefined;
  return [tlb.pteOf(entry), tlb.versionOf(entry), tlb.tagOf(entry), tlb.leafOf(entry)];
}

function fill(tlb: CoreTlb, pcid: number, vpn: number, pte = 1): void {
  tlb.insert(pcid, vpn, pte, 0, 0, 0, tlb.epochOf(pcid));
}

describe("a core's TLB", () => {
  it("any order of fills, flushes and lookups: a hit is the last fill that no flush came after", () => {
    const page = fc.constantFrom(0, 1, 2, 16, 17, 2 ** 32, 2 ** 32 + 1, VPN_LIMIT - 1);
    const step = fc.tuple(fc.constantFrom("lookup", "page", "context"), fc.nat(15), page);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const tlb = emptyTlb();
        const model = new Map<string, number[]>();
        let serial = 0;
        for (const [kind, pcid, vpn] of steps) {
          const key = `${pcid}/${vpn}`;
          if (kind === "page") {
            tlb.invalidatePage(pcid, vpn);
            model.delete(key);
          } else if (kind === "context") {
            tlb.flushContext(pcid);
            for (const other of model.keys()) if (other.startsWith(`${pcid}/`)) model.delete(other);
          } else {
            const hit = found(tlb, pcid, vpn);
            expect(tlb.holds(pcid, vpn)).toBe(hit !== undefined);
            if (hit !== undefined) {
              expect(hit).toEqual(model.get(key));
              continue;
            }
            const entry = [++serial, ++serial, ++serial, ++serial];
            const [pte, version, tag, leaf] = entry;
            tlb.insert(pcid, vpn, pte, version, tag, leaf, tlb.epochOf(pcid));
            model.set(key, entry);
            expect(found(tlb, pcid, vpn)).toEqual(entry);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it("a set that is full: pages give way in turn, from the first that came, and none while there is room", () => {
    const pages = [0, 1, 2, 3, 4, 5, 6, 7];
    const step = fc.record({ fills: fc.boolean(), page: fc.constantFrom(...pages) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const tlb = emptyTlb({ l1: { sets: 1, ways: 1 }, l2: { sets: 1, ways: 4 } });
        const l2: number[] = new Array(4).fill(Number.NaN);
        let l1 = Number.NaN;
        let next = 0;
        for (const { fills, page } of steps) {
          const own = l2.indexOf(page);
          if (fills) {
            fill(tlb, 1, page);
            l1 = page;
            const room = l2.findLastIndex(Number.isNaN);
            if (own < 0) l2[room < 0 ? 3 - (next++ % 4) : room] = page;
          } else {
            tlb.invalidatePage(1, page);
            if (l1 === page) l1 = Number.NaN;
            if (own >= 0) l2[own] = Number.NaN;
          }
          const held = pages.filter((vpn) => tlb.holds(1, vpn));
          expect(held).toEqual(pages.filter((vpn) => vpn === l1 || l2.includes(vpn)));
        }
      }),
      { numRuns: 200 },
    );
  });

  it("a page is invalidated: gone from both levels, its neighbours and other contexts stay", () => {
    const tlb = emptyTlb({ l2: { sets: 16, ways: 64 } });
    for (const pcid of [1, 2]) for (const vpn of [4, 5]) fill(tlb, pcid, vpn);
    tlb.invalidatePage(1, 4);
    expect(tlb.lookup(1, 4)).toBe(TLB_MISS);
    expect(tlb.holds(1, 4)).toBe(false);
    expect([tlb.holds(1, 5), tlb.holds(2, 4), tlb.holds(2, 5)]).toEqual([true, true, true]);
  });

  it("a context is flushed: all of it is gone, nothing of another context", () => {
    const tlb = emptyTlb({ l2: { sets: 16, ways: 64 } });
    for (const vpn of [0, 1, 2]) for (const pcid of [1, 2]) fill(tlb, pcid, vpn);
    tlb.flushContext(1);
    expect([0, 1, 2].map((vpn) => tlb.holds(1, vpn))).toEqual([false, false, false]);
    expect([0, 1, 2].map((vpn) => tlb.holds(2, vpn))).toEqual([true, true, true]);
  });

  it("a flush between walk and fill: the fill is not visible", () => {
    const tlb = emptyTlb();
    const epoch = tlb.epochOf(1);
    tlb.flushContext(1);
    tlb.insert(1, 5, 1, 0, 0, 0, epoch);
    expect(tlb.lookup(1, 5)).toBe(TLB_MISS);
    fill(tlb, 1, 5, 2);
    expect(found(tlb, 1, 5)).toEqual([2, 0, 0, 0]);
  });

  it("evicted from the first level: the second still has it, invalidating it drops that too", () => {
    const tlb = emptyTlb({ l1: { sets: 1, ways: 1 } });
    fill(tlb, 1, 3, 33);
    fill(tlb, 1, 4, 44);
    expect(found(tlb, 1, 3)).toEqual([33, 0, 0, 0]);
    expect(found(tlb, 1, 4)).toEqual([44, 0, 0, 0]);
    tlb.invalidatePage(1, 4);
    expect(tlb.lookup(1, 4)).toBe(TLB_MISS);
  });

  it("any stream of fills: never more pages than both levels have entries", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(500), { maxLength: 300 }), (vpns) => {
        const tlb = emptyTlb({ l1: { sets: 2, ways: 2 }, l2: { sets: 4, ways: 2 } });
        for (const vpn of vpns) if (tlb.lookup(1, vpn) === TLB_MISS) fill(tlb, 1, vpn);
        let held = 0;
        for (const vpn of new Set(vpns)) held += tlb.holds(1, vpn) ? 1 : 0;
        expect(held).toBeLessThanOrEqual(4 + 8);
        if (vpns.length > 0) expect(tlb.holds(1, vpns.at(-1)!)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  // Known: one victim counter serves all sets of both levels, so that consecutive pages meet in one
  // way.
  it("as many consecutive pages as the second level has entries: all are held", () => {
    const tlb = emptyTlb({ l1: { sets: 1, ways: 1 }, l2: { sets: 16, ways: 4 } });
    const vpns = Array.from({ length: 64 }, (_, vpn) => vpn);
    for (const vpn of vpns) fill(tlb, 1, vpn);
    expect(vpns.filter((vpn) => tlb.holds(1, vpn))).toEqual(vpns);
  });

  // Known: a fill does not replace the entry that the page has, and lookups take whichever comes
  // first.
  it("pages filled again with other rights: the newest translation is found", () => {
    const step = fc.tuple(fc.boolean(), fc.nat(3));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const tlb = emptyTlb({ l1: { sets: 1, ways: 2 }, l2: { sets: 1, ways: 8 } });
        const newest = new Map<number, number>();
        let pte = 0;
        for (const [fills, vpn] of steps) {
          if (!fills) {
            const hit = found(tlb, 1, vpn);
            if (hit !== undefined) expect(hit[0]).toBe(newest.get(vpn));
            continue;
          }
          fill(tlb, 1, vpn, ++pte);
          newest.set(vpn, pte);
        }
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  it("the TLBs of two cores: what one fills or flushes, the other does not see", () => {
    const [one, other] = tlbsOf(shapeWith({ cores: 2 }));
    fill(one, 1, 3);
    expect(other.holds(1, 3)).toBe(false);
    fill(other, 1, 3);
    one.flushContext(1);
    one.invalidatePage(1, 3);
    expect(other.holds(1, 3)).toBe(true);
    expect(one.holds(1, 3)).toBe(false);
  });
});
