// The replay of a trace as an experiment: each CPU is a core that does what the CPU did.

import { availableParallelism } from "node:os";
import { UsageError } from "../engine/errors.ts";
import { MAX_CORES } from "../engine/layout/shape.ts";
import { BASIC_POLICIES } from "../engine/policy/presets.ts";
import type { TraceOperationsData } from "../workloads/traces/index.ts";
import { TRACE } from "../workloads/workload.ts";
import type { Experiment } from "./experiments/schema.ts";

/**
 * Threads map a page in a microsecond or two, a kernel in less: undilated, a CPU with many faults
 * would be late for what the others do. Where threads have to share CPUs, they are given more time
 * still.
 */
const FITTING_DILATION = 20;
const CROWDED_DILATION = 100;

/** Idle stretches of a replay that is dilated or in virtual time are cut to this. */
export const SLOW_MAX_GAP_NS = 100_000;

/** Lists of what the machine has besides the trace's CPUs. */
interface MachineLists {
  readonly iommus?: readonly number[];
  readonly devices?: readonly number[];
}

/** `retimed` gives the operations at the times at which they are replayed. */
export function replayExperiment(
  name: string,
  recorded: TraceOperationsData,
  retimed: (isSlow: boolean) => TraceOperationsData,
  machine: MachineLists,
): Experiment {
  const cores = recorded.cpus.length;
  if (cores > MAX_CORES) {
    throw new UsageError(`the trace has ${cores} CPUs: a machine has at most ${MAX_CORES} cores`);
  }
  const { iommus = [0] } = machine;
  return {
    name: "replay",
    question: `What would ${name} cost under each policy?`,
    policies: [...BASIC_POLICIES],
    workloads: [{ name: `trace:${name}`, kind: TRACE, mode: 0, trace: retimed }],
    cores: [cores],
    initiators: cores,
    operations: 1, // Each CPU does all that is recorded of it, once.
    warmup: 0,
    grids: iommus.map((count) => {
      // An IOMMU without a device at work would have nothing cached.
      const devices = machine.devices ?? [Math.min(1, count)];
      const actors = cores + count + Math.max(...devices);
      const fits = actors <= availableParallelism();
      return {
        iommus: [count],
        devices: [...devices],
        dilation: fits ? FITTING_DILATION : CROWDED_DILATION,
      };
    }),
  };
}
