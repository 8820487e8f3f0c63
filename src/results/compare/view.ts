// A comparison for people: what was compared, and a table of what changed, worst first.

import { CONFIGURATION_COLUMNS } from "../columns/keys.ts";
import type { Comparison } from "./compare.ts";
import type { ComparedRow } from "./compared-row.ts";
import { CHOICES, type Side, type Unmatched } from "./match.ts";
import { isSegmentName } from "./metrics.ts";
import { countVerdicts } from "./rows.ts";
import type { Run, RunRow } from "./run.ts";
import { VERDICTS } from "./verdict.ts";

/** Headings and cells, for a terminal or for Markdown. */
export interface View {
  readonly headings: readonly Heading[];
  readonly rows: readonly (readonly string[])[];
}

/** A table with rows, and what it is of where that does not speak for itself. */
export interface Section {
  readonly title: string;
  readonly view: View;
}

interface Heading {
  readonly title: string;
  readonly align: "left" | "right";
}

interface ViewColumn extends Heading {
  cell(row: ComparedRow): string;
}

/** Of the configuration, what stands even where it is the same in all rows. */
const ALWAYS = new Set(["cores", "policy"]);
const SHORT_COMMIT = 7;
/** Kinds of points that have no partner, each with how many there are. */
const MOST_KINDS = 10;

const RESULT_COLUMNS: readonly ViewColumn[] = [
  { title: "metric", align: "left", cell: ({ metric }) => metric.name },
  { title: "base", align: "right", cell: ({ metric, base }) => amount(base, metric.unit) },
  { title: "new", align: "right", cell: ({ metric, next }) => amount(next, metric.unit) },
  { title: "ratio", align: "right", cell: ({ ratio }) => ratio?.toFixed(3) ?? "" },
  { title: "95 % interval", align: "left", cell: interval },
  { title: "p", align: "right", cell: ({ p }) => probability(p) },
  { title: "because", align: "left", cell: because },
];

const SEGMENTS_TITLE =
  "segments of the critical path, mean µs of an operation; ratio: what each alone makes of the " +
  "mean latency";

/**
 * What changed of metrics and of segments; with `all` also what did not. `failed`: the rows that a
 * gate stops at; undefined without one.
 */
export function sectionsOf(
  { rows, segments }: Comparison,
  all: boolean,
  failed?: ReadonlySet<ComparedRow>,
): Section[] {
  const sections = [
    { title: "", view: viewOf(rows, all, failed) },
    { title: SEGMENTS_TITLE, view: viewOf(segments, all, failed) },
  ];
  return sections.filter(({ view }) => view.rows.length > 0);
}

/** Worst first. */
function viewOf(
  rows: readonly ComparedRow[],
  all: boolean,
  failed: ReadonlySet<ComparedRow> | undefined,
): View {
  const shown = worstFirst(rows.filter((row) => all || isChange(row)));
  const columns = columnsFor(shown, failed);
  return { headings: columns, rows: shown.map((row) => columns.map(({ cell }) => cell(row))) };
}

export function worstFirst(rows: readonly ComparedRow[]): ComparedRow[] {
  return rows.toSorted((a, b) => {
    const order = VERDICTS.indexOf(a.verdict) - VERDICTS.indexOf(b.verdict);
    return order || changeOf(b) - changeOf(a);
  });
}

/** Which runs, what of them matches, and how much of that changed. */
export function describeComparison(comparison: Comparison): string[] {
  const { base, next, pairs, rows, segments, unmatched, safety } = comparison;
  const points = new Set(rows.filter(isChange).map(({ key }) => key.point));
  return [
    `base: ${describeRun(base)}`,
    `new: ${describeRun(next)}`,
    `${plural(pairs.length, "point")} in both, ${points.size} of them changed; of ` +
      `${plural(rows.length, "metric")} ${verdictsOf(rows)}`,
    `of ${plural(segments.length, "segment")} of critical paths ${verdictsOf(segments)}`,
    ...safety.map(({ key, base: before, next: after }) => {
      return `${pointName(key)}: was ${before} and is ${after}`;
    }),
    ...describeUnmatched(unmatched),
  ];
}

function verdictsOf(rows: readonly ComparedRow[]): string {
  const counts = countVerdicts(rows);
  return VERDICTS.map((name) => `${counts[name]} ${name}`).join(", ");
}

