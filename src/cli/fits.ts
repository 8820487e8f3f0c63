// Laws that were fitted to points, as people read them: what stands in fits.csv, shorter.

import type { Cell } from "../results/columns/column.ts";
import type { FitRow } from "../results/columns/fits.ts";
import { type Heading, renderTable } from "./render.ts";

interface FitColumn extends Heading {
  cell(row: FitRow): string;
}

const left = { align: "left" } as const;
const right = { align: "right" } as const;

const COLUMNS: readonly FitColumn[] = [
  { title: "executor", ...left, cell: ({ executor }) => text(executor) },
  { title: "workload", ...left, cell: ({ workload }) => text(workload) },
  { title: "profile", ...left, cell: ({ profile }) => text(profile) },
  { title: "dilation", ...right, cell: ({ dilation }) => text(dilation) },
  { title: "idle", ...right, cell: ({ idle_cores }) => text(idle_cores) },
  { title: "other", ...right, cell: ({ other_cores }) => text(other_cores) },
  { title: "cores", ...right, cell: ({ cores }) => text(cores) },
  { title: "IOMMUs", ...right, cell: ({ iommus }) => text(iommus) },
  { title: "devices", ...right, cell: ({ devices }) => text(devices) },
  { title: "rate/s", ...right, cell: ({ rate }) => text(rate) },
  { title: "arrivals", ...left, cell: ({ arrivals }) => text(arrivals) },
  { title: "pages", ...right, cell: ({ pages }) => text(pages) },
  { title: "policy", ...left, cell: ({ policy }) => text(policy) },
  { title: "ns", ...left, cell: law },
  { title: "residual", ...right, cell: ({ residual_max }) => percent(residual_max) },
  { title: "knee", ...right, cell: ({ knee }) => whole(knee) },
  { title: "cheaper from", ...right, cell: ({ break_even }) => whole(break_even) },
];

/** Columns that only stand there if their cells differ. */
const OPTIONAL = new Set([
  ...["executor", "workload", "profile", "dilation", "idle", "other"],
  ...["cores", "IOMMUs", "devices", "rate/s", "arrivals", "pages"],
]);

const EXPLANATION =
  "laws with 95 % intervals: of n cores, of one of n pages, or on average of a page where the " +
  "policy gathers n; the largest residual; the n from which on the policy costs less than";

export function fitsTable(rows: readonly FitRow[]): string {
  const columns = COLUMNS.filter(({ title, cell }) => {
    return !OPTIONAL.has(title) || new Set(rows.map(cell)).size > 1;
  });
  const references = new Set(rows.flatMap(({ break_even_with }) => break_even_with ?? []));
  const table = renderTable(
    columns,
    rows.map((row) => columns.map(({ cell }) => cell(row))),
  );
  return `${EXPLANATION} ${[...references].join(" or ") || "others"}\n${table}`;
}

/** `812 ± 20 + 160 ± 3 · n`. */
function law(row: FitRow): string {
  const a = withReach(row.a_ns, row.a_ns_high);
  const b = withReach(row.b_ns, row.b_ns_high);
  if (row.model === "linear") return `${a} + ${b} · n`;
  if (row.model === "amortized") return `${a} + ${b} / n`;
  return `${a} + ${b} · (n−1) + ${withReach(row.c_ns, row.c_ns_high)} · n(n−1)`;
}

function withReach(value: Cell, high: Cell): string {
  return `${short(Number(value))} ± ${short(Number(high) - Number(value))}`;
}

/** Three digits, as many before the point as there are. */
function short(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : `${Number(value.toPrecision(3))}`;
}

function text(cell: Cell): string {
  return `${cell ?? ""}`;
}

function percent(part: Cell): string {
  return `${(100 * Number(part)).toFixed(0)} %`;
}

function whole(size: Cell): string {
  return size === undefined ? "" : Number(size).toFixed(0);
}
