// Which tracepoints and which fields a trace needs for what, and how to record those that it lacks.
//
// purpose   cannot do without                  says less without
// analyze   tlb_flush                          csd and ipi, call_function, system calls, faults
// replay    faults, system calls (or a copy    sched_switch
//           on write among the faults)

import { UsageError } from "../../engine/errors.ts";
import type { TraceSummary } from "./reader.ts";

const SYSCALL_NAMES = ["mmap", "munmap", "madvise", "mprotect", "mremap"];
const SCRIPT_FLAGS = "perf script --ns -F comm,pid,tid,cpu,time,event,trace";

/** Tracepoints that say the same; one of them in a trace shows that they were recorded. */
export const TRACEPOINTS = {
  flush: ["tlb:tlb_flush"],
  send: ["csd:csd_queue_cpu", "ipi:ipi_send_cpu", "ipi:ipi_send_cpumask"],
  queue: ["csd:csd_queue_cpu"],
  ipi: ["ipi:ipi_send_cpu", "ipi:ipi_send_cpumask"],
  functionEntry: ["csd:csd_function_entry"],
  functionExit: ["csd:csd_function_exit"],
  handlerEntry: ["irq_vectors:call_function_single_entry", "irq_vectors:call_function_entry"],
  handlerExit: ["irq_vectors:call_function_single_exit", "irq_vectors:call_function_exit"],
  enter: SYSCALL_NAMES.map((name) => `syscalls:sys_enter_${name}`),
  exit: SYSCALL_NAMES.map((name) => `syscalls:sys_exit_${name}`),
  fault: ["exceptions:page_fault_user"],
  switch: ["sched:sched_switch"],
} as const satisfies Record<string, readonly string[]>;

export type TracepointGroup = keyof typeof TRACEPOINTS;

export type Purpose = "analyze" | "replay";
const NEEDED: Record<Purpose, readonly TracepointGroup[]> = {
  analyze: [
    "flush",
    "send",
    "functionEntry",
    "functionExit",
    "handlerEntry",
    "handlerExit",
    "enter",
    "exit",
    "fault",
  ],
  replay: ["enter", "exit", "fault", "switch"],
};

/** Whether any tracepoint of the group occurs. */
export function has(summary: TraceSummary, group: TracepointGroup): boolean {
  return TRACEPOINTS[group].some((name) => summary.eventsByName.has(name));
}

/**
 * Tracepoints of the group that were not recorded: all if none occurs, otherwise those whose other
 * end does. An interrupt that never came has neither end, and says nothing.
 */
export function notRecorded(summary: TraceSummary, group: TracepointGroup): readonly string[] {
  if (!has(summary, group)) return TRACEPOINTS[group];
  const { eventsByName } = summary;
  return TRACEPOINTS[group].filter((name) => {
    return !eventsByName.has(name) && eventsByName.has(otherEnd(name));
  });
}

function otherEnd(name: string): string {
  return name.replace(/(entry|exit)$/, (end) => (end === "entry" ? "exit" : "entry"));
}

/** Of system calls that return without ever having begun, since only that event is recorded. */
export function callsWithoutEntry(summary: TraceSummary): string[] {
  const { eventsByName } = summary;
  if (!has(summary, "enter")) return []; // Of all of them: that is said elsewhere.
  return SYSCALL_NAMES.flatMap((name) => {
    const [entry, exit] = [`syscalls:sys_enter_${name}`, `syscalls:sys_exit_${name}`];
    const exits = eventsByName.get(exit) ?? 0;
    if (exits === 0 || eventsByName.has(entry)) return [];
    const what = `${exits} ${exit} and no ${entry}: what these calls did counts as something else`;
    return [`${what}, or not at all. Record with: -e ${entry}`];
  });
}

/** `-e tlb:tlb_flush -e …`: what `perf record` must be told for these groups. */
function groupFlags(groups: readonly TracepointGroup[]): string {
  return recordFlags(groups.flatMap((group): readonly string[] => TRACEPOINTS[group]));
}

/** The same for tracepoints. */
export function recordFlags(names: readonly string[]): string {
  return [...new Set(names)].map((name) => `-e ${name}`).join(" ");
}

/** The groups a purpose uses that do not occur at all. */
function missingGroups(summary: TraceSummary, purpose: Purpose): TracepointGroup[] {
  return NEEDED[purpose].filter((group) => !has(summary, group));
}

/**
 * Throws a UsageError if no line could be read as an event; the message says which field
 * is missing.
 */
export function requireEvents(summary: TraceSummary, purpose: Purpose): void {
  if (summary.events > 0) return;
  if (summary.linesSkipped === 0) {
    throw new UsageError(`${summary.file} holds no event; record with: ${recordCommand(purpose)}`);
  }
  const { line, text } = summary.skippedSamples[0]!;
  throw new UsageError(
    `${summary.file} holds no event that could be read: ${missingField(summary)}. ` +
      `Write the text with: ${SCRIPT_FLAGS}. Line ${line} reads: "${text.trim()}"`,
  );
}

/** Throws the UsageError for a trace whose events are not those that `purpose` needs. */
export function refuse(summary: TraceSummary, purpose: Purpose, why: string): never {
  const cut = summary.linesWithoutPayload;
  const hint = cut > 0 ? ` ${cut} events have no payload: perf script -F +trace.` : "";
  const flags = groupFlags(missingGroups(summary, purpose));
  throw new UsageError(
    `cannot ${purpose} ${summary.file}: ${why}.${hint} ` +
      `What it lacks is recorded by: perf record -k CLOCK_MONOTONIC ${flags} -- COMMAND`,
  );
}

/**
 * What a replay goes without; `changesMappings`: some process has done what may need a flush.
 * Throws the UsageError for a trace that cannot be replayed at all.
 */
export function checkReplayable(summary: TraceSummary, changesMappings: boolean): string[] {
  if (!has(summary, "fault")) {
    refuse(summary, "replay", "without page faults it is unknown which pages were ever mapped");
  }
  const hasSyscalls = has(summary, "enter");
  if (!hasSyscalls && !changesMappings) {
    refuse(summary, "replay", "it has no system call and no fault that changes a mapping");
  }
  const found: string[] = [];
  const miss = (what: string, group: "enter" | "exit" | "switch") =>
    found.push(`no ${what}. Record with: ${groupFlags([group])}`);
  if (!hasSyscalls) miss("memory system calls: only copies on write are replayed", "enter");
  else if (!has(summary, "exit")) miss("system call exits: all are taken for successful", "exit");
  if (!has(summary, "switch"))
    miss("context switches: a CPU keeps the space once loaded", "switch");
  return [...found, ...callsWithoutEntry(summary)];
}

function recordCommand(purpose: Purpose): string {
  return `perf record -k CLOCK_MONOTONIC ${groupFlags(NEEDED[purpose])} -- COMMAND`;
}

function missingField(summary: TraceSummary): string {
  const lines = summary.skippedSamples.map(({ text }) => text);
  const all = (pattern: RegExp) => lines.every((text) => !pattern.test(text));
  if (all(/\w+:\w+:/)) return "no line names a tracepoint (field event)";
  const missing: string[] = [];
  if (all(/\[\d+\]/)) missing.push("cpu");
  if (all(/\d+\.\d{6,9}:/)) missing.push("time");
  if (missing.length > 0)
    return `the lines have no ${missing.join(" and no ")} (flags -F +${missing.join(",+")})`;
  if (summary.linesWithoutPayload > 0) return "the events have no payload (flag -F +trace)";
  return "the lines have no thread (flags -F +pid,+tid)";
}
