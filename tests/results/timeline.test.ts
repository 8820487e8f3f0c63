import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parsePolicy } from "../../dist/src/engine/policy/parse.js";
import { PRESETS, STRICT } from "../../dist/src/engine/policy/presets.js";
import { PROFILES } from "../../dist/src/engine/profile/profiles.js";
import { capped } from "../../dist/src/results/timeline/cap.js";
import { type Slice, sliceOf, type Timeline } from "../../dist/src/results/timeline/form.js";
import { kernelTimeline } from "../../dist/src/results/timeline/kernel.js";
import { tracksOf } from "../../dist/src/results/timeline/lanes.js";
import { SliceLine } from "../../dist/src/results/timeline/slice-line.js";
import { usOf } from "../../dist/src/results/timeline/trace-events.js";
import { analyzeTrace, type FinishedShootdown } from "../../dist/src/workloads/traces/index.js";
import {
  FORK_COW,
  IDLE_HEAVY,
  MPROTECT_WIDEN,
  NIC_RX,
  RECLAIM,
  SERVER,
  TLB_BENCH,
} from "../../dist/src/workloads/workload.js";
import { pointOf, run, workloadOf } from "../support/points.ts";
import { bound, incomplete, jsonOf, meant, record } from "../support/timelines.ts";
import { complaintsAbout, slicesByTrack, traceSchema } from "../support/trace-schema.ts";
import { roundedNs, truncatedNs } from "../support/viewer-times.ts";

/** Slices of a track as [name, start, end], counted from `zeroNs`. */
function shown({ tracks }: Timeline, name: string, zeroNs: number): [string, number, number][] {
  const { slices } = tracks.find((track) => track.name === name)!;
  return slices.map(({ name, startNs, endNs }) => [name, startNs - zeroNs, endNs - zeroNs]);
}

function ofArrows({ arrows }: Timeline): string[] {
  return arrows.map(({ name, slices }) => `${name}: ${slices.map((s) => s.name).join(" → ")}`);
}

function pathNs({ tracks }: Timeline): number {
  return tracks
    .filter(({ group }) => group === "critical path")
    .flatMap(({ slices }) => slices)
    .reduce((sum, { startNs, endNs }) => sum + endNs - startNs, 0);
}

describe("one page unmapped by strict: two cores, an IOMMU and a device, in virtual time", () => {
  const { timeline } = record({ iommus: 1, devices: 1 }, 2, 2);
  const [{ startNs, latencyNs }] = timeline.operations;

  it("the initiator: step after step, inside of the operation", () => {
    expect(latencyNs).toBe(1629);
    expect(shown(timeline, "core 0", startNs)).toEqual([
      ["operation 2", 0, 1629],
      ["pte", 0, 20],
      ["local", 20, 110],
      ["send", 110, 170],
      ["wait", 170, 729],
      ["submit", 729, 829],
      ["wait", 829, 1619],
      ["free", 1619, 1629],
    ]);
  });

  it("the critical path: what core and IOMMU did stands in place of the waiting", () => {
    expect(shown(timeline, "path of core 0", startNs)).toEqual([
      ["pte", 0, 20],
      ["local", 20, 110],
      ["send", 110, 170],
      ["delivery", 170, 470],
      ["handler", 470, 685],
      ["ack-return", 685, 729],
      ["submit", 729, 829],
      ["flush", 829, 1279],
      ["drain", 1279, 1369],
      ["status", 1369, 1619],
      ["free", 1619, 1629],
    ]);
    const { slices } = timeline.tracks.find(({ group }) => group === "critical path")!;
    const by = slices.map(({ args }) => args.by ?? "").join(",");
    expect(by).toBe(",,,core 1,core 1,core 1,,iommu 0,iommu 0,iommu 0,");
  });

  it("who answered: the handler inside of its interrupt, the flush, both answers on their way", () => {
    const handled = shown(timeline, "core 1", startNs).filter(([name]) => /^[ih]/.test(name));
    expect(handled).toEqual([
      ["interrupt", 470, 810],
      ["handler", 470, 685],
    ]);
    expect(shown(timeline, "iommu 0", startNs)).toEqual([
      ["flush", 829, 1279],
      ["drain", 1279, 1369],
    ]);
    expect(shown(timeline, "core 0 answers", startNs)).toEqual([
      ["ack-return", 685, 729],
      ["status", 1369, 1619],
    ]);
  });

  it("arrows: from the IPI over the handler, from the descriptor over its flush, to the answers", () => {
    expect(ofArrows(timeline)).toEqual([
      "ipi: send → handler → ack-return",
      "invalidation: submit → flush → status",
    ]);
  });

  it("what the path goes through is marked, and nothing else", () => {
    const off = timeline.tracks
      .flatMap(({ slices }) => slices)
      .filter(({ isCritical }) => !isCritical)
      .map(({ name }) => name);
    expect(new Set(off)).toEqual(
      new Set(["operation 2", "wait", "run", "walk", "interrupt", "dma"]),
    );
  });

  it("the device: its DMAs at that time, the last of which the IOMMU has to wait for", () => {
    const { group, slices } = timeline.tracks.find(({ name }) => name === "device 0")!;
    expect(group).toBe("devices");
    const dmas = slices.filter(({ name }) => name === "dma");
    for (const { args } of dmas) expect(args.page).toMatch(/^0x[0-9a-f]+$/);
    expect(dmas.map(({ endNs }) => endNs - startNs)).toContain(1369);
  });

  it("the file: a viewer has nothing to complain about", () => {
    expect(complaintsAbout(jsonOf(timeline))).toEqual([]);
  });
});

