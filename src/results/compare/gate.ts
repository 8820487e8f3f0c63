// `--gate p50:5%,p99:10%`: how much worse what may become.

import { UsageError } from "../../engine/errors.ts";
import { unknownName } from "../../engine/names.ts";
import type { ComparedRow } from "./compared-row.ts";
import { METRICS } from "./metrics.ts";

/** By metric, as a share: 0.05 is 5 % worse. */
export type Gate = ReadonlyMap<string, number>;

const LIMIT = /^([a-z0-9_]+):(\d+(?:\.\d+)?)%$/;

/** @throws UsageError */
export function parseGate(text: string): Gate {
  return new Map(
    text.split(",").map((part): [string, number] => {
      const [, name, percent] = LIMIT.exec(part.trim()) ?? [];
      if (name === undefined) {
        throw new UsageError(`--gate "${part}": it takes METRIC:PERCENT%, such as p50:5%,p99:10%`);
      }
      const names = METRICS.map((metric) => metric.name);
      if (!names.includes(name)) throw unknownName("metric", name, names);
      return [name, Number(percent) / 100];
    }),
  );
}

/** What is worse by more than the gate lets through; without a gate all that is worse. */
export function regressionsOf(
  rows: readonly ComparedRow[],
  gate: Gate | undefined,
): readonly ComparedRow[] {
  return rows.filter(({ metric, verdict, ratio }) => {
    if (verdict !== "worse") return false;
    if (gate === undefined) return true;
    const limit = gate.get(metric.name);
    if (limit === undefined) return false;
    if (ratio === undefined) return true; // From nothing to something.
    return (metric.moreIs === "worse" ? ratio : 1 / ratio) > 1 + limit;
  });
}
