// What a host must have so that real shootdowns can be caused and judged on it.

import { UsageError } from "../engine/errors.ts";

/** What is asked of a host. */
export interface HostAbilities {
  readonly platform: string;
  /** CPUs that this process may use at once. */
  readonly cpus: number;
  readonly resizesBuffers: boolean;
  /** Whether threads can share memory and sleep on it. */
  readonly waitsOnSharedMemory: boolean;
}

export function abilitiesOf(cpus: number): HostAbilities {
  return {
    platform: process.platform,
    cpus,
    resizesBuffers: typeof ArrayBuffer.prototype.resize === "function",
    waitsOnSharedMemory: typeof SharedArrayBuffer === "function" && canWait(),
  };
}

/** A wait on a word that holds something else ends at once, if threads may wait at all. */
function canWait(): boolean {
  try {
    return Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1) === "not-equal";
  } catch {
    return false;
  }
}

/** Throws a UsageError that says of each thing missing what, why, and what to do. */
export function requireAbilities(host: HostAbilities): void {
  const missing: string[] = [];
  if (host.platform !== "linux") {
    missing.push(
      `this is ${host.platform}: how shrinking a buffer shoots down TLBs, and /proc, which tells ` +
        "who was not running, are Linux's. Run it on Linux, or in a virtual machine with it",
    );
  }
  if (host.cpus < 2) {
    missing.push(
      "this process may use one CPU: a thread is told of a shootdown only while it runs, so that " +
        "it needs a CPU beside the initiator's. Allow it two (taskset, --cpus of a container)",
    );
  }
  if (!host.resizesBuffers) {
    missing.push(
      "ArrayBuffer.prototype.resize is missing: it is what gives pages back. Use Node 20 or later",
    );
  }
  if (!host.waitsOnSharedMemory) {
    missing.push(
      "threads cannot wait on a SharedArrayBuffer: peers could not sleep. Run Node without " +
        "flags that take it away",
    );
  }
  if (missing.length > 0) {
    throw new UsageError(`real shootdowns cannot be measured here: ${missing.join("; ")}`);
  }
}