describe("what overlaps", () => {
  it("overlapped: the IOMMU's flush is under way while the cores are told", () => {
    const policy = parsePolicy("overlapped");
    const { timeline } = record({ policy, cores: 3, iommus: 2 }, 1, 1);
    expect(ofArrows(timeline).sort()).toEqual([
      "invalidation: submit → flush → status",
      "invalidation: submit → flush → status",
      "ipi: send → handler → ack-return",
      "ipi: send → handler → ack-return",
    ]);
    const names = timeline.tracks.map(({ name }) => name);
    expect(names).toContain("core 0 answers (2)"); // Two statuses on their way at once.
    expect(complaintsAbout(jsonOf(timeline))).toEqual([]);
  });

  it("several initiators: submissions queue, and the wait for the lock is a step", () => {
    const setup = { cores: 4, iommus: 1, work: { kind: SERVER, initiators: 4 } };
    const { timeline } = record(setup, 1, 5);
    expect(timeline.operations).toHaveLength(20);
    const names = new Set(timeline.tracks.flatMap(({ slices }) => slices.map(({ name }) => name)));
    expect([...names]).toEqual(expect.arrayContaining(["lock", "queued", "serving"]));
    expect(complaintsAbout(jsonOf(timeline))).toEqual([]);
  });

  it("nobody answers: arrows end at the handlers, which may come after the operation", () => {
    const { timeline } = record({ policy: parsePolicy("akaros"), cores: 3 }, 1, 1);
    expect(ofArrows(timeline)).toEqual(["ipi: send → handler", "ipi: send → handler"]);
    const [{ startNs, latencyNs }] = timeline.operations;
    for (const { slices } of timeline.arrows) {
      expect(slices[1].startNs).toBeGreaterThan(startNs + latencyNs);
    }
  });
});

describe("the critical path", () => {
  const ipis = PROFILES.find(({ name }) => name === "akaros-2020")!;
  const broadcasts = PROFILES.find(({ name }) => name === "zen3-2s")!;

  it.each(PRESETS.map((policy) => [policy.name, policy] as const))(
    "%s: its pieces follow each other from the beginning of the operation to its end",
    (_, policy) => {
      const profile = policy.whom.broadcastFrom > 0 ? broadcasts : ipis;
      const setup = { policy, profile, cores: 5, iommus: 2, devices: 1, work: { pages: 4 } };
      const { timeline, result } = record(setup, 1, 20);
      const { slices } = timeline.tracks.find(({ group }) => group === "critical path")!;
      for (const { startNs, latencyNs } of timeline.operations) {
        const pieces = slices.filter((piece) => {
          return piece.startNs >= startNs && piece.endNs <= startNs + latencyNs;
        });
        const ends = pieces.map(({ endNs }) => endNs);
        expect(pieces.map((piece) => piece.startNs)).toEqual([startNs, ...ends.slice(0, -1)]);
        expect(ends.at(-1)).toBe(startNs + latencyNs);
      }
      expect(timeline.operations).toHaveLength(20);
      expect(pathNs(timeline)).toBe(result.latency.sum);
      expect(complaintsAbout(jsonOf(timeline))).toEqual([]);
    },
  );

  it("cores with interrupts off: what held the answer up is marked on their track", () => {
    const masked = { maskedEveryNs: 2000, maskedNs: 1500 };
    const { timeline } = record({ work: masked }, 1, 40);
    const { slices } = timeline.tracks.find(({ name }) => name === "core 1")!;
    const marked = slices.filter(({ name, isCritical }) => name === "masked" && isCritical);
    expect(marked.length).toBeGreaterThan(0);
  });
});

