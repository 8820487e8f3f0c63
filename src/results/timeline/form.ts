// A timeline: tracks of slices, arrows between slices, operations. A run and a real kernel's trace
// both become one, and what is written follows from it alone.

/** Tracks stand in groups, in this order. */
export const TRACK_GROUPS = ["critical path", "cores", "IOMMUs", "devices"] as const;
export type TrackGroup = (typeof TRACK_GROUPS)[number];

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
  readonly number: number;
  readonly initiator: string;
  readonly startNs: number;
  readonly latencyNs: number;
}

export interface Timeline {
  readonly tracks: readonly Track[];
  readonly arrows: readonly Arrow[];
  /** In order of time. */
  readonly operations: readonly Operation[];
  /** Slices that nobody had room for: the timeline ends before the first of them. */
  readonly leftOut: number;
}

/** Operations from `first` to `last`, by their numbers. */
export interface OperationRange {
  readonly first: number;
  readonly last: number;
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
