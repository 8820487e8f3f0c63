// What `shootdown replay` does.

import { availableParallelism } from "node:os";
import {
  kernelCounts,
  readWorkload,
  type TraceOperationsData,
} from "../../workloads/traces/index.ts";
import { QUICK_OPERATIONS, type ReplayOptions } from "../commands/replay.ts";
import { expand } from "../experiments/expand.ts";
import { commonOverrides, samplingOf } from "../options.ts";
import { partNote, replayExperiment, SLOW_MAX_GAP_NS } from "../replay.ts";
import { runPoints } from "../run.ts";
import { firstOperations, traceName, withoutGaps } from "../trace-times.ts";

const GAP_NOTE =
  `stretches of more than ${SLOW_MAX_GAP_NS / 1000} µs in which nothing happens are cut to that. ` +
  "Use --max-gap none to keep them.";

export async function replay(trace: string, options: ReplayOptions): Promise<void> {
  const { strict = false, quick = false, quiet = false, pid, seed, maxGap } = options;
  const read = await readWorkload(trace, { strict, ...(pid !== undefined && { pid }) });
  const limit = options.ops ?? (quick ? QUICK_OPERATIONS : Number.POSITIVE_INFINITY);
  const recorded = firstOperations(read.operations.data, limit);
  const takesAll = recorded === read.operations.data;
  const untilNs = takesAll ? Number.POSITIVE_INFINITY : lastNs(recorded);
  const part = {
    takenOperations: recorded.byTime.length,
    operations: read.operations.data.byTime.length,
    requests: read.kernelRequests,
    lastNs: untilNs,
  };
  const name = traceName(trace);
  const { points, notes } = expand(
    replayExperiment(name, recorded, retimed(recorded, maxGap), options),
    {
      quick,
      seed,
      jitter: options.jitter,
      check: options.check,
      hostCpus: availableParallelism(),
      overrides: commonOverrides(options),
    },
  );
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
      kernel: kernelCounts(read.kernelRequests, untilNs),
    }),
    takesAll,
    notes: [
      ...read.warnings,
      ...(takesAll ? [] : [partNote(part)]),
      ...notes,
      ...(isSlow && maxGap === undefined ? [GAP_NOTE] : []),
    ],
    out: options.out,
    format: options.format,
    quiet,
  });
}

/** When the last operation was recorded. */
function lastNs({ byTime, atNs }: TraceOperationsData): number {
  return atNs[byTime[byTime.length - 1]];
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
