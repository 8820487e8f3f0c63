// Made-up points whose operations took as long as is said.

import { parsePolicy } from "../../dist/src/engine/policy/parse.js";
import { STRICT } from "../../dist/src/engine/policy/presets.js";
import { Histogram } from "../../dist/src/engine/probe/histogram.js";
import type { MeasuredPoint } from "../../dist/src/results/rows.js";
import { pointOf, workloadOf } from "./points.ts";

/** A point of `policy` whose operations all took `ns`. */
export function took(
  policy: string,
  cores: number,
  pages: number,
  ns: number,
  fullFlushes = 0,
): MeasuredPoint {
  const latency = new Histogram();
  latency.record(Math.round(ns), 10);
  const point = pointOf({
    cores,
    policy: policy === "crowded" ? { ...STRICT, name: policy } : parsePolicy(policy),
    workload: workloadOf({ pages }),
  });
  const named = { experiment: "e", id: `${policy} ${cores} ${pages}`, workload: "munmap" };
  const counters = { operations: 10, backgroundNs: 0, fullFlushes };
  const result = { latency, cores: counters, responders: cores - 1 };
  return { ...named, pages, point, repetition: 1, result } as unknown as MeasuredPoint;
}
