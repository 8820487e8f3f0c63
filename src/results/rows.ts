// One measured point as rows: of summary.csv, and of critical-path.csv.

import {
  describeExtent,
  describeIommu,
  describeReuses,
  describeWhen,
  describeWhom,
  type Policy,
} from "../engine/policy/policy.ts";
import type { Histogram } from "../engine/probe/histogram.ts";
import { SEGMENT_NAMES } from "../engine/probe/segments.ts";
import type { Point, PointResult } from "../workers/point.ts";
import type { CriticalPathRow } from "./columns/critical-path.ts";
import type { KeyRow } from "./columns/keys.ts";
import type { SummaryRow } from "./columns/summary.ts";
import { intervalOf } from "./intervals.ts";
import { outliersOf } from "./outliers.ts";

/** A point that is to be measured, with the names it goes by. */
export interface NamedPoint {
  readonly experiment: string;
  /** Hash of the configuration. */
  readonly id: string;
  /** Workload and variant, such as `tlb-bench:IPI`. */
  readonly workload: string;
  /** Pages of one operation; undefined where that varies or there are none. */
  readonly pages: number | undefined;
  readonly point: Point;
}

/** One run of a point. */
export interface MeasuredPoint extends NamedPoint {
  /** From 1. */
  readonly repetition: number;
  readonly result: PointResult;
}

const DECIMALS = 1000;

/** The point's row of summary.csv; `floorNs` is the host's round trip if it was measured. */
export function summaryRow(measured: MeasuredPoint, floorNs: number | undefined): SummaryRow {
  const { point, result } = measured;
  const { latency, late, cores, check } = result;
  const isThreaded = point.executor === "threads";
  const operations = cores.operations;
  const perOperation = (count: number) => rounded(ratio(count, operations));
  const median = intervalOf(latency, 0.5);
  const p99 = intervalOf(latency, 0.99);
  return {
    ...keyRow(measured),
    ops: operations,
    warmup_ops: result.warmup,
    rounds: result.rounds,
    seed: point.seed,
    jitter: point.jitter,
    dilation: point.dilation,
    host_cpus: isThreaded ? point.hostCpus : undefined,
    oversubscribed: isOversubscribed(measured),
    latency_ns_min: latency.count === 0 ? undefined : latency.min,
    latency_ns_p50: latency.quantile(0.5),
    latency_ns_p90: latency.quantile(0.9),
    latency_ns_p99: latency.quantile(0.99),
    latency_ns_p999: latency.quantile(0.999),
    latency_ns_max: latency.quantile(1),
    latency_ns_mean: rounded(latency.mean),
    latency_ns_p50_low: median?.low,
    latency_ns_p50_high: median?.high,
    latency_ns_p99_low: p99?.low,
    latency_ns_p99_high: p99?.high,
    outliers: outliersOf(latency),
    late_ns_p50: isThreaded ? late.quantile(0.5) : undefined,
    late_ns_p99: isThreaded ? late.quantile(0.99) : undefined,
    ops_per_s: rounded(opsPerS(result)),
    ipis_per_op: perOperation(cores.ipis),
    broadcasts_per_op: perOperation(cores.broadcasts),
    iotlb_invalidations_per_op: perOperation(cores.iotlbInvalidations),
    iommu_waits_per_op: perOperation(cores.iommuWaits),
    full_flushes_per_op: perOperation(cores.fullFlushes),
    tlb_misses_per_op: perOperation(cores.tlbMisses),
    responder_ns_per_op: perOperation(cores.responderNs),
    background_ns_per_op: perOperation(cores.backgroundNs),
    held_pages_max: cores.heldPagesMax,
    held_page_us_per_op: perOperation(cores.heldPageNs / 1000),
    exposure_ns_p50: check && (check.exposure.quantile(0.5) ?? 0),
    exposure_ns_max: check?.exposure.max,
    late_accesses: check?.lateAccesses,
    stale_uses: check?.staleUses,
    stale_uses_same_owner: check?.staleUsesSameOwner,
    floor_ns: isThreaded ? rounded(floorNs) : undefined,
    verdict: check?.verdict,
  };
}

/** The point's rows of critical-path.csv: one for each segment that occurred. */
export function criticalPathRows(measured: MeasuredPoint): CriticalPathRow[] {
  const { latency, segments } = measured.result;
  const key = keyRow(measured);
  return segments.flatMap(({ onPath, slackNsMean }, segment) => {
    if (onPath.count === 0) return [];
    return {
      ...key,
      segment: SEGMENT_NAMES[segment],
      ns_mean: rounded(ratio(onPath.sum, latency.count)),
      ns_sd: rounded(onPath.deviation),
      ns_p50: onPath.quantile(0.5),
      ns_p99: onPath.quantile(0.99),
      share: rounded(shareOf(onPath, latency)),
      slack_ns_mean: rounded(slackNsMean),
    };
  });
}

/** The segment's part of the latency, 0 to 1; undefined where the latency is 0. */
export function shareOf(onPath: Histogram, latency: Histogram): number | undefined {
  return ratio(onPath.sum, latency.sum);
}

/** More actors than CPUs, and no dilation to make up for it. */
export function isOversubscribed({ point, result }: MeasuredPoint): boolean {
  return result.oversubscribed && point.dilation === 1;
}

/** To the three decimals that the files have. */
export function rounded(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.round(value * DECIMALS) / DECIMALS;
}

/** What the point is. */
export function keyRow(measured: MeasuredPoint): KeyRow {
  const { point, result } = measured;
  const { workload } = point;
  return {
    experiment: measured.experiment,
    point: measured.id,
    repetition: measured.repetition,
    executor: point.executor,
    profile: point.profile.name,
    workload: measured.workload,
    ...policyCells(point.policy),
    cores: point.cores,
    responders: result.responders,
    idle_cores: workload.idleCores,
    other_cores: workload.otherCores,
    masked_every_ns: workload.maskedNs > 0 ? workload.maskedEveryNs : undefined,
    masked_ns: workload.maskedNs,
    iommus: point.iommus,
    devices: point.devices,
    rate: rateOf(point),
    arrivals: arrivalsOf(point),
    pages: measured.pages,
  };
}

/** Operations a second that were due; undefined in a closed loop. */
export function rateOf({ workload: { arrivalNs, initiators } }: Point): number | undefined {
  return arrivalNs && rounded((initiators * 1e9) / arrivalNs);
}

/** Operations a second that were done, of all initiators; undefined where that took no time. */
export function opsPerS({ cores, elapsedNs }: PointResult): number | undefined {
  return ratio(cores.operations * 1e9, elapsedNs);
}

/** When these were due: at random or at fixed gaps; undefined in a closed loop. */
export function arrivalsOf({ workload }: Point): "poisson" | "fixed" | undefined {
  if (workload.arrivalNs === undefined) return undefined;
  return workload.fixedArrivals === true ? "fixed" : "poisson";
}

function policyCells(policy: Policy) {
  return {
    policy: policy.name,
    when_cores: describeWhen(policy.whenCores),
    when_iommu: describeWhen(policy.whenIommu),
    whom: describeWhom(policy.whom),
    ack: policy.ack,
    local: policy.local,
    iommu: describeIommu(policy.iommu),
    reuse: describeReuses(policy.reuse),
    extent: describeExtent(policy.extent),
  };
}

function ratio(part: number, whole: number): number | undefined {
  return whole > 0 ? part / whole : undefined;
}
