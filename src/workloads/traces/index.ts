// What the rest of the program uses of this folder. README.md has the map.

export {
  type AnalyzeOptions,
  analyzeTrace,
  type CriticalPathRow,
  type LatencyPercentiles,
  type Percentiles,
  type TraceAnalysis,
} from "./analyze.ts";
export { type CriticalPath, KERNEL_SEGMENTS, type KernelSegment } from "./critical-path.ts";
export { CAUSES, type Cause } from "./event.ts";
export {
  type CauseCounts,
  type CountsByCause,
  FLUSH_METRICS,
  type FlushMetric,
  type KernelRequest,
  kernelCounts,
  NO_COUNTS,
} from "./kernel-counts.ts";
export {
  FREES_TABLES,
  KEEPS_FIRST_TABLE,
  KEEPS_LAST_TABLE,
  OPERATION_CAUSES,
  OPERATION_KINDS,
  type OperationCause,
  type OperationKind,
  type TraceOperation,
  TraceOperations,
  type TraceOperationsData,
} from "./operations.ts";
export { type ReadOptions, readTrace, type TraceSummary } from "./reader.ts";
export type { FinishedShootdown, ToldCpu } from "./shootdown.ts";
export {
  type LeftOutProcess,
  readWorkload,
  type TraceWorkload,
  type WorkloadOptions,
} from "./workload.ts";
