// What the cores do, in numbers: what crosses into every worker. Names and experiments are the
// business of whoever makes a plan; here a workload is only what an actor has to know.

import type { TraceOperationsData } from "./traces/index.ts";

export const MUNMAP = 0;
export const MUNMAP_RANGE = 1;
export const TLB_BENCH = 2;
export const TRACE = 3;
export const MADVISE = 4;
export const MPROTECT = 5;
export const MPROTECT_WIDEN = 6;
export const SERVER = 7;
export const NIC_RX = 8;
export const NIC_TX = 9;
export const RECLAIM = 10;
export const FORK_COW = 11;
export const MIGRATE = 12;
export const IDLE_HEAVY = 13;
export const PAGE_TABLE_FREE = 14;
export const STRESS = 15;
export const RESIZE = 16;
export const PORT = 17;

/** What a stress run does: all that a core has to do is one operation of its workload. */
export interface StressPlan {
  /** Changes of the address space and accesses of each core. */
  readonly operations: number;
  /** Pages that each core maps and takes away, and that only it does that to … */
  readonly ownPages: number;
  /** … and pages that all cores do that to. */
  readonly sharedPages: number;
  /** How long a DMA is in flight: longer than what an IOMMU needs to say that it has flushed. */
  readonly dmaNs: number;
  /** Rounds of a core from one injected fault to its next, on average; 0: none. */
  readonly faultEvery: number;
}

/** What a port's flows are like. */
export interface PortPlan {
  /** Each has a descriptor ring. */
  readonly flows: number;
  /** Pages that the device moves for one flow before it looks for another. */
  readonly burstPages: number;
}

/** What of an operation's way through the kernel only one core of the machine is in at a time. */
export interface SerialPlan {
  /** Kernel time of each operation under the lock. */
  readonly ns: number;
  /** Whether the lock is kept until the operation has returned from its flush. */
  readonly untilFlushed: boolean;
}

export interface Compiling {
  readonly operations: number;
  readonly untilNs: number;
}

export interface WorkloadPlan {
  readonly kind: number;
  /** Pages that one operation takes away. */
  readonly pages: number;
  /** Cores 0 to this − 1 do operations; the others have the process loaded and answer. */
  readonly initiators: number;
  /** Operations of each initiator that are measured, and before them those that are not. */
  readonly operations: number;
  readonly warmup: number;
  /**
   * The warm-up then goes on until latencies have settled, for as many operations as are measured
   * at most; unless it is said, it does not.
   */
  readonly settles?: boolean;
  /**
   * Before the warm-up: so many that have the host compile what they run, but none that would begin
   * after `untilNs`, in modelled time since the run began.
   */
  readonly compiling?: Compiling;
  /** User time between two operations. */
  readonly gapNs: number;
  /**
   * From one operation of an initiator being due to the next, on average; undefined: each comes
   * when the one before is done.
   */
  readonly arrivalNs?: number;
  /** It is so long each time, and initiators take turns; unless it is said, it is random. */
  readonly fixedArrivals?: true;
  /** User time from one access of a program to the next. */
  readonly accessGapNs: number;
  /** Every so much user time a responder is in the kernel with interrupts off … */
  readonly maskedEveryNs: number;
  /** … for so long. */
  readonly maskedNs: number;
  /** The last cores: asleep with the space still loaded … */
  readonly idleCores: number;
  /** … and before them, those that run another process. */
  readonly otherCores: number;
  /** From the start of one DMA of a device to the start of its next. */
  readonly dmaPeriodNs: number;
  /** Devices have TLBs of their own (ATS). */
  readonly ats: boolean;
  /**
   * Which mode of Akaros's benchmark (TLB_BENCH), how a port's buffers are mapped (PORT), or
   * whether widening is followed by a flush (MPROTECT_WIDEN).
   */
  readonly mode: number;
  /** Windows of `pages` pages that an initiator uses in turn. */
  readonly windows: number;
  /** The operations of a trace (TRACE). */
  readonly trace: TraceOperationsData | undefined;
  /** Pages that a program's accesses are drawn from; 256 if nothing is said. */
  readonly programPages?: number;
  /** Programs access nothing that another core may have mapped. */
  readonly privateAccesses?: true;
  /** Lines that a handler fetches besides the message's (MachineShape.messageLines). */
  readonly messageLines?: number;
  /** Lines that an initiator fetches from each core it tells (MachineShape.targetLines). */
  readonly targetLines?: number;
  /** Leaf tables have locks of their own. */
  readonly tableLocks?: true;
  /** Of the family of MUNMAP only; all of an operation but the page table is parallel without. */
  readonly serial?: SerialPlan;
  /** STRESS only. */
  readonly stress?: StressPlan;
  /** PORT only. */
  readonly port?: PortPlan;
}
