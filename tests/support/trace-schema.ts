// What a viewer wants of a trace in Chrome's Trace Event Format, and what of it can be checked
// only over all events.

import { z } from "zod";
import { imported } from "./trace-importer.ts";
import { truncatedNs } from "./viewer-times.ts";

const onTrack = { pid: z.int().positive(), tid: z.int().positive() };
const us = z.number().nonnegative();

const metadata = z.union([
  z.strictObject({
    ph: z.literal("M"),
    name: z.enum(["process_name", "thread_name"]),
    pid: z.int().positive(),
    tid: z.int().positive().optional(),
    args: z.strictObject({ name: z.string().min(1) }),
  }),
  z.strictObject({
    ph: z.literal("M"),
    name: z.enum(["process_sort_index", "thread_sort_index"]),
    pid: z.int().positive(),
    tid: z.int().positive().optional(),
    args: z.strictObject({ sort_index: z.int().nonnegative() }),
  }),
]);

const slice = z.strictObject({
  ph: z.literal("X"),
  name: z.string().min(1),
  cat: z.string().min(1),
  cname: z.literal("terrible").optional(),
  ts: us,
  dur: us,
  ...onTrack,
  args: z.record(z.string(), z.union([z.string(), z.number()])),
});

const arrow = {
  name: z.enum(["ipi", "invalidation"]),
  cat: z.string().min(1),
  id: z.int().positive(),
  ts: us,
  ...onTrack,
};

export const traceSchema = z.strictObject({
  displayTimeUnit: z.literal("ns"),
  otherData: z.record(z.string(), z.union([z.string(), z.number()])),
  traceEvents: z.array(
    z.union([
      metadata,
      slice,
      z.strictObject({ ph: z.literal("s"), ...arrow }),
      z.strictObject({ ph: z.literal("t"), ...arrow, bp: z.literal("e") }),
      z.strictObject({ ph: z.literal("f"), ...arrow, bp: z.literal("e") }),
    ]),
  ),
});

export type Trace = z.infer<typeof traceSchema>;
export type TraceEvent = Trace["traceEvents"][number];
export type SliceEvent = Extract<TraceEvent, { ph: "X" }>;
type ArrowEvent = Extract<TraceEvent, { id: number }>;

/** Slices by the name of their track, in the order of the file. */
export function slicesByTrack({ traceEvents }: Trace): Map<string, SliceEvent[]> {
  const names = new Map<number, string>();
  const tracks = new Map<string, SliceEvent[]>();
  for (const event of traceEvents) {
    if (event.ph !== "M" || event.name !== "thread_name" || !("name" in event.args)) continue;
    names.set(event.tid!, event.args.name);
    tracks.set(event.args.name, []);
  }
  for (const event of traceEvents) {
    if (event.ph === "X") tracks.get(names.get(event.tid)!)!.push(event);
  }
  return tracks;
}

/** What is wrong with a trace: text that does not follow the schema throws. */
export function complaintsAbout(text: string): string[] {
  const trace = traceSchema.parse(JSON.parse(text));
  return [
    ...unordered(trace),
    ...unnested(trace),
    ...looseArrows(trace),
    ...unnamed(trace),
    ...misread(trace),
  ];
}

/** What Perfetto would drop, or bind to a slice that begins at another time than is meant. */
function misread(trace: Trace): string[] {
  const { slices, flows, errors } = imported(trace);
  const found = [...errors].map(([statistic, count]) => `Perfetto: ${count} ${statistic}`);
  const { traceEvents } = trace;
  const written = traceEvents.filter(({ ph }) => ph === "X").length;
  if (slices !== written) found.push(`Perfetto has ${slices} of ${written} slices`);
  const bound = flows.map(({ arrow, from, to }) => `${arrow}: ${from.ts} to ${to.ts}`);
  const meant: string[] = [];
  for (const [id, ends] of arrowsOf(trace)) {
    for (let i = 1; i < ends.length; i++) {
      meant.push(`${id}: ${ends[i - 1].ts} to ${ends[i].ts}`);
    }
  }
  const known = new Set(bound);
  for (const arrow of meant) if (!known.has(arrow)) found.push(`Perfetto lacks arrow ${arrow}`);
  return found;
}

/** Arrows by their identity, each with its ends in the order of the file. */
function arrowsOf({ traceEvents }: Trace): Map<number, ArrowEvent[]> {
  const arrows = new Map<number, ArrowEvent[]>();
  for (const event of traceEvents) {
    if (event.ph === "M" || event.ph === "X") continue;
    arrows.set(event.id, [...(arrows.get(event.id) ?? []), event]);
  }
  return arrows;
}

function unordered({ traceEvents }: Trace): string[] {
  const times = traceEvents.flatMap((event) => (event.ph === "M" ? [] : [event.ts]));
  return times.some((ts, i) => i > 0 && ts < times[i - 1]) ? ["events out of order"] : [];
}

/** Slices of a track must nest or not overlap where times are cut off, parents first. */
function unnested(trace: Trace): string[] {
  const found: string[] = [];
  for (const [track, slices] of slicesByTrack(trace)) {
    const open: number[] = [];
    for (const { name, ts, dur } of slices) {
      const startNs = truncatedNs(ts);
      const endNs = startNs + truncatedNs(dur);
      while (open.length > 0 && open[open.length - 1] <= startNs) open.pop();
      if (open.length > 0 && open[open.length - 1] < endNs)
        found.push(`${track}: ${name} at ${ts}`);
      open.push(endNs);
    }
  }
  return found;
}

/** Each arrow has one start and one end, in this order, and one name. */
function looseArrows(trace: Trace): string[] {
  const found: string[] = [];
  for (const [id, events] of arrowsOf(trace)) {
    const phases = events.map(({ ph }) => ph).join("");
    if (!/^st*f$/.test(phases)) found.push(`arrow ${id} is ${phases}`);
    if (new Set(events.map(({ name }) => name)).size > 1)
      found.push(`arrow ${id} changes its name`);
  }
  return found;
}

/** Every track that has something has a name and a place. */
function unnamed({ traceEvents }: Trace): string[] {
  const known = (name: string): Set<number | undefined> =>
    new Set(
      traceEvents.flatMap((event) => (event.ph === "M" && event.name === name ? [event.tid] : [])),
    );
  const [named, placed] = [known("thread_name"), known("thread_sort_index")];
  return traceEvents.flatMap((event) => {
    if (event.ph === "M" || (named.has(event.tid) && placed.has(event.tid))) return [];
    return [`track ${event.tid} has no name or no place`];
  });
}