describe("every kind of run", () => {
  const kinds = [MPROTECT_WIDEN, FORK_COW, RECLAIM, IDLE_HEAVY];

  it.each(kinds)("workload %i: a trace that a viewer takes", (kind) => {
    const setup = { cores: 3, iommus: 1, devices: 1, work: { kind, pages: 4 } };
    const { timeline, result } = record(setup, 1, 5);
    expect(pathNs(timeline)).toBe(result.latency.sum);
    expect(complaintsAbout(jsonOf(timeline))).toEqual([]);
  });

  it("devices with rings, with TLBs of their own: the same", () => {
    const work = { kind: NIC_RX, pages: 64, windows: 20, dmaPeriodNs: 328, ats: true };
    const { timeline } = record({ cores: 2, iommus: 1, devices: 1, work }, 1, 2);
    expect(complaintsAbout(jsonOf(timeline))).toEqual([]);
    const flushes = timeline.tracks
      .flatMap(({ slices }) => slices)
      .filter(({ name, args }) => name === "flush" && args.of !== undefined);
    expect(new Set(flushes.map(({ args }) => args.of))).toEqual(new Set(["IOTLB", "device TLB"]));
  });

  it("by register, without a queue: arrows over the one command", () => {
    const work = { kind: TLB_BENCH, mode: 3 };
    const { timeline } = record({ policy: parsePolicy("akaros"), iommus: 1, work }, 1, 2);
    expect(ofArrows(timeline)).toContain("invalidation: submit → flush → status");
    expect(complaintsAbout(jsonOf(timeline))).toEqual([]);
  });

  it("deferred: the flush is in the background, and what it sends comes from there", () => {
    const policy = parsePolicy("deferred(8,10us)");
    const { timeline } = record({ policy, cores: 3, iommus: 1, devices: 1 }, 1, 60);
    expect(ofArrows(timeline)).toContain("ipi: background → handler → ack-return");
    expect(complaintsAbout(jsonOf(timeline))).toEqual([]);
  });

  it("any: recording changes nothing of the run", () => {
    const setup = { cores: 3, iommus: 1, devices: 1, checks: true };
    const workload = workloadOf({ operations: 30, pages: 2 });
    const point = pointOf({ executor: "virtual", ...setup, workload });
    const plain = run(point);
    const recorded = run({
      ...point,
      timeline: { fromOperation: 1, fromNs: 0, toNs: Number.POSITIVE_INFINITY, maxSlices: 1000 },
    });
    const { timelines, ...rest } = recorded;
    expect(rest).toEqual(expect.objectContaining({ elapsedNs: plain.elapsedNs }));
    expect(recorded.latency.toData()).toEqual(plain.latency.toData());
    expect(recorded.cores).toEqual(plain.cores);
    expect(plain.timelines.every((data) => data === undefined)).toBe(true);
    expect(timelines.every((data) => data !== undefined)).toBe(true);
  });
});

describe("user work", () => {
  it("looks at its pages all the while: one slice until something else happens", () => {
    const accessGapNs = 10;
    const { timeline } = record({ cores: 2, work: { accessGapNs } }, 1, 5);
    const { slices } = timeline.tracks.find((track) => track.name === "core 1")!;
    const runs = slices.filter(({ name }) => name === "run");
    const longest = Math.max(...runs.map(({ startNs, endNs }) => endNs - startNs));
    expect(longest).toBeGreaterThan(2 * accessGapNs);
    runs.slice(1).forEach((run, i) => {
      expect(run.startNs).toBeGreaterThan(runs[i].endNs);
    });
  });
});

