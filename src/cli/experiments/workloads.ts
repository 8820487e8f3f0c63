// Workloads by name.

import { UsageError } from "../../engine/errors.ts";
import { unknownName } from "../../engine/names.ts";
import { WIDEN_FLUSHED, WIDEN_UNFLUSHED } from "../../workloads/mprotect.ts";
import { PORT_MODES } from "../../workloads/port.ts";
import { TLB_BENCH_MODES } from "../../workloads/tlb-bench.ts";
import type { TraceOperationsData } from "../../workloads/traces/index.ts";
import {
  FORK_COW,
  IDLE_HEAVY,
  MADVISE,
  MIGRATE,
  MPROTECT,
  MPROTECT_WIDEN,
  MUNMAP,
  MUNMAP_RANGE,
  NIC_RX,
  NIC_TX,
  PAGE_TABLE_FREE,
  PORT,
  RECLAIM,
  RESIZE,
  SERVER,
  TLB_BENCH,
} from "../../workloads/workload.ts";

export interface NamedWorkload {
  readonly name: string;
  readonly kind: number;
  /** Which mode of Akaros's benchmark, of a port, or of widening; 0 for the others. */
  readonly mode: number;
  /** Of a replay: the operations, in real time or with times that suit a slower machine. */
  readonly trace?: (isSlow: boolean) => TraceOperationsData;
}

const TRACE_PREFIX = "trace:";

const WORKLOADS: readonly NamedWorkload[] = [
  { name: "munmap", kind: MUNMAP, mode: 0 },
  { name: "munmap-range", kind: MUNMAP_RANGE, mode: 0 },
  { name: "madvise", kind: MADVISE, mode: 0 },
  { name: "mprotect", kind: MPROTECT, mode: 0 },
  { name: "mprotect:widen", kind: MPROTECT_WIDEN, mode: WIDEN_FLUSHED },
  { name: "mprotect:widen-unflushed", kind: MPROTECT_WIDEN, mode: WIDEN_UNFLUSHED },
  { name: "resize", kind: RESIZE, mode: 0 },
  { name: "server", kind: SERVER, mode: 0 },
  { name: "nic-rx", kind: NIC_RX, mode: 0 },
  { name: "nic-tx", kind: NIC_TX, mode: 0 },
  ...PORT_MODES.map((name, mode) => ({ name: `port:${name}`, kind: PORT, mode })),
  { name: "reclaim", kind: RECLAIM, mode: 0 },
  { name: "fork-cow", kind: FORK_COW, mode: 0 },
  { name: "migrate", kind: MIGRATE, mode: 0 },
  { name: "page-table-free", kind: PAGE_TABLE_FREE, mode: 0 },
  { name: "idle-heavy", kind: IDLE_HEAVY, mode: 0 },
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
