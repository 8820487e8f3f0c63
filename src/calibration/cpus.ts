// Which CPU whose thread shall run on. Threads are moved with `taskset`, as Node cannot do that.

import { execFile, execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";

const TASKSET = "taskset";

/** One thread of each core first: two that share a core slow each other down. */
export function cpusInOrder(
  allowed: readonly number[],
  siblingsOf: (cpu: number) => readonly number[],
): number[] {
  const first: number[] = [];
  const second: number[] = [];
  for (const cpu of allowed) {
    const isTaken = siblingsOf(cpu).some((sibling) => first.includes(sibling));
    (isTaken ? second : first).push(cpu);
  }
  return [...first, ...second];
}

/** The CPUs of this host that this process may use. */
export function usableCpus(): number[] {
  const status = readFileSync("/proc/self/status", "utf8");
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? "0";
  return cpusInOrder(parseCpuList(list), siblingsOf);
}

/** Of `0-3,8`: cpuset's list format (`man 7 cpuset`). */
export function parseCpuList(text: string): number[] {
  return text
    .trim()
    .split(",")
    .flatMap((range) => {
      const [first, last = first] = range.split("-").map(Number);
      return Array.from({ length: last - first + 1 }, (_, i) => first + i);
    });
}

function siblingsOf(cpu: number): number[] {
  const path = `/sys/devices/system/cpu/cpu${cpu}/topology/thread_siblings_list`;
  try {
    return parseCpuList(readFileSync(path, "utf8"));
  } catch {
    return [cpu]; // Some virtual machines do not say.
  }
}

export function hasTaskset(): boolean {
  try {
    execFileSync(TASKSET, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** The words before a command that let it run on one CPU only. */
export function pinnedCommand(cpu: number): string[] {
  return [TASKSET, "-c", `${cpu}`];
}

/** Moves a thread that is there already. */
export async function pinThread(threadId: number, cpu: number): Promise<void> {
  await promisify(execFile)(TASKSET, ["-p", "-c", `${cpu}`, `${threadId}`]);
}
