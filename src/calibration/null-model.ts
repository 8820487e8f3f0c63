// The null model: a straight line, base + a·pages + b·sends. It is what one would use without a
// model of the machine, and what the executor has to beat.
//
// It knows of peers only that they have the address space loaded: it charges one that sleeps like
// one that spins. It is fitted to the same cells as the profile, each counting by its relative
// error; but to the times of all of them, where a profile takes from those with a peer only what
// the peer adds. So it has to pay with its one base for what calls cost.

import { InvariantError } from "../engine/errors.ts";
import { type Cell, type CellTimes, SENDS_PER_CALL } from "./cell.ts";
import { leastSquares } from "./least-squares.ts";

export interface Line {
  readonly baseNs: number;
  readonly perPageNs: number;
  readonly perSendNs: number;
}

/** What a line is fitted to: of a trace's shootdowns, sends are the CPUs that were told. */
export interface LinePoint {
  readonly pages: number;
  readonly sends: number;
  readonly ns: number;
}

/** What a line may have besides its base; of points where one is always the same, less. */
const SLOPES: readonly (readonly ("pages" | "sends")[])[] = [
  ["pages", "sends"],
  ["pages"],
  ["sends"],
  [],
];

/** The line that comes nearest to some points, at least one, that took time. */
export function fitLine(points: readonly LinePoint[]): Line {
  for (const slopes of SLOPES) {
    const coefficients = leastSquares(
      points.map((point) => {
        const columns = [1, ...slopes.map((slope) => point[slope])];
        return { columns, value: point.ns, scale: point.ns };
      }),
    );
    if (coefficients === undefined) continue;
    const slopeNs = (name: "pages" | "sends"): number => {
      const place = slopes.indexOf(name);
      return place < 0 ? 0 : coefficients[place + 1];
    };
    const [baseNs] = coefficients;
    return { baseNs, perPageNs: slopeNs("pages"), perSendNs: slopeNs("sends") };
  }
  throw new InvariantError("a line through no points");
}

export function linePoint({ cell, p50 }: CellTimes): LinePoint {
  return { pages: cell.pages, sends: sendsOf(cell), ns: p50.ns };
}

export function sendsOf({ calls, peers }: Cell): number {
  return SENDS_PER_CALL * calls * peers;
}

/** What the line says that peers add. */
export function lineExcessNs(line: Line, cell: Cell): number {
  return line.perSendNs * sendsOf(cell);
}

export function lineNs(
  { baseNs, perPageNs, perSendNs }: Line,
  { pages, sends }: Pick<LinePoint, "pages" | "sends">,
): number {
  return baseNs + perPageNs * pages + perSendNs * sends;
}
