// Lines of `perf script`, as small hand-written traces need them, and a way to read them.

import { Readable } from "node:stream";
import type { TraceEvent } from "../../../dist/src/workloads/traces/event.js";
import { TraceParser } from "../../../dist/src/workloads/traces/parser.js";

export interface Where {
  readonly comm?: string;
  readonly pid?: number;
  readonly tid?: number;
  readonly cpu?: number;
}

/** One line; `us` counts from second 100. */
export function line(us: number, name: string, payload: string, where: Where = {}): string {
  const { comm = "app", pid = 10, tid = pid, cpu = 0 } = where;
  const seconds = 100 + Math.floor(us / 1e6);
  const fraction = String(Math.round((us % 1e6) * 1000)).padStart(9, "0");
  const cpuText = String(cpu).padStart(3, "0");
  const head = `${comm.padStart(16)} ${pid}/${tid} [${cpuText}]  ${seconds}.${fraction}:`;
  return `${head} ${name}: ${payload}`;
}

const FLUSH_FUNCTION = "func=flush_tlb_func";
const SITE = "callsite=on_each_cpu_cond_mask+0x20";

/** The tracepoints of one shootdown, by the names this test suite uses. */
export const at = {
  enterMunmap: (us: number, where?: Where, address = "0x7f0000000000", bytes = "0x10000") =>
    line(us, "syscalls:sys_enter_munmap", `addr: ${address}, len: ${bytes}`, where),
  exitMunmap: (us: number, where?: Where, result = "0x0") =>
    line(us, "syscalls:sys_exit_munmap", result, where),
  fault: (us: number, address: string, errorCode: string, where?: Where, ip = "0x401000") =>
    line(
      us,
      "exceptions:page_fault_user",
      `address=${address} ip=${ip} error_code=${errorCode}`,
      where,
    ),
  request: (us: number, pages: number, where?: Where) =>
    line(us, "tlb:tlb_flush", `pages:${pages} reason:remote IPI send (4)`, where),
  queue: (us: number, target: number, csd: string, where?: Where) =>
    line(us, "csd:csd_queue_cpu", `cpu=${target} ${SITE} ${FLUSH_FUNCTION} csd=${csd}`, where),
  sendOne: (us: number, target: number, where?: Where) =>
    line(us, "ipi:ipi_send_cpu", `cpu=${target} ${SITE} callback=generic_smp_call+0x0`, where),
  sendMask: (us: number, mask: string, where?: Where) =>
    line(us, "ipi:ipi_send_cpumask", `cpumask=${mask} ${SITE} callback=generic_smp+0x0`, where),
  localEntry: (us: number, where?: Where) =>
    line(us, "csd:csd_function_entry", `${FLUSH_FUNCTION}, csd=(nil)`, where),
  localExit: (us: number, where?: Where) =>
    line(us, "csd:csd_function_exit", `${FLUSH_FUNCTION}, csd=(nil)`, where),
  irqEntry: (us: number, where?: Where) =>
    line(us, "irq_vectors:call_function_entry", "vector=252", where),
  irqExit: (us: number, where?: Where) =>
    line(us, "irq_vectors:call_function_exit", "vector=252", where),
  functionEntry: (us: number, csd: string, where?: Where) =>
    line(us, "csd:csd_function_entry", `${FLUSH_FUNCTION}, csd=${csd}`, where),
  functionExit: (us: number, csd: string, where?: Where) =>
    line(us, "csd:csd_function_exit", `${FLUSH_FUNCTION}, csd=${csd}`, where),
  switchTo: (us: number, nextTid: number, where?: Where, nextComm = "app") =>
    line(
      us,
      "sched:sched_switch",
      `prev_comm=x prev_pid=1 prev_prio=120 prev_state=S ==> ` +
        `next_comm=${nextComm} next_pid=${nextTid} next_prio=120`,
      where,
    ),
};

/** Options that make `-` read these lines. */
export function given(lines: readonly string[]): { standardInput: Readable } {
  return { standardInput: Readable.from([Buffer.from(`${lines.join("\n")}\n`)]) };
}

/** The fields that tests compare, as a plain object. */
export interface PlainEvent {
  readonly comm: string;
  readonly pid: number;
  readonly tid: number;
  readonly cpu: number;
  readonly timeNs: number;
  readonly name: string;
}

export function plain(event: TraceEvent): PlainEvent {
  const { pid, tid, cpu, timeNs, name } = event;
  return { comm: event.comm(), pid, tid, cpu, timeNs, name };
}

/** Parses text in the given chunks. */
export function parseChunks(
  chunks: readonly Buffer[],
  strict = false,
): { parser: TraceParser; events: PlainEvent[] } {
  const events: PlainEvent[] = [];
  const parser = new TraceParser((event) => events.push(plain(event)), { file: "t", strict });
  for (const chunk of chunks) parser.feed(chunk);
  parser.end();
  return { parser, events };
}
