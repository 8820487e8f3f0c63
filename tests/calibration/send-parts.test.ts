// How what a send adds is parted into what cannot be seen by itself.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { partSend } from "../../dist/src/calibration/send-parts.js";
import { costsOf } from "../../dist/src/engine/profile/profile.js";
import { BASE } from "./modelled.ts";

const COSTS = costsOf(BASE);
const time = fc.integer({ min: 1, max: 100_000 });
const perhaps = fc.option(time, { nil: undefined });

describe("the parts of a send", () => {
  it("make up the whole, and none is negative, whatever was measured beside", () => {
    fc.assert(
      fc.property(time, perhaps, perhaps, (wholeNs, roundTripNs, handlerNs) => {
        const parts = partSend(wholeNs, { roundTripNs, handlerNs }, COSTS);
        const { sendNs, deliveryNs, entryNs, acknowledgementNs } = parts;
        expect(sendNs + deliveryNs + entryNs + acknowledgementNs).toBeCloseTo(wholeNs, 6);
        for (const ns of Object.values(parts)) expect(ns).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it("leave a handler no time in which it would hold up the next send of a call", () => {
    fc.assert(
      fc.property(time, time, time, (wholeNs, roundTripNs, handlerNs) => {
        const parts = partSend(wholeNs, { roundTripNs, handlerNs }, COSTS);
        const { sendNs, deliveryNs, exitNs, acknowledgementNs } = parts;
        expect(exitNs).toBeLessThanOrEqual(acknowledgementNs + sendNs + deliveryNs + 1e-6);
      }),
    );
  });

  it("are those of a machine whose whole is the same, if nothing was measured beside", () => {
    const { ipiSendNs, deliveryNs, interruptEntryNs, interruptExitNs, cacheLineNs } = COSTS;
    const wholeNs = ipiSendNs + deliveryNs + interruptEntryNs + cacheLineNs;
    const parts = partSend(wholeNs, { roundTripNs: undefined, handlerNs: undefined }, COSTS);
    expect(parts.sendNs).toBeCloseTo(ipiSendNs, 6);
    expect(parts.deliveryNs).toBeCloseTo(deliveryNs, 6);
    expect(parts.entryNs).toBeCloseTo(interruptEntryNs, 6);
    expect(parts.exitNs).toBeCloseTo(interruptExitNs, 6);
    expect(parts.acknowledgementNs).toBeCloseTo(cacheLineNs, 6);
  });
});
