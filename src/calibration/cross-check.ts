// The kernel's own count of how often a call makes it tell other CPUs, where `perf` may read it:
// the tracepoint tlb:tlb_flush with reason 4, TLB_REMOTE_SEND_IPI (include/linux/mm_types.h).

import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { Initiator } from "./initiator-process.ts";

const ARGUMENTS = ["stat", "-x", ",", "-e", "tlb:tlb_flush", "--filter", "reason == 4"];
/** Begin without counting, and count from when that is written to descriptor 3; 4 answers. */
const CONTROLLED = ["--delay=-1", "--control=fd:3,4"];
/** To find the process and its threads; perf has ended or hangs if it takes longer. */
const ANSWER_WITHIN_MS = 5_000;
const CALLS_PER_SAMPLE = 10;
const SAMPLES = 20;

/** A number, or why there is none. */
export type CrossCheck =
  | { readonly sendsPerCall: number }
  | { readonly sendsPerCall: undefined; readonly why: string };

/** Sends per call of the process `pid`, whose first peer spins meanwhile. */
export async function countSends(pid: number, initiator: Initiator): Promise<CrossCheck> {
  const perf = spawn("perf", [...ARGUMENTS, ...CONTROLLED, "-p", `${pid}`], {
    env: { ...process.env, LC_ALL: "C" }, // Numbers without separators.
    stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"],
    detached: true, // Ctrl-C is for this process alone.
  });
  let report = "";
  perf.stderr!.on("data", (text) => {
    report += text;
  });
  for (const pipe of perf.stdio) pipe?.on("error", () => {}); // It has ended: its report says why.
  const ended = new Promise<boolean>((resolve) => {
    perf.on("error", (error) => {
      report = error.message;
      resolve(false);
    });
    perf.on("close", () => resolve(false));
  });
  (perf.stdio[3] as Writable).write("enable\n");
  const enabled = once(perf.stdio[4] as Readable, "data").then(() => true);
  const isCounting = await Promise.race([
    enabled,
    ended,
    delay(ANSWER_WITHIN_MS, false, { ref: false }),
  ]);
  if (!isCounting) {
    perf.kill();
    return { sendsPerCall: undefined, why: reasonIn(report) };
  }
  const request = { pages: CALLS_PER_SAMPLE, calls: CALLS_PER_SAMPLE, spinning: 1 };
  const batch = await initiator.batch({ ...request, samples: SAMPLES });
  perf.kill("SIGINT"); // Upon which it reports.
  await ended;
  const sends = sendsIn(report);
  if (sends === undefined) return { sendsPerCall: undefined, why: reasonIn(report) };
  return { sendsPerCall: sends / (batch.length * CALLS_PER_SAMPLE) };
}

/** The count in what `perf stat -x,` prints. */
export function sendsIn(report: string): number | undefined {
  const count = /^(\d+),[^,]*,tlb:tlb_flush/m.exec(report)?.[1];
  return count === undefined ? undefined : Number(count);
}

function reasonIn(report: string): string {
  const [first = "it does not answer"] = report.split("\n").filter((line) => line.trim() !== "");
  return `perf may not read tlb:tlb_flush (${first.trim()})`;
}
