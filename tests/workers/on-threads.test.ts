// What the host's clock is to each actor of a run on threads.

import { describe, expect, it } from "vitest";
import { clockOf } from "../../dist/src/workers/on-threads.js";

const SHAPE = { cores: 3, iommus: 1 };
/** Two cores initiate, one answers; an IOMMU and a device. */
const ACTORS = [0, 1, 2, 3, 4];
const INITIATORS = 2;

/** Who has what, by actor. */
function who(free: boolean, what: "untimed" | "followsClock" | "catchesUp"): number[] {
  return ACTORS.filter((actor) => clockOf(actor, INITIATORS, SHAPE, free)[what]);
}

describe("the host's clock", () => {
  it("steps take modelled time: who only answers makes up for what it was late, others do not", () => {
    expect(who(false, "catchesUp")).toEqual([2, 3]);
    expect([...who(false, "untimed"), ...who(false, "followsClock")]).toEqual([]);
  });

  it("everything is free: initiators follow the clock, who only answers never reads it", () => {
    expect(who(true, "followsClock")).toEqual([0, 1]);
    expect(who(true, "untimed")).toEqual([2, 3]);
    expect(who(true, "catchesUp")).toEqual([]);
  });
});
