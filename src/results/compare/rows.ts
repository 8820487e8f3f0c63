// A comparison for programs: rows of CSV, and one JSON object.

import type { ComparisonRow } from "../columns/comparison.ts";
import { CONFIGURATION_COLUMNS } from "../columns/keys.ts";
import type { Comparison } from "./compare.ts";
import type { ComparedRow } from "./compared-row.ts";
import type { Unmatched } from "./match.ts";
import type { Run, RunRow } from "./run.ts";
import { VERDICTS, type Verdict } from "./verdict.ts";

/** Digits of what was computed; what was measured stays as it is. */
const DIGITS = 6;

export function comparisonRow(row: ComparedRow): ComparisonRow {
  const { key, metric, segment } = row;
  return {
    experiment: key.experiment,
    point: key.point,
    ...configuration(key),
    metric: metric.name,
    base: digits(row.base),
    new: digits(row.next),
    difference: digits(row.difference),
    ratio: digits(row.ratio),
    low: digits(row.low),
    high: digits(row.high),
    p: digits(row.p),
    q: digits(row.q),
    superiority: digits(row.superiority),
    verdict: row.verdict,
    reason: row.reason,
    segment: segment?.name,
    segment_ns: digits(segment?.ns),
  };
}

export function countVerdicts(rows: readonly ComparedRow[]): Record<Verdict, number> {
  const counts = VERDICTS.map((verdict) => {
    return [verdict, rows.filter((row) => row.verdict === verdict).length];
  });
  return Object.fromEntries(counts);
}

/** `regressions` are those rows for which the program ends with 22. */
export function comparisonObject(
  comparison: Comparison,
  regressions: readonly ComparedRow[],
): object {
  const { base, next, rows, segments, unmatched, safety } = comparison;
  return {
    base: describeRun(base),
    new: describeRun(next),
    points: rows.map((row) => withNulls(comparisonRow(row))),
    segments: segments.map((row) => withNulls(comparisonRow(row))),
    counts: countVerdicts(rows),
    unmatched: unmatched.map(describeUnmatched),
    safety: safety.map((change) => {
      return { point: change.key.point, base: change.base, new: change.next };
    }),
    regressions: regressions.map(({ key, metric }) => {
      return { point: key.point, metric: metric.name };
    }),
  };
}

function describeRun({ folder, manifest }: Run): object {
  const { package: program, seed, host } = manifest;
  return { folder, version: program.version, commit: program.commit, seed, host };
}

function describeUnmatched({ point, in: side, differs }: Unmatched): object {
  return { point: point.id, in: side, ...withNulls(configuration(point.rows[0])), differs };
}

/** What the point is, as numbers where they are. */
function configuration(row: RunRow): Configuration {
  const cells = CONFIGURATION_COLUMNS.map(({ name, type }) => {
    const cell = row[name] ?? "";
    return [name, cell === "" ? undefined : type === "integer" ? Number(cell) : cell];
  });
  return Object.fromEntries(cells);
}

type Configuration = Pick<ComparisonRow, (typeof CONFIGURATION_COLUMNS)[number]["name"]>;

/** JSON has no undefined: what was not measured is null there. */
function withNulls(row: object): object {
  return Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, cell ?? null]));
}

function digits(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Number(value.toPrecision(DIGITS));
}
