import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  compressTimes,
  firstOperations,
  operationsUntil,
  traceName,
  withoutGaps,
  withRest,
} from "../../dist/src/cli/trace-times.js";
import { readWorkload } from "../../dist/src/workloads/traces/index.js";

/** Times in any order of places, and the places in order of time. */
const recording = fc.array(fc.integer({ min: 0, max: 1_000_000 })).map((times) => {
  const byTime = times.map((_, place) => place).sort((a, b) => times[a] - times[b] || a - b);
  return { atNs: Float64Array.from(times), byTime: Int32Array.from(byTime) };
});
const maxGap = fc.integer({ min: 1, max: 100_000 });

function gapsOf(times: Float64Array, byTime: Int32Array): number[] {
  return Array.from(byTime.subarray(1), (place, i) => times[place] - times[byTime[i]]);
}

describe("compressTimes", () => {
  it("keeps short gaps as they are, and cuts longer ones to the longest allowed", () => {
    fc.assert(
      fc.property(recording, maxGap, ({ atNs, byTime }, maxGapNs) => {
        const cut = gapsOf(compressTimes(atNs, byTime, maxGapNs), byTime);
        const recorded = gapsOf(atNs, byTime);
        expect(cut).toEqual(recorded.map((gap) => Math.min(gap, maxGapNs)));
      }),
    );
  });

  it("keeps gaps behind what was recorded at a time, or later", () => {
    fc.assert(
      fc.property(recording, maxGap, fc.nat(1_000_000), ({ atNs, byTime }, maxGapNs, untilNs) => {
        const cut = gapsOf(compressTimes(atNs, byTime, maxGapNs, untilNs), byTime);
        const expected = gapsOf(atNs, byTime).map((gap, i) => {
          return atNs[byTime[i]] >= untilNs ? gap : Math.min(gap, maxGapNs);
        });
        expect(cut).toEqual(expected);
      }),
    );
  });

  it("begins at 0, and without a limit keeps all distances", () => {
    fc.assert(
      fc.property(recording, ({ atNs, byTime }) => {
        const times = compressTimes(atNs, byTime, Number.POSITIVE_INFINITY);
        const first = Math.min(...atNs);
        expect([...times]).toEqual([...atNs].map((time) => time - first));
      }),
    );
  });
});

describe("firstOperations", () => {
  it("takes the first operations of the whole trace, CPU by CPU in their order", async () => {
    const { operations } = await readWorkload("bench/traces/munmap-loop.perf.txt.gz");
    const { data } = operations;
    const count = 500;
    const part = firstOperations(data, count);
    expect([...part.atNs].sort((a, b) => a - b)).toEqual(
      Array.from(data.byTime.subarray(0, count), (place) => data.atNs[place]),
    );
    expect(part.firsts.at(-1)).toBe(count);
    for (let cpu = 0; cpu < data.cpus.length; cpu++) {
      const taken = part.vpns.subarray(part.firsts[cpu], part.firsts[cpu + 1]);
      const all = data.vpns.subarray(data.firsts[cpu], data.firsts[cpu + 1]);
      expect([...taken]).toEqual([...all.subarray(0, taken.length)]);
    }
    const times = Array.from(part.byTime, (place) => part.atNs[place]);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it("takes all where there are no more", async () => {
    const { operations } = await readWorkload("bench/traces/munmap-loop.perf.txt.gz");
    expect(firstOperations(operations.data, 1e9)).toBe(operations.data);
  });
});

it("a part of a trace: behind a rest, as far as idle time was cut, and as recorded from there on", async () => {
  const { operations } = await readWorkload("bench/traces/munmap-loop.perf.txt.gz");
  const { data } = operations;
  const fromNs = data.atNs[data.byTime[1000]];
  const part = operationsUntil(data, data.atNs[data.byTime[1200]]);
  expect(part.byTime.length).toBeGreaterThan(1200);
  const short = withoutGaps(part, 10_000, fromNs);
  for (const restNs of [0, 5000, 1e12]) {
    const rested = withRest(short, fromNs, restNs);
    part.atNs.forEach((ns, place) => {
      expect(rested.atNs[place] + rested.skippedNs[place]).toBe(ns);
      const isLater = ns >= fromNs;
      const laterNs = isLater ? Math.min(restNs, short.skippedNs[place]) : 0;
      expect(rested.atNs[place]).toBe(short.atNs[place] + laterNs);
    });
    const cut = new Set(
      part.byTime
        .filter((place) => part.atNs[place] >= fromNs)
        .map((place) => rested.skippedNs[place]),
    );
    expect(cut.size).toBe(1);
  }
});

it("a trace is called what its file is called, without any extension", () => {
  expect(traceName("bench/traces/redis.perf.txt.gz")).toBe("redis");
  expect(traceName("plain")).toBe("plain");
  expect(traceName("traces/.hidden.txt")).toBe(".hidden");
  expect(traceName("-")).toBe("stdin");
});
