// Measured points as the table that people read: one row a point, what is compared
// standing together.

import { SEGMENT_NAMES } from "../engine/probe/segments.ts";
import type { Host } from "../results/host.ts";
import { arrivalsOf, type MeasuredPoint, rateOf, shareOf } from "../results/rows.ts";
import { type Heading, renderTable } from "./render.ts";

/** Segments that the last column names. */
const LARGEST_SEGMENTS = 3;
const SMALLEST_SHARE = 0.01;

interface TableColumn extends Heading {
  /** A row that repeats the one above in all grouping columns so far leaves this one empty. */
  readonly groups: boolean;
  cell(measured: MeasuredPoint): string;
}

const left = { align: "left", groups: false } as const;
const right = { align: "right", groups: false } as const;
const leftGroup = { align: "left", groups: true } as const;
const rightGroup = { align: "right", groups: true } as const;

const COLUMNS: readonly TableColumn[] = [
  { title: "executor", ...leftGroup, cell: ({ point }) => point.executor },
  { title: "workload", ...leftGroup, cell: ({ workload }) => workload },
  { title: "profile", ...leftGroup, cell: ({ point }) => point.profile.name },
  { title: "cores", ...rightGroup, cell: ({ point }) => `${point.cores}` },
  { title: "idle", ...rightGroup, cell: ({ point }) => `${point.workload.idleCores}` },
  { title: "other", ...rightGroup, cell: ({ point }) => `${point.workload.otherCores}` },
  { title: "masked µs", ...rightGroup, cell: maskedTimes },
  { title: "IOMMUs", ...rightGroup, cell: ({ point }) => `${point.iommus}` },
  { title: "devices", ...rightGroup, cell: ({ point }) => `${point.devices}` },
  { title: "dilation", ...rightGroup, cell: ({ point }) => `${point.dilation}` },
  { title: "pages", ...rightGroup, cell: ({ pages }) => `${pages ?? ""}` },
  { title: "rate/s", ...rightGroup, cell: ({ point }) => `${rateOf(point) ?? ""}` },
  { title: "arrivals", ...leftGroup, cell: ({ point }) => arrivalsOf(point) ?? "" },
  { title: "policy", ...left, cell: ({ point }) => point.policy.name },
  { title: "run", ...right, cell: ({ repetition }) => `${repetition}` },
  { title: "p50 µs", ...right, cell: ({ result }) => micros(result.latency.quantile(0.5)) },
  { title: "p99 µs", ...right, cell: ({ result }) => micros(result.latency.quantile(0.99)) },
  { title: "late µs", ...right, cell: lateMicros },
  { title: "IPIs/op", ...right, cell: ({ result }) => perOp(result, "ipis") },
  { title: "IOTLB/op", ...right, cell: ({ result }) => perOp(result, "iotlbInvalidations") },
  { title: "held pages", ...right, cell: ({ result }) => `${result.cores.heldPagesMax}` },
  { title: "verdict", ...left, cell: ({ result }) => result.check?.verdict ?? "" },
  { title: "critical path", ...left, cell: ({ result }) => largestSegments(result) },
];

/** Columns that only stand there if their cells differ. */
const OPTIONAL = new Set([
  ...["executor", "workload", "profile", "idle", "other", "masked µs"],
  ...["devices", "dilation", "pages", "rate/s", "arrivals", "run"],
]);

/** `node 20.20.2 · 2 CPUs · load 0.4 · threads · profile akaros-2020 · seed 42`. */
export function environmentLine(
  host: Host,
  executors: readonly string[],
  profiles: readonly string[],
  seed: number,
): string {
  return [
    `node ${host.node}`,
    `${host.cpus} CPUs`,
    `load ${host.load.toFixed(1)}`,
    executors.join(", "),
    `profile ${profiles.join(", ")}`,
    `seed ${seed}`,
  ].join(" · ");
}

export function summaryTable(points: readonly MeasuredPoint[]): string {
  const columns = COLUMNS.filter(({ title, cell }) => {
    return !OPTIONAL.has(title) || new Set(points.map(cell)).size > 1;
  });
  let above: readonly string[] = [];
  const rows = points.map((point) => {
    const cells = columns.map((column) => column.cell(point));
    const row = withoutRepeats(columns, cells, above);
    above = cells;
    return row;
  });
  return renderTable(columns, rows);
}

function withoutRepeats(
  columns: readonly TableColumn[],
  cells: readonly string[],
  above: readonly string[],
): string[] {
  let repeats = true;
  return cells.map((cell, i) => {
    repeats &&= columns[i].groups && cell === above[i];
    return repeats ? "" : cell;
  });
}

/** For how long, and after how much user time each time. */
function maskedTimes({ point: { workload } }: MeasuredPoint): string {
  const { maskedNs, maskedEveryNs } = workload;
  return maskedNs === 0 ? "0" : `${maskedNs / 1000} after ${maskedEveryNs / 1000}`;
}

/** Of threads: in virtual time nothing is late. */
function lateMicros({ point, result }: MeasuredPoint): string {
  return point.executor === "threads" ? micros(result.late.quantile(0.5)) : "";
}

function micros(ns: number | undefined): string {
  return ns === undefined ? "" : (ns / 1000).toFixed(2);
}

function perOp({ cores }: MeasuredPoint["result"], counter: "ipis" | "iotlbInvalidations"): string {
  return cores.operations === 0 ? "" : (cores[counter] / cores.operations).toFixed(2);
}

function largestSegments({ segments, latency }: MeasuredPoint["result"]): string {
  return segments
    .map(({ onPath }, i) => ({ name: SEGMENT_NAMES[i], share: shareOf(onPath, latency) ?? 0 }))
    .filter(({ share }) => share >= SMALLEST_SHARE)
    .sort((a, b) => b.share - a.share)
    .slice(0, LARGEST_SEGMENTS)
    .map(({ name, share }) => `${name} ${Math.round(100 * share)} %`)
    .join(", ");
}
