// `--gate p50:5%,path:send:2%`: how much worse what may become. A segment of the critical path is
// gated only by its name: what is wrong with it is in the latency, too. A gate that cannot tell
// must not look like one that everything has passed: what it leaves open is said.

import { UsageError } from "../../engine/errors.ts";
import { unknownName } from "../../engine/names.ts";
import { plural } from "../plural.ts";
import type { Comparison } from "./compare.ts";
import type { ComparedRow } from "./compared-row.ts";
import { GATE_NAMES, isSegmentName } from "./metrics.ts";
import { type Reason, SAME_WITHIN } from "./verdict.ts";

/** By metric or segment, as a share: 0.05 is 5 % worse; of a segment 5 % of the mean latency. */
export type Gate = ReadonlyMap<string, number>;

const LIMIT = /^([a-z0-9_]+|path:[a-z-]+):(\d+(?:\.\d+)?)%$/;

const NOT_MEASURED = "not measured";
type OpenReason = Reason | typeof NOT_MEASURED;

/** What a gate names and cannot be told of some points, or of any. */
export interface OpenLimit {
  readonly name: string;
  /** Of so many points that both runs have, it is open in so many. */
  readonly points: number;
  readonly open: number;
  /** Why, each once. */
  readonly reasons: readonly OpenReason[];
}

/** What comes of a gate. */
export interface Outcome {
  /** How many values are worse beyond their limits. */
  readonly worse: number;
  /** How many points are unsafe that were not. */
  readonly unsafe: number;
  readonly open: readonly OpenLimit[];
}

/** @throws UsageError */
export function parseGate(text: string): Gate {
  const gate = new Map<string, number>();
  for (const part of text.split(",")) {
    const [, name, percent] = LIMIT.exec(part.trim()) ?? [];
    if (name === undefined) {
      throw new UsageError(
        `--gate "${part}": it takes METRIC:PERCENT% or path:SEGMENT:PERCENT%, such as ` +
          "p50:5%,p99:10%,path:send:2%",
      );
    }
    if (!GATE_NAMES.includes(name)) throw unknownName("metric or segment", name, GATE_NAMES);
    if (gate.has(name)) {
      throw new UsageError(`--gate "${text}": ${name} has two limits: say which one is meant`);
    }
    gate.set(name, Number(percent) / 100);
  }
  return gate;
}

/** What is worse by more than the gate lets through; without a gate all metrics that are worse. */
export function regressionsOf(
  { rows, segments }: Pick<Comparison, "rows" | "segments">,
  gate: Gate | undefined,
): readonly ComparedRow[] {
  if (gate === undefined) return rows.filter(({ verdict }) => verdict === "worse");
  return [...rows, ...segments].filter(({ metric, verdict, ratio }) => {
    if (verdict !== "worse") return false;
    const limit = gate.get(metric.name);
    if (limit === undefined) return false;
    if (ratio === undefined) return true; // From nothing to something.
    return (metric.moreIs === "worse" ? ratio : 1 / ratio) > 1 + limit;
  });
}

/**
 * The outcome in one line: how many of the values that the gate names are worse by more than it
 * lets through, how many cannot be told, and the points that are unsafe and were not, which no gate
 * lets through.
 */
export function describeOutcome(
  { rows, segments }: Pick<Comparison, "rows" | "segments">,
  gate: Gate,
  { worse, unsafe, open }: Outcome,
): string {
  const gated = [...rows, ...segments].filter(({ metric }) => gate.has(metric.name)).length;
  const values = plural(gated, "gated value");
  const counts =
    worse === 0
      ? [`${values}, none worse beyond its limit`]
      : [`${worse} of ${values} worse beyond the limit`];
  const untold = open.reduce((sum, limit) => sum + limit.open, 0);
  if (unsafe > 0) counts.push(`${plural(unsafe, "point")} unsafe and not before`);
  if (untold > 0) counts.push(`${untold} cannot be told`);
  return `gate ${worse + unsafe > 0 ? "failed" : "passed"}: ${counts.join("; ")}`;
}

/** What the gate names and does not decide for all points, in its order. */
export function openLimits(
  { pairs, rows, segments }: Pick<Comparison, "pairs" | "rows" | "segments">,
  gate: Gate,
): readonly OpenLimit[] {
  return [...gate].flatMap(([name, limit]): OpenLimit[] => {
    const own = [...rows, ...segments].filter(({ metric }) => metric.name === name);
    // A segment that stands in neither run takes no time, before and after.
    const points = isSegmentName(name) && segments.length > 0 ? own.length : pairs.length;
    const undecided = own.filter((row) => !isDecided(row, limit));
    const missing = points - own.length;
    if (missing + undecided.length === 0) return [];
    const reasons = new Set<OpenReason>(undecided.map(({ reason }) => reason ?? "noise"));
    if (missing > 0) reasons.add(NOT_MEASURED);
    return [{ name, points, open: missing + undecided.length, reasons: [...reasons] }];
  });
}

/** Whether nothing at all is known of what the gate names: that must not count as passed. */
export function isWhollyOpen({ points, open }: OpenLimit): boolean {
  return points === open;
}

/** What cannot be told, of how many points, why, and what to do. */
export function describeOpen({ name, points, open, reasons }: OpenLimit): string {
  return (
    `the gate cannot tell ${name} of ${open} of ${plural(points, "point")} ` +
    `(${reasons.join(", ")}): ${[...new Set(reasons.map(remedyFor))].join("; ")}; ` +
    "--all shows what is known"
  );
}

function remedyFor(reason: OpenReason): string {
  switch (reason) {
    case "oversubscribed":
      return "fewer cores, --dilate, --executor virtual, or a gate on counts";
    case NOT_MEASURED:
      return "gate what both runs have";
    default:
      return "give both runs --repetitions 3 or more, or gate something else";
  }
}

/**
 * Whether the worst that a row's interval holds is let through, or it is found to be better or
 * worse. What is called the same within the noise is not decided by that where the noise is more
 * than the gate lets through.
 */
function isDecided({ verdict, reason, metric, low, high }: ComparedRow, limit: number): boolean {
  if (verdict !== "same" && verdict !== "inconclusive") return true;
  if (reason === "oversubscribed" || reason === "repetitions") return false;
  const worst = metric.moreIs === "worse" ? high : low && 1 / low;
  if (worst === undefined) return verdict === "same"; // Nothing has changed.
  return worst <= 1 + (verdict === "same" ? Math.max(limit, SAME_WITHIN) : limit);
}
