// Replays of traces in virtual time, in this thread, under the policy of Linux on x86.

import { withoutGaps } from "../../dist/src/cli/trace-times.js";
import { VirtualExecutor } from "../../dist/src/engine/executor/virtual.js";
import type { Policy } from "../../dist/src/engine/policy/policy.js";
import { STRICT } from "../../dist/src/engine/policy/presets.js";
import { countsRows } from "../../dist/src/results/counts.js";
import { machineOf, playOf } from "../../dist/src/workers/point.js";
import { resultOf } from "../../dist/src/workers/sums.js";
import { partOf } from "../../dist/src/workloads/cast.js";
import type { TraceWorkload } from "../../dist/src/workloads/traces/index.js";
import { kernelCounts } from "../../dist/src/workloads/traces/index.js";
import { TRACE } from "../../dist/src/workloads/workload.js";
import { pointOf, workloadOf } from "./points.ts";

/** Linux arch/x86/mm/tlb.c and mm/mmu_gather.c, as far as the choices of a policy go. */
export const LINUX: Policy = {
  ...STRICT,
  name: "linux",
  whenCores: { kind: "batch", pages: 9690 },
  whom: { among: "loaded", skipIdle: true, broadcastFrom: 0 },
  local: "concurrent",
  extent: { fullAbovePages: 33, generations: true },
};

export interface Count {
  readonly kernel: number | undefined;
  readonly replayed: number;
}

/** By cause and metric, `all` for the sum over causes: `counts.all.ipis.replayed`. */
export type Counts = Record<string, Record<string, Count>>;

/** Replays the whole trace under `policy`, with idle stretches cut to `maxGapNs`. */
export function replay(read: TraceWorkload, policy = LINUX, maxGapNs = 100_000): Counts {
  const trace = withoutGaps(read.operations.data, maxGapNs);
  const cores = trace.cpus.length;
  const workload = workloadOf({
    kind: TRACE,
    initiators: cores,
    operations: 0,
    warmup: 0,
    windows: 0,
    trace,
  });
  const point = pointOf({ executor: "virtual", policy, cores, workload });
  const machine = machineOf(point);
  const executor = new VirtualExecutor(machine);
  const parts = executor.cpus.map((cpu) => partOf(cpu, machine, playOf(point)));
  executor.complete(parts.map(({ protocol }) => protocol));
  const reports = parts.map(({ report }) => report());
  const result = resultOf(point, reports, 0);
  const measured = { experiment: "", id: "", workload: "", pages: undefined, point };
  const kernel = kernelCounts(read.kernelRequests ?? [], Number.POSITIVE_INFINITY);
  const counts: Counts = {};
  for (const row of countsRows({ ...measured, repetition: 1, result }, kernel)) {
    const ofCause = counts[`${row.cause}`] ?? {};
    counts[`${row.cause}`] = ofCause;
    ofCause[`${row.metric}`] = {
      kernel: row.kernel as number | undefined,
      replayed: Number(row.replayed),
    };
  }
  return counts;
}
