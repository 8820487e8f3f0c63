import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VPN_LIMIT } from "../../dist/src/engine/layout/address.js";
import { layOut } from "../../dist/src/engine/layout/regions.js";
import { Rings } from "../../dist/src/engine/machine/rings.js";
import { shapeWith } from "./shapes.js";

const SLOTS = 8;

function fresh(rings = 2): Rings {
  const regions = layOut(shapeWith({ rings, ringSlots: SLOTS }));
  return new Rings(new SharedArrayBuffer(regions.bytes), regions, SLOTS);
}

describe("descriptor rings", () => {
  it("a machine without rings: no memory for them", () => {
    const { rings } = layOut(shapeWith({ rings: 3, ringSlots: 0 }));
    expect(rings.count * rings.stride).toBe(0);
  });

  it("a descriptor that was not posted or completed: never due", () => {
    const rings = fresh();
    expect(rings.postedNs(0, 0)).toBe(Number.POSITIVE_INFINITY);
    rings.post(0, 5, 100);
    expect(rings.postedNs(0, 0)).toBe(100);
    expect(rings.completedNs(0, 0)).toBe(Number.POSITIVE_INFINITY);
    expect(rings.postedNs(1, 0)).toBe(Number.POSITIVE_INFINITY);
  });

  it("any sequence of posts and completions: each descriptor is read as it was written", () => {
    const step = fc.record({ posts: fc.boolean(), vpn: fc.nat(VPN_LIMIT - 1), ns: fc.nat() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const rings = fresh();
        const posted: { vpn: number; ns: number }[] = [];
        let completed = 0;
        for (const { posts, vpn, ns } of steps) {
          if (posts && posted.length - completed < SLOTS) {
            posted.push({ vpn, ns });
            rings.post(1, vpn, ns);
          } else if (!posts && completed < posted.length) {
            expect(rings.vpnOf(1, completed)).toBe(posted[completed].vpn);
            expect(rings.postedNs(1, completed)).toBe(posted[completed].ns);
            rings.complete(1, ns);
            expect(rings.completedNs(1, completed)).toBe(ns);
            completed++;
          }
          expect([rings.posted(1), rings.completed(1)]).toEqual([posted.length, completed]);
          expect(rings.completedNs(1, completed)).toBe(Number.POSITIVE_INFINITY);
        }
      }),
      { numRuns: 200 },
    );
  });
});
