import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { layOut } from "../../dist/src/engine/layout/regions.js";
import { BROADCAST_SLOTS } from "../../dist/src/engine/layout/shape.js";
import {
  BROADCAST_DUE,
  BROADCAST_LOST,
  BROADCAST_PENDING,
  FIRST_BROADCAST,
  Interconnect,
} from "../../dist/src/engine/machine/interconnect.js";
import { shapeWith } from "./shapes.js";

const SERVICE_NS = 300;
const SYNC_NS = 320;
const regions = layOut(shapeWith());

function idleInterconnect(): Interconnect {
  return new Interconnect(new SharedArrayBuffer(regions.bytes), regions);
}

function broadcastAt(interconnect: Interconnect, nowNs: number, vpn = 7, pages = 2): number {
  return interconnect.broadcast(3, vpn, pages, nowNs, SERVICE_NS, SYNC_NS);
}

const blank = () => ({ space: 0, vpn: 0, pages: 0, dueNs: 0 });

describe("the interconnect", () => {
  it("idle: takes a broadcast up at once; it is due on all cores when it is done", () => {
    const interconnect = idleInterconnect();
    const found = blank();
    expect(interconnect.read(FIRST_BROADCAST, 1e9, found)).toBe(BROADCAST_PENDING);
    expect(broadcastAt(interconnect, 1000)).toBe(1000);
    expect(interconnect.read(FIRST_BROADCAST, 1319, found)).toBe(BROADCAST_PENDING);
    expect(interconnect.read(FIRST_BROADCAST, 1320, found)).toBe(BROADCAST_DUE);
    expect(found).toEqual({ space: 3, vpn: 7, pages: 2, dueNs: 1320 });
    expect(interconnect.read(FIRST_BROADCAST + 1, 1e9, found)).toBe(BROADCAST_PENDING);
  });

  it("any arrivals: served one after the other, and due in the order of their numbers", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5000), { minLength: 1, maxLength: 60 }), (gapsNs) => {
        const interconnect = idleInterconnect();
        const found = blank();
        let nowNs = 0;
        let freeAtNs = 0;
        gapsNs.forEach((gapNs, i) => {
          nowNs += gapNs % 500; // Crowded for the most part.
          const startNs = Math.max(nowNs, freeAtNs);
          freeAtNs = startNs + SERVICE_NS;
          expect(broadcastAt(interconnect, nowNs, gapNs, i)).toBe(startNs);
          const dueNs = startNs + SYNC_NS;
          expect(interconnect.read(i + 1, dueNs - 1, found)).toBe(BROADCAST_PENDING);
          expect(interconnect.read(i + 1, dueNs, found)).toBe(BROADCAST_DUE);
          expect(found).toEqual({ space: 3, vpn: gapNs, pages: i, dueNs });
        });
        expect(interconnect.last).toBe(gapsNs.length);
      }),
      { numRuns: 100 },
    );
  });

  it("a core that comes after a whole ring: is told that it has lost some, and where to go on", () => {
    const interconnect = idleInterconnect();
    for (let i = 0; i < BROADCAST_SLOTS; i++) broadcastAt(interconnect, 0, i);
    const found = blank();
    expect(interconnect.read(FIRST_BROADCAST, 1e9, found)).toBe(BROADCAST_DUE);
    broadcastAt(interconnect, 0, 999);
    expect(interconnect.read(FIRST_BROADCAST, 1e9, found)).toBe(BROADCAST_LOST);
    expect(interconnect.read(FIRST_BROADCAST + 1, 1e9, found)).toBe(BROADCAST_DUE);
    expect(found.vpn).toBe(1);
    expect(interconnect.read(interconnect.last, 1e9, found)).toBe(BROADCAST_DUE);
    expect(found.vpn).toBe(999);
    expect(interconnect.read(interconnect.last + 1, 1e9, found)).toBe(BROADCAST_PENDING);
  });
});
