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
export {
  OPERATION_CAUSES,
  OPERATION_KINDS,
  type OperationCause,
  type OperationKind,
  type TraceOperation,
  TraceOperations,
  type TraceOperationsData,
} from "./operations.ts";
export { type ReadOptions, readTrace, type TraceSummary } from "./reader.ts";
export type { FinishedShootdown } from "./tracker.ts";
export {
  type LeftOutProcess,
  readWorkload,
  type TraceWorkload,
  type WorkloadOptions,
} from "./workload.ts";