describe("a part of a run", () => {
  it("operations 5 to 7: the same to the nanosecond as in a timeline of more", () => {
    const setup = { cores: 3, iommus: 1, devices: 1 };
    const all = record({ ...setup, work: { operations: 9 } }, 1, 9).timeline;
    const part = record({ ...setup, work: { operations: 9 } }, 5, 7).timeline;
    expect(part.operations).toEqual(all.operations.slice(4, 7));
    const inPart = ({ startNs, endNs }: Slice) =>
      startNs >= part.operations[0].startNs &&
      endNs <= part.operations[2].startNs + part.operations[2].latencyNs;
    const path = (timeline: Timeline) => timeline.tracks[0].slices.filter(inPart);
    expect(path(part)).toEqual(path(all));
  });

  it("an actor that has no room left: the timeline ends before what is missing", () => {
    const { timeline } = record({ cores: 3, iommus: 1, devices: 1 }, 1, 50, 40);
    expect(timeline.leftOut).toBeGreaterThan(0);
    expect(timeline.operations.length).toBeGreaterThan(0);
    expect(complaintsAbout(jsonOf(timeline))).toEqual([]);
    const { leftOut, untilNs, timeline: shown } = capped(timeline, 1_000_000);
    expect([leftOut, untilNs]).toEqual([timeline.leftOut, timeline.leftOutFromNs]);
    for (const { startNs, latencyNs } of shown.operations) {
      expect(startNs + latencyNs).toBeLessThanOrEqual(untilNs);
    }
    expect(incomplete(shown)).toEqual([]);
  });

  it("with a cap: as many events as it says, all arrows whole, and what is left out is counted", () => {
    const { timeline } = record({ cores: 4, iommus: 1, devices: 1 }, 1, 20);
    const all = capped(timeline, Number.POSITIVE_INFINITY);
    expect([all.leftOut, all.untilNs]).toEqual([0, Number.POSITIVE_INFINITY]);
    expect(all.timeline.operations).toEqual(timeline.operations);
    for (const maxEvents of [1, 2, 10, 57, 200, all.events - 1]) {
      const part = capped(timeline, maxEvents);
      expect(part.events).toBeLessThanOrEqual(maxEvents);
      expect(part.events + part.leftOut).toBe(all.events);
      expect(incomplete(part.timeline)).toEqual([]);
      const text = jsonOf(timeline, maxEvents);
      expect(complaintsAbout(text)).toEqual([]);
      const { traceEvents } = traceSchema.parse(JSON.parse(text));
      expect(traceEvents.filter(({ ph }) => ph !== "M")).toHaveLength(part.events);
    }
  });
});

const TRACES = [
  ["munmap-loop", 200],
  ["node-gc", 72],
  ["redis", 907],
] as const;

describe.each(TRACES)("the kernel's trace %s", (name, count) => {
  const shootdowns: FinishedShootdown[] = [];
  const read = analyzeTrace(`bench/traces/${name}.perf.txt.gz`, {
    onShootdown: (shootdown) => {
      shootdowns.push(shootdown);
    },
  });

  it("all of its shootdowns: in the same form, with a path that is as long as the latency", async () => {
    await read;
    const timeline = kernelTimeline(shootdowns, { first: 1, last: count });
    expect(timeline.operations).toHaveLength(count);
    const text = jsonOf(timeline);
    expect(complaintsAbout(text)).toEqual([]);
    expect(bound(text).sort()).toEqual(meant(timeline).sort());
    const known = shootdowns.filter(({ latencyNs }) => latencyNs !== undefined);
    expect(pathNs(timeline)).toBe(known.reduce((sum, { latencyNs }) => sum + latencyNs!, 0));
    expect(incomplete(timeline)).toHaveLength(count - known.length);
    const told = shootdowns.flatMap((shootdown) => shootdown.told);
    expect(timeline.arrows).toHaveLength(told.filter(({ exitNs }) => exitNs !== undefined).length);
  });

  it("one of them: alone", async () => {
    await read;
    const { operations, tracks } = kernelTimeline(shootdowns, { first: 7, last: 7 });
    expect(operations.map(({ number }) => number)).toEqual([7]);
    expect(tracks.flatMap(({ slices }) => slices).length).toBeLessThan(16);
  });
});

