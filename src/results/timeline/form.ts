// A timeline: tracks of slices, arrows between slices, operations. A run and a real kernel's trace
// both become one, and what is written follows from it alone.

/** Tracks stand in groups, in this order. */
export type TrackGroup = "critical path" | "cores" | "IOMMUs" | "devices";

export type SliceArguments = Readonly<Record<string, string | number>>;

/** Something that lasted from `startNs` to `endNs`, or happened then if these are the same. */
export interface Slice {
  readonly name: string;
  startNs: number;
  endNs: number;
  /** On the critical path of the operation that it is a part of. */
  isCritical: boolean;
  readonly args: SliceArguments;
}

/** The slices of one track nest or do not overlap. */
export interface Track {
  readonly group: TrackGroup;
  /** Where several timelines stand beside each other: the one that it is of. */
  readonly source?: string;
  readonly name: string;
  readonly slices: readonly Slice[];
}

/** An arrow that leads from the first slice through all others, by when they begin. */
export interface Arrow {
  readonly name: ArrowName;
  readonly slices: readonly Slice[];
}

/** IPI → handler → acknowledgement; submission → descriptors → status. */
export type ArrowName = "ipi" | "invalidation";

/** One operation of an initiator, or one shootdown of a kernel. */
export interface Operation {
  /** Of a replay's: that of the kernel's shootdown, if there was one. */
  readonly number: number | undefined;
  /** Who ran it: an executor, or the recorded kernel. */
  readonly source: string;
  readonly initiator: string;
  readonly startNs: number;
  readonly latencyNs: number;
}

export interface Timeline {
  readonly tracks: readonly Track[];
  readonly arrows: readonly Arrow[];
  /** In order of time. */
  readonly operations: readonly Operation[];
  /** Slices that nobody had room for … */
  readonly leftOut: number;
  /** … and when the first of them began, where the timeline ends; Infinity if there are none. */
  readonly leftOutFromNs: number;
  /** When the first and the last operation of all began, shown or not; undefined without any. */
  readonly allBegan: TimeWindow | undefined;
}

/** Operations from `first` to `last`, by their numbers. */
export interface OperationRange {
  readonly first: number;
  readonly last: number;
}

/** From when to when, in ns; both ends belong to it. */
export interface TimeWindow {
  readonly fromNs: number;
  readonly toNs: number;
}

/** What is shown: operations by their numbers, or a time with the operations that begin in it. */
export type Selection = OperationRange | TimeWindow;

export function isWindow(selection: Selection): selection is TimeWindow {
  return "fromNs" in selection;
}

/** Whether an operation is: by its number, or by when it was to begin. */
export function isSelected(
  { number, dueNs }: { readonly number: number | undefined; readonly dueNs: number },
  selection: Selection,
): boolean {
  if (isWindow(selection)) return dueNs >= selection.fromNs && dueNs <= selection.toNs;
  return number !== undefined && number >= selection.first && number <= selection.last;
}

/** Timelines of one clock beside each other, each under its name. */
export function beside(parts: readonly (readonly [string, Timeline])[]): Timeline {
  const timelines = parts.map(([, timeline]) => timeline);
  const began = timelines.flatMap(({ allBegan }) => allBegan ?? []);
  return {
    tracks: parts.flatMap(([source, { tracks }]) => tracks.map((track) => ({ ...track, source }))),
    arrows: timelines.flatMap(({ arrows }) => arrows),
    operations: timelines
      .flatMap(({ operations }) => operations)
      .sort((a, b) => a.startNs - b.startNs),
    leftOut: timelines.reduce((sum, { leftOut }) => sum + leftOut, 0),
    leftOutFromNs: Math.min(...timelines.map(({ leftOutFromNs }) => leftOutFromNs)),
    allBegan: began.length === 0 ? undefined : spanOf(began),
  };
}

/** From the first beginning to the last end; of nothing, Infinity to −Infinity. */
export function spanOf(windows: readonly TimeWindow[]): TimeWindow {
  return windows.reduce(
    (span, { fromNs, toNs }) => {
      return { fromNs: Math.min(span.fromNs, fromNs), toNs: Math.max(span.toNs, toNs) };
    },
    { fromNs: Number.POSITIVE_INFINITY, toNs: Number.NEGATIVE_INFINITY },
  );
}

/** Makes a slice that is not known to be on the critical path. */
export function sliceOf(
  name: string,
  startNs: number,
  endNs: number,
  args: SliceArguments = {},
): Slice {
  return { name, startNs, endNs: Math.max(startNs, endNs), isCritical: false, args };
}

/** By start, and what encloses others before them. */
export function byStart(a: Slice, b: Slice): number {
  return a.startNs - b.startNs || b.endNs - a.endNs;
}

/** Values by what `keyOf` says of them, in their order. */
export function grouped<Value, Key>(
  values: readonly Value[],
  keyOf: (value: Value) => Key,
): Map<Key, Value[]> {
  const groups = new Map<Key, Value[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}
