// The replay of a trace as an experiment: each CPU is a core that does what the CPU did.

import { availableParallelism } from "node:os";
import { UsageError } from "../engine/errors.ts";
import { MAX_CORES } from "../engine/layout/shape.ts";
import { BASIC_POLICIES } from "../engine/policy/presets.ts";
import type { KernelRequest, TraceOperationsData } from "../workloads/traces/index.ts";
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

/** A recorded program, and the part of it that is replayed. */
interface Part {
  readonly takenOperations: number;
  readonly operations: number;
  /** The kernel's requests; undefined where the trace shows none at all. */
  readonly requests: readonly KernelRequest[] | undefined;
  /** When the last operation that is taken was recorded. */
  readonly lastNs: number;
}

/**
 * What a replay of a part leaves out: a program's start may tell nobody, and all policies then look
 * the same. Requests whose IPIs the trace does not show count as telling.
 */
export function partNote({ takenOperations, operations, requests, lastNs }: Part): string {
  const telling = requests?.filter(({ ipis }) => ipis !== 0);
  const taken = telling?.filter(({ atNs }) => atNs <= lastNs);
  const which =
    telling === undefined || taken === undefined
      ? ""
      : `, with ${taken.length} of the ${telling.length} requests of the recorded kernel that ` +
        "told another CPU";
  return (
    `only the first ${takenOperations} of ${operations} operations are replayed${which}. ` +
    "Use more --ops to take more."
  );
}

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
