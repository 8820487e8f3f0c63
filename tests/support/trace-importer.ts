// What Perfetto makes of a trace in Chrome's format, as far as these traces go: the order in which
// it takes events, the slices that are open on each track, what arrows are bound to. A model of
// its importer (src/trace_processor):
//
// file                                   what it decides
// importers/json/json_trace_tokenizer.cc times: µs, rounded to ns
// sorter/trace_sorter.h                  of one time: slices first, longest before shorter; then
//                                        all else, and what took no time, in the file's order
// importers/common/slice_tracker.cc      a slice closes those that have ended; one that begins in
//                                        another and ends behind it is dropped
// importers/common/flow_tracker.cc       an arrow's end is bound to the innermost open slice

import type { SliceEvent, Trace, TraceEvent } from "./trace-schema.ts";
import { roundedNs } from "./viewer-times.ts";

type TimedEvent = Exclude<TraceEvent, { ph: "M" }>;
type FlowEvent = Exclude<TimedEvent, { ph: "X" }>;

export interface Flow {
  readonly arrow: number;
  readonly from: SliceEvent;
  readonly to: SliceEvent;
}

/** As Perfetto's `flow` and `stats` tables have it. */
export interface Imported {
  readonly slices: number;
  /** Each from a slice to another. */
  readonly flows: readonly Flow[];
  /** By the name of the statistic: what went wrong. */
  readonly errors: ReadonlyMap<string, number>;
}

export function imported({ traceEvents }: Trace): Imported {
  const importer = new Importer();
  const timed = traceEvents.filter((event): event is TimedEvent => event.ph !== "M");
  timed.sort((a, b) => {
    return roundedNs(a.ts) - roundedNs(b.ts) || durationOf(b) - durationOf(a); // Stable.
  });
  for (const event of timed) {
    if (event.ph === "X") importer.slice(event);
    else importer.flow(event);
  }
  return importer;
}

/** Of what is no slice as of one without a duration: the sorter knows no difference. */
function durationOf(event: TimedEvent): number {
  return event.ph === "X" ? roundedNs(event.dur) : 0;
}

function endOf({ ts, dur }: SliceEvent): number {
  return roundedNs(ts) + roundedNs(dur);
}

class Importer implements Imported {
  slices = 0;
  readonly flows: Flow[] = [];
  readonly errors = new Map<string, number>();
  private readonly open = new Map<number, SliceEvent[]>();
  /** By arrow: the slice it has reached. */
  private readonly reached = new Map<string, SliceEvent>();

  slice(event: SliceEvent): void {
    const startNs = roundedNs(event.ts);
    const stack = this.open.get(event.tid) ?? [];
    this.open.set(event.tid, stack);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const areMoments = durationOf(top) === 0 && durationOf(event) === 0;
      if (endOf(top) > startNs || (endOf(top) === startNs && areMoments)) break;
      stack.pop();
    }
    if (stack.some((around) => startNs < endOf(around) && endOf(event) > endOf(around))) {
      this.fail("slice_drop_overlapping_complete_event");
      return;
    }
    stack.push(event);
    this.slices++;
  }

  flow({ ph, id, cat, name, tid }: FlowEvent): void {
    const slice = this.open.get(tid)?.at(-1);
    const arrow = `${id} ${cat} ${name}`;
    if (slice === undefined) {
      this.fail("flow_no_enclosing_slice");
      return;
    }
    const before = this.reached.get(arrow);
    if (ph === "s") {
      if (before !== undefined) this.fail("flow_duplicate_id");
    } else if (before === undefined) {
      this.fail(ph === "t" ? "flow_step_without_start" : "flow_end_without_start");
      return;
    } else {
      const isBackwards = roundedNs(before.ts) > roundedNs(slice.ts);
      const [from, to] = isBackwards ? [slice, before] : [before, slice];
      this.flows.push({ arrow: id, from, to });
    }
    this.reached.set(arrow, slice);
  }

  private fail(statistic: string): void {
    this.errors.set(statistic, (this.errors.get(statistic) ?? 0) + 1);
  }
}
