// The counts of a replay beside those of the recorded kernel, as people read them.

import type { CountsRow } from "../results/columns/counts.ts";
import { ALL_CAUSES } from "../results/counts.ts";
import type { MeasuredPoint } from "../results/rows.ts";
import type { Point } from "../workers/point.ts";
import { FLUSH_METRICS } from "../workloads/traces/index.ts";
import { type Heading, renderTable } from "./render.ts";

const TITLES = ["requests", "IPIs", "full", "ranged"] as const;

interface KeyColumn extends Heading {
  readonly of: (point: Point) => string;
}

/** Columns that only stand there if runs differ in them. */
const KEY_COLUMNS: readonly KeyColumn[] = [
  { title: "profile", align: "left", of: ({ profile }) => profile.name },
  { title: "IOMMUs", align: "right", of: ({ iommus }) => `${iommus}` },
];

/** One line for each run of a policy; of a single one, one for each cause as well. */
export function countsTable(
  rows: readonly CountsRow[],
  measured: readonly MeasuredPoint[],
): string {
  const byId = new Map(measured.map(({ id, point }) => [id, point]));
  const keys = KEY_COLUMNS.filter(({ of }) => new Set([...byId.values()].map(of)).size > 1);
  const headings: readonly Heading[] = [
    { title: "executor", align: "left" },
    ...keys,
    { title: "policy", align: "left" },
    { title: "cause", align: "left" },
    ...TITLES.map((title): Heading => ({ title, align: "right" })),
  ];
  const points = new Set(rows.map(({ point, repetition }) => `${point} ${repetition}`));
  const shown = points.size === 1 ? rows : rows.filter(({ cause }) => cause === ALL_CAUSES);
  const lines: string[][] = [];
  for (let first = 0; first < shown.length; first += FLUSH_METRICS.length) {
    const { point: id, executor, policy, cause } = shown[first];
    const point = byId.get(`${id}`);
    const own = point === undefined ? [] : keys.map(({ of }) => of(point));
    const cells = shown.slice(first, first + FLUSH_METRICS.length);
    lines.push([`${executor}`, ...own, `${policy}`, `${cause}`, ...cells.map(cellOf)]);
  }
  return `flushes, kernel → policy:\n${renderTable(headings, lines)}`;
}

function cellOf({ kernel, replayed }: CountsRow): string {
  return `${kernel ?? "?"} → ${replayed}`;
}
