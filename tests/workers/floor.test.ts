import { describe, expect, it } from "vitest";
import { floorOf } from "../../dist/src/workers/floor.js";
import ping, { PING_WORDS } from "../../dist/src/workers/ping.js";

describe("the host's floor", () => {
  it("a thread whose other end never runs: has no sample rather than its time slices", () => {
    const words = new Int32Array(new SharedArrayBuffer(PING_WORDS * 4));
    expect(ping({ leader: true, words, bursts: 400 })).toEqual([]);
  });

  it("is the median of what comes after the warm-up; without that, there is none", () => {
    const warmUp = Array.from({ length: 100 }, () => 9e6);
    expect(floorOf([])).toBeUndefined();
    expect(floorOf(warmUp)).toBeUndefined();
    expect(floorOf([...warmUp, 160.4, 150, 170])).toBe(160);
  });
});
