// What a replay says of a trace's shootdowns, beside what these took.

import { describe, expect, it } from "vitest";
import type { FittedProfile } from "../../dist/src/calibration/fitted-profile.js";
import { tracePredictions } from "../../dist/src/calibration/trace-predictions.js";
import { Histogram } from "../../dist/src/engine/probe/histogram.js";
import { DELIVERY, SEGMENTS } from "../../dist/src/engine/probe/segments.js";
import type { PointResult } from "../../dist/src/workers/point.js";
import { CAUSE_METRICS } from "../../dist/src/workloads/cause-tally.js";
import { type FinishedShootdown, OPERATION_CAUSES } from "../../dist/src/workloads/traces/index.js";
import { shootdown } from "../support/shootdowns.ts";

const FIT = { beforeNs: 100, afterNs: 10, line: { baseNs: 500, perPageNs: 0, perSendNs: 0 } };

/** A replay in which so many munmaps told somebody, each for so long. */
function replay(tellings: number, ns: number): PointResult {
  const causes = new Float64Array(OPERATION_CAUSES.length * CAUSE_METRICS.length);
  const munmap = OPERATION_CAUSES.indexOf("munmap") * CAUSE_METRICS.length;
  causes[munmap + CAUSE_METRICS.indexOf("tellings")] = tellings;
  const telling = Array.from({ length: SEGMENTS }, () => new Histogram());
  for (let i = 0; i < tellings; i++) telling[DELIVERY].record(ns);
  return { causes, telling } as unknown as PointResult;
}

function totalOf(recorded: readonly FinishedShootdown[], result: PointResult) {
  const fitted = { fit: FIT } as unknown as FittedProfile;
  return tracePredictions(recorded, result, fitted, false).at(-1)!;
}

describe("the time of all shootdowns that told somebody", () => {
  const one = shootdown(1);

  it("is of as many as the trace has whole, however often the replay told", () => {
    for (const tellings of [1, 2, 5]) {
      expect(totalOf([one, one], replay(tellings, 1000))).toMatchObject({
        predictedNs: 2 * (1000 + FIT.beforeNs + FIT.afterNs),
        nullNs: 2 * FIT.line.baseNs,
        measuredNs: 2 * one.path!.latencyNs,
      });
    }
  });

  it("is of those of which no end is known, too: of either model", () => {
    const fault = { ...one, latencyNs: undefined };
    expect(totalOf([one, fault], replay(2, 1000)).nullNs).toBe(2 * FIT.line.baseNs);
  });

  it("is 0 where the replay told nobody", () => {
    expect(totalOf([one], replay(0, 0)).predictedNs).toBe(0);
  });
});
