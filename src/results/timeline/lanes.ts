// Slices that happen at the same time next to each other: each track has room for one thing at a
// time, with what is inside of it.

import { byStart, type Slice, type Track, type TrackGroup } from "./form.ts";

/**
 * As few tracks as do for `units`, of which those on one track do not overlap: `NAME`, `NAME (2)`
 * and so on. A unit is a slice with those inside of it, which stay together; none is empty.
 */
export function tracksOf(
  group: TrackGroup,
  name: string,
  units: readonly (readonly Slice[])[],
): Track[] {
  const lanes: { endNs: number; slices: Slice[] }[] = [];
  const sorted = units.map((unit) => unit.toSorted(byStart)).sort(([a], [b]) => byStart(a, b));
  for (const unit of sorted) {
    const [{ startNs, endNs }] = unit;
    const lane = lanes.find((known) => known.endNs <= startNs);
    if (lane === undefined) {
      lanes.push({ endNs, slices: [...unit] });
    } else {
      lane.endNs = endNs;
      lane.slices.push(...unit);
    }
  }
  return lanes.map(({ slices }, i) => {
    return { group, name: i === 0 ? name : `${name} (${i + 1})`, slices };
  });
}