describe("a kernel's shootdown", () => {
  it("munmap: a step after the other, the handler on the other CPU, an arrow there and back", async () => {
    const shootdowns: FinishedShootdown[] = [];
    await analyzeTrace("bench/traces/munmap-loop.perf.txt.gz", {
      onShootdown: (shootdown) => {
        shootdowns.push(shootdown);
      },
    });
    const timeline = kernelTimeline(shootdowns, { first: 10, last: 10 });
    const [{ startNs }] = timeline.operations;
    expect(shown(timeline, "CPU 0", startNs)).toEqual([
      ["munmap", 0, 26790],
      ["prepare", 0, 5458],
      ["send", 5458, 14472],
      ["local", 14472, 17506],
      ["wait", 17506, 22744],
      ["return", 22744, 26790],
    ]);
    expect(shown(timeline, "path of CPU 0", startNs)).toEqual([
      ["prepare", 0, 5458],
      ["send", 5458, 7251],
      ["delivery", 7251, 19049],
      ["handler", 19049, 22744],
      ["return", 22744, 26790],
    ]);
    expect(shown(timeline, "CPU 1 interrupts", startNs)).toEqual([["handler", 19049, 22744]]);
    expect(ofArrows(timeline)).toEqual(["ipi: send → handler → return"]);
  });
});

describe("any slices", () => {
  const interval = fc
    .tuple(fc.nat(200), fc.nat(30))
    .map(([startNs, ns]) => sliceOf("x", startNs, startNs + ns));

  it("on lanes: none overlap on one, none is lost, and no lane is more than is needed", () => {
    fc.assert(
      fc.property(fc.array(interval), (slices) => {
        const lanes = tracksOf(
          "cores",
          "core",
          slices.map((slice) => [slice]),
        );
        for (const { slices: lane } of lanes) {
          lane.forEach((slice, i) => {
            if (i > 0) expect(slice.startNs).toBeGreaterThanOrEqual(lane[i - 1].endNs);
          });
        }
        expect(new Set(lanes.flatMap((lane) => lane.slices))).toEqual(new Set(slices));
        const depth = (ns: number) =>
          slices.filter(({ startNs, endNs }) => startNs <= ns && (ns < endNs || startNs === ns));
        const most = Math.max(0, ...slices.map(({ startNs }) => depth(startNs).length));
        expect(lanes.length).toBeLessThanOrEqual(most);
      }),
    );
  });

  it("on a line: those that a stretch has time in common with", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20)), fc.nat(200), fc.nat(200), (lengths, a, b) => {
        let nowNs = 0;
        const slices = lengths.map((ns) => {
          const slice = sliceOf("x", nowNs, nowNs + ns + 1);
          nowNs += ns + 1;
          return slice;
        });
        const [fromNs, toNs] = a < b ? [a, b] : [b, a + 1];
        const naive = slices.filter(({ startNs, endNs }) => startNs < toNs && endNs > fromNs);
        const found = new SliceLine(slices).overlapping(fromNs, toNs);
        expect(new Set(found)).toEqual(new Set(naive));
      }),
    );
  });

  it("a moment on a line: the innermost slice, and of two that meet there the one that ends", () => {
    const [whole, inner, next] = [sliceOf("a", 0, 100), sliceOf("b", 20, 40), sliceOf("c", 40, 60)];
    const line = new SliceLine([next, whole, inner]);
    const names = [0, 10, 20, 30, 40, 50, 60, 70, 100].map((ns) => line.around(ns)?.name);
    expect(names.join("")).toBe("aaabbccaa");
    expect(line.around(101)).toBeUndefined();
  });

  it("times in µs: whole ns for viewers that cut off and for those that round", () => {
    fc.assert(
      fc.property(fc.nat(2 ** 31), fc.nat(1000), (high, low) => {
        const ns = high * 1000 + low;
        expect(truncatedNs(usOf(ns))).toBe(ns);
        expect(roundedNs(usOf(ns))).toBe(ns);
        expect(JSON.parse(JSON.stringify(usOf(ns)))).toBe(usOf(ns));
      }),
    );
  });
});

it("tracks of a trace: named, in groups that stand in order", () => {
  const { timeline } = record({ policy: STRICT, cores: 2, iommus: 1, devices: 1 }, 1, 1);
  const trace = traceSchema.parse(JSON.parse(jsonOf(timeline)));
  expect([...slicesByTrack(trace).keys()]).toEqual([
    "path of core 0",
    "core 0",
    "core 0 answers",
    "core 1",
    "iommu 0",
    "device 0",
  ]);
  const groups = trace.traceEvents.flatMap((event) => {
    return event.ph === "M" && event.name === "process_name" ? [event.args] : [];
  });
  expect(groups).toEqual(["critical path", "cores", "IOMMUs", "devices"].map((name) => ({ name })));
});
