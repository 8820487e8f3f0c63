// A timeline → JSON in the Trace Event Format of Chrome, which Perfetto and chrome://tracing open
// (https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU).
//
// ph         event
// M          names and order of processes (groups of tracks, or sources) and threads (tracks)
// X          a slice
// s, t, f    an arrow's beginning, its steps and its end, each bound to the slice around it
//
// Perfetto (src/trace_processor: importers/json, sorter) takes events in order of time, and of one
// time slices first, the longest before those inside of it; then all that takes no time, in the
// order of the file. It binds an arrow's end to the slice that began last on the track. So ends
// stand at the time at which their slice begins, behind it, and of one time in their arrow's order.

import type { Arrow, Slice, SliceArguments, Timeline, Track } from "./form.ts";

interface OnTrack {
  readonly pid: number;
  readonly tid: number;
}

export interface MetadataEvent {
  readonly ph: "M";
  readonly name: "process_name" | "process_sort_index" | "thread_name" | "thread_sort_index";
  readonly pid: number;
  /** None for what is said of a process. */
  readonly tid?: number;
  readonly args: { readonly name: string } | { readonly sort_index: number };
}

export interface SliceEvent extends OnTrack {
  readonly ph: "X";
  readonly name: string;
  readonly cat: string;
  /** Of the names that viewers know; Perfetto, which goes by the slice's name, takes none. */
  readonly cname?: string;
  /** In µs, as all times. */
  readonly ts: number;
  readonly dur: number;
  readonly args: SliceArguments;
}

export interface ArrowEvent extends OnTrack {
  readonly ph: "s" | "t" | "f";
  readonly name: string;
  readonly cat: string;
  readonly id: number;
  readonly ts: number;
  /** Bound to the slice around it, not to the next one. */
  readonly bp?: "e";
}

export interface TraceFile {
  readonly displayTimeUnit: "ns";
  readonly otherData: Readonly<Record<string, string | number>>;
  readonly traceEvents: readonly (MetadataEvent | SliceEvent | ArrowEvent)[];
}

/** The category of what is on a critical path. */
export const CRITICAL_CATEGORY = "critical-path";
/** Red. */
const CRITICAL_COLOUR = "terrible";

/** Above all process ids, as a thread of that number would be taken for the process's first. */
const FIRST_TID = 100;

/** `facts`: what a reader of the file should know of it. */
export function traceFileOf(
  { tracks, arrows }: Timeline,
  facts: Readonly<Record<string, string | number>>,
): TraceFile {
  const ends = endsBySlice(arrows);
  const processes = processesOf(tracks);
  const groups = tracks.flatMap((track, i) => {
    const { group, slices } = track;
    const on = { pid: processes.indexOf(processOf(track)) + 1, tid: FIRST_TID + i };
    return slices.flatMap((slice) => groupsOf(slice, group, ends.get(slice) ?? [], on));
  });
  groups.sort(byTurn); // Stable: of one turn in the order of their track.
  return {
    displayTimeUnit: "ns",
    otherData: facts,
    traceEvents: [...metadataOf(tracks, processes), ...groups.flatMap(({ events }) => events)],
  };
}

/** Events that stand together, and what their turn depends on. */
interface EventGroup {
  readonly startNs: number;
  readonly ns: number;
  /** Of an arrow's ends: which of them. */
  readonly place: number;
  readonly events: readonly (SliceEvent | ArrowEvent)[];
}

/** A slice and the ends of arrows bound to it: together if it takes no time, else one by one. */
function groupsOf(slice: Slice, category: string, ends: readonly End[], on: OnTrack): EventGroup[] {
  const { startNs, endNs } = slice;
  const ns = endNs - startNs;
  const event = sliceEvent(slice, category, on);
  const arrowEvents = ends.map((end) => arrowEvent(end, slice, on));
  if (ns === 0) {
    const place = ends.reduce((least, end) => Math.min(least, end.place), ends[0]?.place ?? 0);
    return [{ startNs, ns, place, events: [event, ...arrowEvents] }];
  }
  return [
    { startNs, ns, place: 0, events: [event] },
    ...arrowEvents.map((end, i) => ({ startNs, ns: 0, place: ends[i].place, events: [end] })),
  ];
}

function byTurn(a: EventGroup, b: EventGroup): number {
  return a.startNs - b.startNs || b.ns - a.ns || a.place - b.place;
}

/** One end of an arrow. */
interface End {
  readonly arrow: Arrow;
  readonly id: number;
  readonly place: number;
}

function endsBySlice(arrows: readonly Arrow[]): Map<Slice, End[]> {
  const ends = new Map<Slice, End[]>();
  arrows.forEach((arrow, i) => {
    arrow.slices.forEach((slice, place) => {
      const known = ends.get(slice) ?? [];
      known.push({ arrow, id: i + 1, place });
      ends.set(slice, known);
    });
  });
  return ends;
}

function sliceEvent(slice: Slice, group: string, on: OnTrack): SliceEvent {
  const { name, startNs, endNs, isCritical, args } = slice;
  return {
    ph: "X",
    name,
    cat: isCritical ? CRITICAL_CATEGORY : group,
    ...(isCritical && { cname: CRITICAL_COLOUR }),
    ts: usOf(startNs),
    dur: usOf(endNs - startNs),
    ...on,
    args,
  };
}

function arrowEvent({ arrow, id, place }: End, { startNs }: Slice, on: OnTrack): ArrowEvent {
  const { name } = arrow;
  const isLast = place === arrow.slices.length - 1;
  const event = { name, cat: name, id, ts: usOf(startNs), ...on } as const;
  if (place === 0) return { ph: "s", ...event };
  return { ph: isLast ? "f" : "t", ...event, bp: "e" };
}

/** In their order: the groups of tracks; where there are several sources, these. */
function processesOf(tracks: readonly Track[]): string[] {
  return [...new Set(tracks.map(processOf))];
}

function processOf({ source, group }: Track): string {
  return source ?? group;
}

function metadataOf(tracks: readonly Track[], processes: readonly string[]): MetadataEvent[] {
  const ofProcesses = processes.flatMap((name, i): MetadataEvent[] => {
    const on = { pid: i + 1 };
    return [
      { ph: "M", name: "process_name", ...on, args: { name } },
      { ph: "M", name: "process_sort_index", ...on, args: { sort_index: on.pid } },
    ];
  });
  const threads = tracks.flatMap((track, i): MetadataEvent[] => {
    const on = { pid: processes.indexOf(processOf(track)) + 1, tid: FIRST_TID + i };
    return [
      { ph: "M", name: "thread_name", ...on, args: { name: track.name } },
      { ph: "M", name: "thread_sort_index", ...on, args: { sort_index: i } },
    ];
  });
  return [...ofProcesses, ...threads];
}

/**
 * Whole ns as µs. Viewers multiply by 1,000 and cut off what is behind the point, so that 1.001 µs
 * would become 1,000 ns: where that happens a quarter of a ns is added.
 */
export function usOf(ns: number): number {
  const us = ns / 1000;
  return Math.trunc(us * 1000) === ns ? us : (ns + 0.25) / 1000;
}