/** One line for all points that are without a partner for the same reason. */
export function describeUnmatched(unmatched: readonly Unmatched[]): string[] {
  const kinds = new Map<string, Map<Side, number>>();
  for (const { in: side, differs } of unmatched) {
    const why = differs.length === 0 ? "nothing like it there" : differs.join(", ");
    const sides = kinds.get(why) ?? new Map<Side, number>();
    kinds.set(why, sides.set(side, (sides.get(side) ?? 0) + 1));
  }
  const lines = [...kinds].map(([why, sides]) => {
    const counts = [...sides].map(([side, count]) => `${plural(count, "point")} only in ${side}`);
    return `${counts.join(" and ")}: ${why}`;
  });
  const rest = lines.length - MOST_KINDS;
  return rest > 0 ? [...lines.slice(0, MOST_KINDS), `and ${rest} more such lines`] : lines;
}

/** What to do where no point is in both runs; empty where none is like one of the other. */
export function describeRemedy(unmatched: readonly Unmatched[]): string[] {
  const columns = new Set(unmatched.flatMap((one) => one.columns));
  if (columns.size === 0) return [];
  const names = columns.has("profile") ? "; a profile goes by its name" : "";
  return [`both runs need the same ${[...columns].join(", ")}${names}`];
}

/** `virtual, munmap, strict, 2 cores: p50 5.910 → 6.512 µs (1.102)`; of a segment the whole's. */
export function describeRow({ key, metric, base, next, ratio }: ComparedRow): string {
  const unit = metric.unit === "ns" ? " µs" : "";
  const change = `${amount(base, metric.unit)} → ${amount(next, metric.unit)}${unit}`;
  const whole = isSegmentName(metric.name) ? " of the mean latency" : "";
  const times = ratio === undefined ? "" : ` (${ratio.toFixed(3)}${whole})`;
  return `${pointName(key)}: ${metric.name} ${change}${times}`;
}

function pointName({ executor, workload, policy, cores }: RunRow): string {
  return `${executor}, ${workload}, ${policy}, ${plural(Number(cores), "core")}`;
}

function columnsFor(
  rows: readonly ComparedRow[],
  failed: ReadonlySet<ComparedRow> | undefined,
): ViewColumn[] {
  const configuration = CONFIGURATION_COLUMNS.filter(({ name }) => {
    if (CHOICES.has(name)) return false;
    return ALWAYS.has(name) || new Set(rows.map(({ key }) => key[name])).size > 1;
  }).map(({ name, type }): ViewColumn => {
    const align = type === "string" ? "left" : "right";
    return { title: name, align, cell: ({ key }) => key[name] ?? "" };
  });
  const verdict: ViewColumn = { title: "verdict", align: "left", cell: (row) => row.verdict };
  const gate = failed === undefined ? [] : [gateColumn(failed)];
  return [verdict, ...gate, ...configuration, ...RESULT_COLUMNS];
}

/** Marks what the gate stops at. */
function gateColumn(failed: ReadonlySet<ComparedRow>): ViewColumn {
  return { title: "gate", align: "left", cell: (row) => (failed.has(row) ? "failed" : "") };
}

/** How far from 1 the ratio is, either way; from or to 0 is furthest. */
function changeOf({ ratio, difference }: ComparedRow): number {
  if (ratio === undefined) return difference === 0 ? 0 : Number.MAX_VALUE;
  return Math.abs(Math.log(ratio));
}

function isChange({ verdict }: ComparedRow): boolean {
  return verdict === "worse" || verdict === "better";
}

function describeRun({ folder, manifest }: Run): string {
  const { version, commit } = manifest.package;
  const built = commit === null ? "" : ` at ${commit.slice(0, SHORT_COMMIT)}`;
  const ended = manifest.interrupted ? ", interrupted: points may be missing" : "";
  return `${folder} (shootdown ${version}${built}, seed ${manifest.seed ?? "none"}${ended})`;
}

/** Times in µs, as in all tables; everything else with four digits. */
function amount(value: number, unit: string): string {
  return unit === "ns" ? (value / 1000).toFixed(3) : `${Number(value.toPrecision(4))}`;
}

function interval({ low, high }: ComparedRow): string {
  if (low === undefined) return "";
  return `${low.toFixed(3)} to ${high === undefined ? "any" : high.toFixed(3)}`;
}

function probability(p: number | undefined): string {
  if (p === undefined) return "";
  return p < 0.001 ? "<0.001" : p.toFixed(3);
}

/** What changed with it, or why nothing can be said. */
function because({ reason, segment }: ComparedRow): string {
  if (segment === undefined) return reason ?? "";
  const sign = segment.ns > 0 ? "+" : "−";
  return `${segment.name} ${sign}${(Math.abs(segment.ns) / 1000).toFixed(3)} µs`;
}

function plural(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}
