// How much of a timeline is written: a viewer in a browser takes so many events and no more.

import { byStart, type Slice, type Timeline } from "./form.ts";

export interface Capped {
  /** Its operations are those that are over when it ends: others are in it in part. */
  readonly timeline: Timeline;
  /** Slices and ends of arrows that are in it, and that are not. */
  readonly events: number;
  readonly leftOut: number;
  /** When the first of those that are not in it begins; Infinity if all are. */
  readonly untilNs: number;
}

/** As many slices as fit `maxEvents`, from the beginning, with the arrows that are whole then. */
export function capped(timeline: Timeline, maxEvents: number): Capped {
  const slices = timeline.tracks.flatMap((track) => track.slices).sort(byStart);
  const places = new Map(slices.map((slice, place) => [slice, place]));
  const endsAt = new Map<number, number>();
  const lastPlaces = timeline.arrows.map((arrow) => {
    const last = arrow.slices.reduce((most, slice) => Math.max(most, places.get(slice)!), 0);
    endsAt.set(last, (endsAt.get(last) ?? 0) + arrow.slices.length);
    return last;
  });
  let kept = 0;
  let events = 0;
  for (; kept < slices.length; kept++) {
    const more = 1 + (endsAt.get(kept) ?? 0);
    if (events + more > maxEvents) break;
    events += more;
  }
  const ends = timeline.arrows.reduce((sum, arrow) => sum + arrow.slices.length, 0);
  const leftOut = slices.length + ends - events + timeline.leftOut;
  const firstLeftOut: Slice | undefined = slices[kept];
  const untilNs = Math.min(
    firstLeftOut?.startNs ?? Number.POSITIVE_INFINITY,
    timeline.leftOutFromNs,
  );
  const isKept = (slice: Slice): boolean => places.get(slice)! < kept;
  return {
    timeline: {
      ...timeline,
      tracks: timeline.tracks
        .map((track) => ({ ...track, slices: track.slices.filter(isKept) }))
        .filter((track) => track.slices.length > 0),
      arrows: timeline.arrows.filter((_, i) => lastPlaces[i] < kept),
      operations: timeline.operations.filter(({ startNs, latencyNs }) => {
        return startNs + latencyNs <= untilNs;
      }),
    },
    events,
    leftOut,
    untilNs,
  };
}
