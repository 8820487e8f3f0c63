// What a trace says less precisely, or not at all, since events are missing: one warning for each
// group of them, which names them, what they would have measured, and how to record them.
//
// missing          instead
// csd_function     the CPU's next interrupt answers; tlb_flush ends the local flush
// irq_vectors      csd_function events, which lie inside the interrupt
// ipi              csd_queue_cpu, which comes before the IPI is sent
// csd_queue_cpu    ipi events, unless csd_function events ask which csd was queued

import type { TraceSummary } from "./reader.ts";
import { has, notRecorded, recordFlags, type TracepointGroup } from "./requirements.ts";

/** `tellsIpis`: the trace shows that some CPU was told, so that events of telling are due. */
export function missingEvents(summary: TraceSummary, tellsIpis: boolean): string[] {
  return consequences(summary, tellsIpis).flatMap(([group, consequence]) => {
    const names = notRecorded(summary, group);
    if (names.length === 0) return [];
    const flags = recordFlags(names);
    return [`no event ${names.join(", ")}: ${consequence}. Record with: ${flags}`];
  });
}

/** Whether the events that there are suffice to find the handlers that answer requests. */
export function canFindHandlers(summary: TraceSummary): boolean {
  if (lacksCsds(summary)) return false;
  return hasFunctions(summary) || (has(summary, "handlerEntry") && has(summary, "handlerExit"));
}

function consequences(
  summary: TraceSummary,
  tellsIpis: boolean,
): (readonly [TracepointGroup, string])[] {
  const found: (readonly [TracepointGroup, string])[] = [];
  const hasSend = has(summary, "send");
  if (!hasSend) found.push(["send", "how many IPIs were really sent cannot be seen"]);
  else found.push(["queue", withoutQueue(summary)]);
  if (hasSend && tellsIpis) {
    found.push([
      "ipi",
      "the end of send is estimated by csd:csd_queue_cpu: send is too short, delivery too long",
    ]);
  }
  const isBracketed = hasFunctions(summary);
  found.push(
    ["functionEntry", withoutFunctionEntry(summary)],
    [
      "functionExit",
      has(summary, "functionEntry")
        ? "the end of local is estimated by its tlb_flush event: local is too short"
        : "the end of the initiator's own flush is estimated by its tlb_flush event",
    ],
    [
      "handlerEntry",
      isBracketed
        ? "delivery and handler are estimated by csd_function events: delivery is too long, " +
          "handler too short, return too long"
        : "delivery and handler cannot be seen",
    ],
    [
      "handlerExit",
      isBracketed
        ? "the end of handler is estimated by csd:csd_function_exit: handler is too short, " +
          "return too long"
        : "the end of handler cannot be seen",
    ],
    ["enter", "causes cannot be told"],
    ["exit", "the return cannot be seen"],
    ["fault", "page faults count as other causes"],
  );
  return found;
}

function withoutQueue(summary: TraceSummary): string {
  const counted =
    "IPIs are counted by ipi_send events, which also miss CPUs that were told already";
  if (!lacksCsds(summary)) return counted;
  return `${counted}, and nothing is complete, as it alone says which handler answers a request`;
}

function withoutFunctionEntry(summary: TraceSummary): string {
  const local = "local cannot be seen, and is in send where it is on the critical path";
  if (!has(summary, "handlerEntry") || !has(summary, "handlerExit")) return local;
  return `${local}; which handler answers a request is estimated: the CPU's next interrupt`;
}

/** Handlers say which csd they run, but nothing says whose it is. */
function lacksCsds(summary: TraceSummary): boolean {
  return has(summary, "functionEntry") && !has(summary, "queue");
}

function hasFunctions(summary: TraceSummary): boolean {
  return has(summary, "functionEntry") && has(summary, "functionExit");
}
