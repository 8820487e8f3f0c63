// Workloads by name: `munmap`, `munmap-range`, `tlb-bench:MODE`.

import { UsageError } from "../../engine/errors.ts";
import { unknownName } from "../../engine/names.ts";
import { TLB_BENCH_MODES } from "../../workloads/tlb-bench.ts";
import type { TraceOperationsData } from "../../workloads/traces/index.ts";
import { MUNMAP, MUNMAP_RANGE, TLB_BENCH } from "../../workloads/workload.ts";

export interface NamedWorkload {
  readonly name: string;
  readonly kind: number;
  /** Which mode of Akaros's benchmark; 0 for the others. */
  readonly mode: number;
  /** Of a replay: the operations, in real time or with times that suit a slower machine. */
  readonly trace?: (isSlow: boolean) => TraceOperationsData;
}

const TRACE_PREFIX = "trace:";

const WORKLOADS: readonly NamedWorkload[] = [
  { name: "munmap", kind: MUNMAP, mode: 0 },
  { name: "munmap-range", kind: MUNMAP_RANGE, mode: 0 },
  ...TLB_BENCH_MODES.map((name, mode) => ({ name: `tlb-bench:${name}`, kind: TLB_BENCH, mode })),
];

/** Throws a UsageError for a name that is none. */
export function parseWorkload(name: string): NamedWorkload {
  const workload = WORKLOADS.find((known) => known.name === name);
  if (workload !== undefined) return workload;
  if (name.startsWith(TRACE_PREFIX)) {
    throw new UsageError(`"${name}" is no part of an experiment: use shootdown replay TRACE`);
  }
  throw unknownName(
    "workload",
    name,
    WORKLOADS.map((known) => known.name),
  );
}
