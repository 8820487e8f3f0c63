// What the actors of a point report, added up.

import type { Finding } from "../engine/check/finding.ts";
import { type CheckData, sumChecks } from "../engine/check/sums.ts";
import { layOut } from "../engine/layout/regions.ts";
import { actorsOf } from "../engine/layout/shape.ts";
import { CoreCounters, DeviceCounters, IommuCounters } from "../engine/probe/counters.ts";
import { Histogram } from "../engine/probe/histogram.ts";
import { SEGMENTS } from "../engine/probe/segments.ts";
import { CauseTally } from "../workloads/cause-tally.ts";
import { firstSpaceOf } from "../workloads/roles.ts";
import { type Point, type PointResult, type RunReport, shapeOf } from "./point.ts";

/**
 * The result of a point whose actors, in their order, reported `reports` after `wallS` seconds;
 * `atRest` is what an audit of its machine found then.
 */
export function resultOf(
  point: Point,
  reports: readonly RunReport[],
  wallS: number,
  atRest: readonly Finding[],
): PointResult {
  const shape = shapeOf(point);
  const actors = actorsOf(shape);
  return {
    ...sumUp(reports),
    check: point.checks ? sumChecks(checksOf(reports), atRest) : undefined,
    steps: reports.map(({ steps }) => steps),
    timelines: reports.map(({ timeline }) => timeline),
    wallS,
    sharedBytes: layOut(shape).bytes,
    responders: countResponders(point),
    actors,
    oversubscribed: point.executor === "threads" && actors > point.hostCpus,
  };
}

function checksOf(reports: readonly RunReport[]): CheckData[] {
  return reports.flatMap(({ check }) => check ?? []);
}

/** Cores other than the initiator that have the space loaded at the start. */
function countResponders(point: Point): number {
  let loaded = 0;
  for (let core = 0; core < point.cores; core++) {
    if (firstSpaceOf(core, point.cores, point.workload) === 0) loaded++;
  }
  return Math.max(0, loaded - 1);
}

function sumUp(
  reports: readonly RunReport[],
): Pick<
  PointResult,
  | "latency"
  | "late"
  | "segments"
  | "cores"
  | "causes"
  | "telling"
  | "iommus"
  | "devices"
  | "elapsedNs"
> {
  const latency = new Histogram();
  const late = new Histogram();
  const onPath = Array.from({ length: SEGMENTS }, () => new Histogram());
  const slackSumNs = new Float64Array(SEGMENTS);
  const slackCount = new Float64Array(SEGMENTS);
  const cores = new CoreCounters();
  const iommus = new IommuCounters();
  const devices = new DeviceCounters();
  const causes = new CauseTally();
  let beganNs = Number.POSITIVE_INFINITY;
  let endedNs = 0;
  for (const { core, iommu, device } of reports) {
    if (core !== undefined) {
      addCore(cores, core.counters);
      core.causes.forEach((count, i) => {
        causes.counts[i] += count;
      });
      core.telling.forEach((histogram, i) => {
        if (histogram.count > 0) causes.telling[i].merge(histogram);
      });
    }
    if (iommu !== undefined) add(iommus, iommu);
    if (device !== undefined) add(devices, device);
    if (core?.path === undefined) continue;
    latency.merge(core.path.latency);
    late.merge(core.path.late);
    core.path.segments.forEach((segment, i) => {
      onPath[i].merge(segment.onPath);
      slackSumNs[i] += segment.slackSumNs;
      slackCount[i] += segment.slackCount;
    });
    beganNs = Math.min(beganNs, core.measured.beganNs);
    endedNs = Math.max(endedNs, core.measured.endedNs);
  }
  const segments = onPath.map((histogram, i) => {
    if (slackCount[i] > 0 && histogram.count < latency.count) {
      histogram.record(0, latency.count - histogram.count);
    }
    return {
      onPath: histogram,
      slackNsMean: slackCount[i] > 0 ? slackSumNs[i] / slackCount[i] : 0,
    };
  });
  const elapsedNs = endedNs - beganNs;
  const { counts, telling } = causes;
  return { latency, late, segments, cores, causes: counts, telling, iommus, devices, elapsedNs };
}

function addCore(sum: CoreCounters, part: CoreCounters): void {
  const heldPagesMax = Math.max(sum.heldPagesMax, part.heldPagesMax);
  add(sum, part);
  sum.heldPagesMax = heldPagesMax;
}

/** Adds one actor's counters to a sum, name by name. */
function add<Counters extends object>(sum: Counters, part: Counters): void {
  for (const key of Object.keys(part) as (keyof Counters)[]) {
    (sum[key] as number) += part[key] as number;
  }
}
