// The counts of a replay beside those of the recorded kernel, as people read them.

import type { CountsRow } from "../results/columns/counts.ts";
import { ALL_CAUSES } from "../results/counts.ts";
import { FLUSH_METRICS } from "../workloads/traces/index.ts";
import { type Heading, renderTable } from "./render.ts";

const TITLES = ["requests", "IPIs", "full", "ranged"] as const;
const HEADINGS: readonly Heading[] = [
  { title: "executor", align: "left" },
  { title: "policy", align: "left" },
  { title: "cause", align: "left" },
  ...TITLES.map((title): Heading => ({ title, align: "right" })),
];

/** One line for each run of a policy; of a single one, one for each cause as well. */
export function countsTable(rows: readonly CountsRow[]): string {
  const points = new Set(rows.map(({ point, repetition }) => `${point} ${repetition}`));
  const shown = points.size === 1 ? rows : rows.filter(({ cause }) => cause === ALL_CAUSES);
  const lines: string[][] = [];
  for (let first = 0; first < shown.length; first += FLUSH_METRICS.length) {
    const { executor, policy, cause } = shown[first];
    const cells = shown.slice(first, first + FLUSH_METRICS.length);
    lines.push([`${executor}`, `${policy}`, `${cause}`, ...cells.map(cellOf)]);
  }
  return `flushes, kernel → policy:\n${renderTable(HEADINGS, lines)}`;
}

function cellOf({ kernel, replayed }: CountsRow): string {
  return `${kernel ?? "?"} → ${replayed}`;
}
