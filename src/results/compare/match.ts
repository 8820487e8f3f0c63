// Which points of two runs are the same, and what is different about those that have none.

import { CONFIGURATION_COLUMNS } from "../columns/keys.ts";
import type { Run, RunPoint, RunRow } from "./run.ts";

export interface Pair {
  readonly base: RunPoint;
  readonly next: RunPoint;
}

export type Side = "base" | "new";

/** A point that the other run has not. */
export interface Unmatched {
  readonly point: RunPoint;
  readonly in: Side;
  /** Against the most similar point that the other run has alone; empty where it has none. */
  readonly differs: readonly string[];
  /** The columns of summary.csv that say so, if any do. */
  readonly columns: readonly string[];
}

export interface Matching {
  readonly pairs: readonly Pair[];
  readonly unmatched: readonly Unmatched[];
}

/** What decides a point besides its key. */
const MORE_COLUMNS = ["ops", "dilation", "jitter"];
const CONFIGURATION: readonly string[] = [
  ...CONFIGURATION_COLUMNS.map(({ name }) => name),
  ...MORE_COLUMNS,
];

/** The columns that a policy's name stands for. */
export const CHOICES: ReadonlySet<string> = new Set([
  ...["when_cores", "when_iommu", "whom", "ack", "local", "iommu", "reuse", "extent"],
]);

/** Points with more differences are no longer alike. */
const MOST_DIFFERENCES = 3;

const INVISIBLE =
  "nothing that summary.csv has a column for: a value of the profile, or of the experiment " +
  "(access_gap_ns, warm-up …)";

/**
 * Points match by their hash; with `byColumns` those that are left match if all that summary.csv
 * says of them is the same and says it of no other.
 */
export function matchPoints(base: Run, next: Run, byColumns: boolean): Matching {
  const pairs = [...base.points.values()].flatMap((point): Pair[] => {
    const other = next.points.get(point.id);
    return other === undefined ? [] : [{ base: point, next: other }];
  });
  const left = [...base.points.values()].filter(({ id }) => !next.points.has(id));
  const right = [...next.points.values()].filter(({ id }) => !base.points.has(id));
  const more = byColumns ? matchByColumns(left, right) : [];
  const matched = new Set(more.flatMap((pair) => [pair.base, pair.next]));
  const [alone, aloneInNew] = [left, right].map((points) => points.filter((p) => !matched.has(p)));
  return {
    pairs: [...pairs, ...more],
    unmatched: [
      ...alone.map((point) => describe(point, "base", aloneInNew)),
      ...aloneInNew.map((point) => describe(point, "new", alone)),
    ],
  };
}

/** In one run or the other more actors than CPUs had to share them, at full speed. */
export function isOversubscribed({ base, next }: Pair): boolean {
  return [base, next].some(({ rows }) => {
    return rows.some(({ oversubscribed }) => oversubscribed === "true");
  });
}

export function executorOf({ base }: Pair): string {
  return base.rows[0].executor;
}

function matchByColumns(left: readonly RunPoint[], right: readonly RunPoint[]): Pair[] {
  const others = byConfiguration(right);
  return [...byConfiguration(left)].flatMap(([key, points]): Pair[] => {
    const same = others.get(key) ?? [];
    const isOne = points.length === 1 && same.length === 1;
    return isOne ? [{ base: points[0], next: same[0] }] : [];
  });
}

function byConfiguration(points: readonly RunPoint[]): Map<string, RunPoint[]> {
  const groups = new Map<string, RunPoint[]>();
  for (const point of points) {
    const key = JSON.stringify(CONFIGURATION.map((column) => point.rows[0][column]));
    groups.set(key, [...(groups.get(key) ?? []), point]);
  }
  return groups;
}

function describe(point: RunPoint, side: Side, others: readonly RunPoint[]): Unmatched {
  let fewest: readonly string[] | undefined;
  let nearest: RunRow | undefined;
  for (const { rows } of others) {
    const differs = differences(point.rows[0], rows[0]);
    if (fewest !== undefined && fewest.length <= differs.length) continue;
    fewest = differs;
    nearest = rows[0];
  }
  if (fewest === undefined || nearest === undefined || fewest.length > MOST_DIFFERENCES) {
    return { point, in: side, differs: [], columns: [] };
  }
  if (fewest.length === 0) return { point, in: side, differs: [INVISIBLE], columns: [] };
  const [before, after] = side === "base" ? [point.rows[0], nearest] : [nearest, point.rows[0]];
  return {
    point,
    in: side,
    differs: fewest.map((column) => `${column} ${said(before[column])} → ${said(after[column])}`),
    columns: fewest,
  };
}

/** Columns; what another policy does otherwise, its name says. */
function differences(a: RunRow, b: RunRow): string[] {
  return CONFIGURATION.filter((column) => {
    return a[column] !== b[column] && (a.policy === b.policy || !CHOICES.has(column));
  });
}

function said(cell: string | undefined): string {
  return cell === undefined || cell === "" ? "(none)" : cell;
}
