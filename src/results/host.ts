// What this machine is: what a result needs beside it to be read.

import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";

export interface Host {
  readonly cpu: string;
  /** CPUs that this process may use. */
  readonly cpus: number;
  readonly memory_bytes: number;
  readonly kernel: string;
  readonly node: string;
  readonly v8: string;
  /** Of the last minute. */
  readonly load: number;
  /** Null where it cannot be known. */
  readonly virtualized: boolean | null;
}

export function describeHost(): Host {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cpus: availableParallelism(),
    memory_bytes: totalmem(),
    kernel: release(),
    node: process.versions.node,
    v8: process.versions.v8,
    load: loadavg()[0],
    virtualized: isVirtualized(),
  };
}

/**
 * Whether a hypervisor announces itself to this machine (CPUID leaf 1, ECX bit 31, as Linux
 * lists it).
 */
function isVirtualized(): boolean | null {
  try {
    const flags = /^flags\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"));
    return flags === null ? null : flags[1].split(" ").includes("hypervisor");
  } catch {
    return null; // Not Linux.
  }
}
