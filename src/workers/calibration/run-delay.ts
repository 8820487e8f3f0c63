// How long the kernel has let this thread wait for a CPU although it could have run: what tells
// that somebody else ran in its place. Source: Documentation/scheduler/sched-stats.rst,
// /proc/PID/schedstat, second number: time spent waiting on a run queue, in ns.

import { openSync, readlinkSync, readSync } from "node:fs";

const PATH = "/proc/thread-self/schedstat";
const LARGEST_BYTES = 128;

export class RunDelay {
  private readonly file: number | undefined;
  private readonly buffer = Buffer.alloc(LARGEST_BYTES);

  /** Of the thread that makes it. */
  constructor() {
    this.file = openIfThere();
  }

  /** Whether this kernel tells. */
  get isKnown(): boolean {
    return this.file !== undefined;
  }

  /** So far, in ns; always 0 where the kernel does not tell. */
  readNs(): number {
    if (this.file === undefined) return 0;
    const bytes = readSync(this.file, this.buffer, 0, LARGEST_BYTES, 0);
    return runDelayIn(this.buffer.toString("latin1", 0, bytes));
  }
}

/** Of the text of a schedstat file; throws what is our own bug if it is no such text. */
export function runDelayIn(schedstat: string): number {
  const delayNs = Number(schedstat.split(" ")[1]);
  if (Number.isFinite(delayNs)) return delayNs;
  throw new Error(`not a schedstat: ${schedstat}`);
}

/** As the kernel and `taskset` call this thread; 0 where there is no /proc. */
export function ownThreadId(): number {
  try {
    return Number(readlinkSync("/proc/thread-self").split("/").at(-1));
  } catch {
    return 0;
  }
}

/** A kernel without CONFIG_SCHED_INFO has no such file. */
function openIfThere(): number | undefined {
  try {
    return openSync(PATH, "r");
  } catch {
    return undefined;
  }
}
