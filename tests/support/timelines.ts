// Timelines of runs in virtual time, in this thread.

import { capped } from "../../dist/src/results/timeline/cap.js";
import type { Timeline } from "../../dist/src/results/timeline/form.js";
import { runTimeline } from "../../dist/src/results/timeline/run.js";
import { traceFileOf } from "../../dist/src/results/timeline/trace-events.js";
import { type Point, type PointResult, shapeOf } from "../../dist/src/workers/point.js";
import { pointOf, run, workloadOf } from "./points.ts";
import { imported } from "./trace-importer.ts";
import { traceSchema } from "./trace-schema.ts";
import { roundedNs } from "./viewer-times.ts";

const ROOM = 100_000;

export interface Recorded {
  readonly timeline: Timeline;
  readonly result: PointResult;
}

/** Runs a point and takes the timeline of its operations `first` to `last`. */
export function record(
  part: Partial<Point> & { readonly work?: Parameters<typeof workloadOf>[0] },
  first = 1,
  last = 3,
  maxSlices = ROOM,
): Recorded {
  const { work, ...rest } = part;
  const point = pointOf({
    executor: "virtual",
    workload: workloadOf({ operations: last, pages: 1, ...work }),
    timeline: { fromOperation: first, fromNs: 0, toNs: Number.POSITIVE_INFINITY, maxSlices },
    ...rest,
  });
  const result = run(point);
  return {
    result,
    timeline: runTimeline("virtual", result.timelines, shapeOf(point), { first, last }),
  };
}

/** The JSON that is written of a timeline. */
export function jsonOf(timeline: Timeline, maxEvents = Number.POSITIVE_INFINITY): string {
  return JSON.stringify(traceFileOf(capped(timeline, maxEvents).timeline, { of: "a test" }));
}

/** Operations whose critical path is no chain of slices from their beginning to their end. */
export function incomplete(timeline: Timeline): number[] {
  const paths = timeline.tracks.filter(({ group }) => group === "critical path");
  return timeline.operations.flatMap(({ number = 0, startNs, latencyNs }) => {
    const isWhole = paths.some(({ slices }) => {
      let reachedNs = startNs;
      for (const piece of slices) if (piece.startNs === reachedNs) reachedNs = piece.endNs;
      return reachedNs >= startNs + latencyNs;
    });
    return isWhole ? [] : [number];
  });
}

/** Arrows from slice to slice, as the timeline has them. */
export function meant({ arrows }: Timeline): string[] {
  return arrows.flatMap(({ slices }) => {
    return slices.slice(1).map((to, i) => linkOf(slices[i].name, slices[i].startNs, to));
  });
}

/** The same as Perfetto would have them. */
export function bound(text: string): string[] {
  return imported(traceSchema.parse(JSON.parse(text))).flows.map(({ from, to }) => {
    return linkOf(from.name, roundedNs(from.ts), { name: to.name, startNs: roundedNs(to.ts) });
  });
}

function linkOf(from: string, fromNs: number, to: { name: string; startNs: number }): string {
  return `${from} at ${fromNs} to ${to.name} at ${to.startNs}`;
}
