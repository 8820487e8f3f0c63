// `--gate p50:5%,path:send:2%`: how much worse what may become. A segment of the critical path is
// gated only by its name: what is wrong with it is in the latency, too.

import { UsageError } from "../../engine/errors.ts";
import { unknownName } from "../../engine/names.ts";
import type { Comparison } from "./compare.ts";
import type { ComparedRow } from "./compared-row.ts";
import { GATE_NAMES } from "./metrics.ts";

/** By metric or segment, as a share: 0.05 is 5 % worse; of a segment 5 % of the mean latency. */
export type Gate = ReadonlyMap<string, number>;

const LIMIT = /^([a-z0-9_]+|path:[a-z-]+):(\d+(?:\.\d+)?)%$/;

/** @throws UsageError */
export function parseGate(text: string): Gate {
  return new Map(
    text.split(",").map((part): [string, number] => {
      const [, name, percent] = LIMIT.exec(part.trim()) ?? [];
      if (name === undefined) {
        throw new UsageError(
          `--gate "${part}": it takes METRIC:PERCENT% or path:SEGMENT:PERCENT%, such as ` +
            "p50:5%,p99:10%,path:send:2%",
        );
      }
      if (!GATE_NAMES.includes(name)) throw unknownName("metric or segment", name, GATE_NAMES);
      return [name, Number(percent) / 100];
    }),
  );
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
