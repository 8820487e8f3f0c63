// Laws that were fitted to points, as people read them: what stands in fits.csv, shorter.

import type { Cell } from "../results/columns/column.ts";
import type { FitRow } from "../results/columns/fits.ts";
import type { KeyRow } from "../results/columns/keys.ts";
import { keyRow, type MeasuredPoint } from "../results/rows.ts";
import { type Heading, renderTable } from "./render.ts";

/** What the points of a law have in common. */
type FitKey = Pick<FitRow, (keyof FitRow & keyof KeyRow) | "dilation">;

interface KeyColumn extends Heading {
  readonly column: keyof FitKey;
}

interface FitColumn extends Heading {
  cell(row: FitRow): string;
}

const left = { align: "left" } as const;
const right = { align: "right" } as const;

/** Columns that stand there only if their cells differ, between laws or between points. */
const KEY_COLUMNS: readonly KeyColumn[] = [
  { title: "executor", ...left, column: "executor" },
  { title: "workload", ...left, column: "workload" },
  { title: "profile", ...left, column: "profile" },
  { title: "dilation", ...right, column: "dilation" },
  { title: "idle", ...right, column: "idle_cores" },
  { title: "other", ...right, column: "other_cores" },
  { title: "cores", ...right, column: "cores" },
  { title: "IOMMUs", ...right, column: "iommus" },
  { title: "devices", ...right, column: "devices" },
  { title: "rate/s", ...right, column: "rate" },
  { title: "arrivals", ...left, column: "arrivals" },
  { title: "pages", ...right, column: "pages" },
];

const LAW_COLUMNS: readonly FitColumn[] = [
  { title: "policy", ...left, cell: ({ policy }) => text(policy) },
  { title: "ns", ...left, cell: law },
  { title: "residual", ...right, cell: ({ residual_max }) => percent(residual_max) },
  { title: "knee", ...right, cell: ({ knee }) => whole(knee) },
  { title: "cheaper from", ...right, cell: ({ break_even }) => whole(break_even) },
];

const EXPLANATION =
  "laws with 95 % intervals: of n cores, of one of n pages, or on average of a page where the " +
  "policy gathers n; the largest residual; the n from which on the policy costs less than";

/** `points` are all that were measured, of which some have no law. */
export function fitsTable(rows: readonly FitRow[], points: readonly MeasuredPoint[]): string {
  const keys = points.map((measured): FitKey => {
    return { ...keyRow(measured), dilation: measured.point.dilation };
  });
  const columns = [
    ...KEY_COLUMNS.filter(({ column }) => tellsApart(column, rows, keys)).map(keyColumn),
    ...LAW_COLUMNS,
  ];
  const references = new Set(rows.flatMap(({ break_even_with }) => break_even_with ?? []));
  const table = renderTable(
    columns,
    rows.map((row) => columns.map(({ cell }) => cell(row))),
  );
  return `${EXPLANATION} ${[...references].join(" or ") || "others"}\n${table}`;
}

function tellsApart(
  column: keyof FitKey,
  rows: readonly FitRow[],
  keys: readonly FitKey[],
): boolean {
  const [inLaws, inPoints] = [rows, keys].map(
    (all) => new Set(all.map((one) => text(one[column]))),
  );
  return inLaws.size > 1 || (inPoints.size > 1 && !inLaws.has(""));
}

function keyColumn({ column, ...heading }: KeyColumn): FitColumn {
  return { ...heading, cell: (row) => text(row[column]) };
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
