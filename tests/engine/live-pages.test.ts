import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VPN_LIMIT } from "../../dist/src/engine/layout/address.js";
import { layOut } from "../../dist/src/engine/layout/regions.js";
import { LIVE_PAGES, LivePages, NO_PAGE } from "../../dist/src/engine/machine/live-pages.js";
import { shapeWith } from "./shapes.js";

function fresh(): LivePages {
  const regions = layOut(shapeWith({ cores: 2 }));
  return new LivePages(new SharedArrayBuffer(regions.bytes), regions);
}

function pickable(livePages: LivePages, core: number): number[] {
  return Array.from({ length: LIVE_PAGES }, (_, choice) => livePages.pick(core, choice));
}

describe("live pages", () => {
  it("a core that has mapped nothing: no page, though another core has some", () => {
    const livePages = fresh();
    livePages.note(0, 77);
    expect(livePages.pick(1, 0)).toBe(NO_PAGE);
    expect(livePages.pick(0, 123)).toBe(77);
  });

  it("any sequence of mapped pages: the choices are exactly the last 64", () => {
    const vpns = fc.array(fc.integer({ min: 0, max: VPN_LIMIT - 1 }), {
      minLength: 1,
      maxLength: 200,
    });
    fc.assert(
      fc.property(vpns, (mapped) => {
        const livePages = fresh();
        for (const vpn of mapped) livePages.note(1, vpn);
        expect(new Set(pickable(livePages, 1))).toEqual(new Set(mapped.slice(-LIVE_PAGES)));
      }),
      { numRuns: 200 },
    );
  });

  it("a choice of 32 bits, as the generator gives them: one of the pages", () => {
    const livePages = fresh();
    for (let vpn = 500; vpn < 510; vpn++) livePages.note(0, vpn);
    for (const choice of [2 ** 31, 2 ** 32 - 1, 2 ** 32 - 7]) {
      expect(livePages.pick(0, choice)).toBe(500 + (choice % 10));
    }
  });
});
