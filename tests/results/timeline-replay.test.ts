import { describe, expect, it } from "vitest";
import { operationsUntil, withoutGaps } from "../../dist/src/cli/trace-times.js";
import { beside, type Timeline } from "../../dist/src/results/timeline/form.js";
import { kernelTimeline } from "../../dist/src/results/timeline/kernel.js";
import { replayTimeline } from "../../dist/src/results/timeline/replay.js";
import { shapeOf } from "../../dist/src/workers/point.js";
import { readWorkload } from "../../dist/src/workloads/traces/index.js";
import { run } from "../support/points.ts";
import { replayPoint } from "../support/replays.ts";
import { incomplete, jsonOf } from "../support/timelines.ts";
import { complaintsAbout } from "../support/trace-schema.ts";

describe("a replay of a trace", () => {
  it("of a time: what was recorded then, on its clock, under the names that it has there", async () => {
    const read = await readWorkload("bench/traces/redis.perf.txt.gz");
    const { originNs, shootdowns = [], operations } = read;
    const [{ startNs: fromNs }, { startNs: toNs }] = [shootdowns[20], shootdowns[60]];
    const recorded = operationsUntil(operations.data, toNs - originNs);
    const trace = withoutGaps(recorded, 100_000);
    const point = replayPoint(trace, { iommus: 1 });
    const place = trace.byTime.find((at) => originNs + recorded.atNs[at] >= fromNs)!;
    const behindNs = originNs + trace.skippedNs[place];
    const timeline = {
      ...{ fromOperation: 0, fromNs: fromNs - behindNs, toNs: Number.POSITIVE_INFINITY },
      maxSlices: 100_000,
    };
    const { timelines } = run({ ...point, timeline });
    const replayed = { source: "virtual", trace: recorded, originNs, behindNs, shootdowns };
    const shown = replayTimeline(timelines, shapeOf(point), replayed, { fromNs, toNs });
    expect(complaintsAbout(jsonOf(shown))).toEqual([]);
    expect(incomplete(shown)).toEqual([]);
    const numbers = shown.operations.flatMap(({ number }) => number ?? []);
    expect(numbers.length).toBeGreaterThan(30);
    for (const number of numbers) expect(number).toBeGreaterThan(20);
    const kernels = kernelTimeline(shootdowns, { fromNs, toNs });
    const both = beside([
      ["kernel", kernels],
      ["replay", shown],
    ]);
    expect(complaintsAbout(jsonOf(both))).toEqual([]);
    const causes = ({ tracks }: Timeline) => {
      const slices = tracks.flatMap((track) => track.slices);
      return new Map(slices.map(({ name, args }) => [args.shootdown, name]));
    };
    const [ours, named] = [causes(shown), causes(kernels)];
    for (const number of numbers) expect(ours.get(number)).toBe(named.get(number));
  });
});
