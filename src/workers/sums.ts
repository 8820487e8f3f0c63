// What the actors of a point report, added up.

import { type CheckData, sumChecks } from "../engine/check/sums.ts";
import { layOut } from "../engine/layout/regions.ts";
import { actorsOf } from "../engine/layout/shape.ts";
import { CoreCounters, DeviceCounters, IommuCounters } from "../engine/probe/counters.ts";
import { Histogram } from "../engine/probe/histogram.ts";
import { SEGMENTS } from "../engine/probe/segments.ts";
import { CauseTally } from "../workloads/cause-tally.ts";
import { firstSpaceOf } from "../workloads/roles.ts";
import {
  type CollectionSums,
  type Point,
  type PointResult,
  type RunRecord,
  type RunReport,
  shapeOf,
} from "./point.ts";
import { samplesOf } from "./samples.ts";

/** The result of a point from what came out of its runs, of which there is at least one. */
export function resultOf(point: Point, records: readonly RunRecord[]): PointResult {
  const shape = shapeOf(point);
  const actors = actorsOf(shape);
  const reports = records.flatMap((record) => record.reports);
  const atRest = records.flatMap((record) => record.atRest);
  return {
    ...sumUp(reports),
    rounds: records.length,
    warmup: reports.reduce((sum, { core }) => sum + (core?.measured.warmup ?? 0), 0),
    neverSteady: reports.some(({ core }) => core?.measured.neverSteady),
    samples: samplesOf(records, point.executor === "threads"),
    collections: point.executor === "threads" ? sumCollections(reports) : undefined,
    elapsedNs: records.reduce((sum, record) => sum + elapsedNs(record), 0),
    check: point.checks ? sumChecks(checksOf(reports), atRest) : undefined,
    steps: records[0].reports.map(({ steps }) => steps),
    timelines: records[0].reports.map(({ timeline }) => timeline),
    wallS: records.reduce((sum, { wallS }) => sum + wallS, 0),
    sharedBytes: layOut(shape).bytes,
    responders: countResponders(point),
    actors,
    oversubscribed: point.executor === "threads" && actors > point.hostCpus,
  };
}

/** Latencies of all operations of these runs. */
export function latencyOf(records: readonly RunRecord[]): Histogram {
  const latency = new Histogram();
  for (const { core } of records.flatMap(({ reports }) => reports)) {
    if (core?.path !== undefined) latency.merge(core.path.latency);
  }
  return latency;
}

/** From the first operation's begin to the last one's end. */
function elapsedNs({ reports }: RunRecord): number {
  const measured = reports.flatMap(({ core }) => (core?.path === undefined ? [] : core.measured));
  const began = measured.map(({ beganNs }) => beganNs);
  return Math.max(...measured.map(({ endedNs }) => endedNs)) - Math.min(...began);
}

function sumCollections(reports: readonly RunReport[]): CollectionSums {
  const collections = reports.flatMap((report) => report.collections ?? []);
  const ns = collections.reduce((sum, { hostNs }) => sum + hostNs, 0);
  return { count: collections.length, ns: Math.round(ns) };
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
  "latency" | "late" | "segments" | "cores" | "causes" | "telling" | "iommus" | "devices"
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
  const { counts, telling } = causes;
  return { latency, late, segments, cores, causes: counts, telling, iommus, devices };
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
