// What `shootdown replay` does.

import { availableParallelism } from "node:os";
import { UsageError } from "../../engine/errors.ts";
import { MAX_CORES } from "../../engine/layout/shape.ts";
import { BASIC_POLICIES } from "../../engine/policy/presets.ts";
import {
  kernelCounts,
  readWorkload,
  type TraceOperationsData,
} from "../../workloads/traces/index.ts";
import { TRACE } from "../../workloads/workload.ts";
import { QUICK_OPERATIONS, type ReplayOptions } from "../commands/replay.ts";
import { expand } from "../experiments/expand.ts";
import type { Experiment } from "../experiments/schema.ts";
import { commonOverrides, samplingOf } from "../options.ts";
import { runPoints } from "../run.ts";
import { firstOperations, traceName, withoutGaps } from "../trace-times.ts";

/**
 * Threads map a page in a microsecond or two, a kernel in less: undilated, a CPU with many faults
 * would be late for what the others do. Where threads have to share CPUs, they are given more time
 * still.
 */
const FITTING_DILATION = 20;
const CROWDED_DILATION = 100;

/** Idle stretches of a replay that is dilated or in virtual time are cut to this. */
const SLOW_MAX_GAP_NS = 100_000;
const GAP_NOTE =
  `stretches of more than ${SLOW_MAX_GAP_NS / 1000} µs in which nothing happens are cut to that. ` +
  "Use --max-gap none to keep them.";
export async function replay(trace: string, options: ReplayOptions): Promise<void> {
  const { strict = false, quick = false, quiet = false, pid, seed, maxGap } = options;
  const read = await readWorkload(trace, { strict, ...(pid !== undefined && { pid }) });
  const limit = options.ops ?? (quick ? QUICK_OPERATIONS : Number.POSITIVE_INFINITY);
  const recorded = firstOperations(read.operations.data, limit);
  const name = traceName(trace);
  const { points, notes } = expand(experimentOf(name, recorded, options), {
    quick,
    seed,
    jitter: options.jitter,
    check: options.check,
    hostCpus: availableParallelism(),
    overrides: commonOverrides(options),
  });
  const isSlow = points.some(({ point: { executor, dilation } }) => {
    return executor === "virtual" || dilation > 1;
  });
  await runPoints({
    name: `replay-${name}`,
    points,
    seed,
    sampling: samplingOf(options),
    logsSamples: options.samples === true,
    experiment: [
      { file: trace, pid: read.pid, comm: read.comm, operations: recorded.byTime.length },
    ],
    ...(read.kernelRequests !== undefined && {
      kernel: kernelCounts(
        read.kernelRequests,
        lastNs(recorded, recorded === read.operations.data),
      ),
    }),
    notes: [...read.warnings, ...notes, ...(isSlow && maxGap === undefined ? [GAP_NOTE] : [])],
    out: options.out,
    format: options.format,
    quiet,
  });
}

/** Up to when the kernel's requests count: all of them, unless operations are left out. */
function lastNs({ byTime, atNs }: TraceOperationsData, isWhole: boolean): number {
  return isWhole ? Number.POSITIVE_INFINITY : atNs[byTime[byTime.length - 1]];
}

/** The replay of a trace as an experiment: each CPU is a core that does what the CPU did. */
function experimentOf(
  name: string,
  recorded: TraceOperationsData,
  options: ReplayOptions,
): Experiment {
  const cores = recorded.cpus.length;
  if (cores > MAX_CORES) {
    throw new UsageError(`the trace has ${cores} CPUs: a machine has at most ${MAX_CORES} cores`);
  }
  const iommus = options.iommus ?? [0];
  return {
    name: "replay",
    question: `What would ${name} cost under each policy?`,
    policies: [...BASIC_POLICIES],
    workloads: [
      { name: `trace:${name}`, kind: TRACE, mode: 0, trace: retimed(recorded, options.maxGap) },
    ],
    cores: [cores],
    initiators: cores,
    operations: 1, // Each CPU does all that is recorded of it, once.
    warmup: 0,
    grids: iommus.map((count) => {
      // An IOMMU without a device at work would have nothing cached.
      const devices = options.devices ?? [Math.min(1, count)];
      const actors = cores + count + Math.max(...devices);
      const fits = actors <= availableParallelism();
      return { iommus: [count], devices, dilation: fits ? FITTING_DILATION : CROWDED_DILATION };
    }),
  };
}

/** The operations with their gaps cut as asked for; points that cut the same share one copy. */
function retimed(
  recorded: TraceOperationsData,
  maxGapNs: number | undefined,
): (isSlow: boolean) => TraceOperationsData {
  const copies = new Map<number, TraceOperationsData>();
  return (isSlow) => {
    const gapNs = maxGapNs ?? (isSlow ? SLOW_MAX_GAP_NS : Number.POSITIVE_INFINITY);
    const copy = copies.get(gapNs) ?? withoutGaps(recorded, gapNs);
    copies.set(gapNs, copy);
    return copy;
  };
}
