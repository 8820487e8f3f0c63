// By how much repetitions differ from each other, and what follows for a ratio. Three repetitions
// say little about their own spread, so each point borrows from all others of its kind (Smyth's
// moderated t: Statistical Applications in Genetics and Molecular Biology 3, 2004).

import { medianSorted } from "simple-statistics";
import type { Margin } from "./margin.ts";
import { t95, twoSided, zOfT } from "./normal.ts";

/** What the spread of all points is worth, in degrees of freedom. */
const BORROWED_DEGREES = 4;

/** Squared spread of logarithms, and from how many differences it is known. */
export interface Spread {
  readonly variance: number;
  readonly degrees: number;
}

export interface Test {
  readonly margin: Margin;
  readonly p: number;
}

/** Between repetitions of one point; undefined for a single one, and where one is 0. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  if (values.length < 2 || values.some((value) => value <= 0)) return undefined;
  const logs = values.map(Math.log);
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
  const squares = logs.reduce((sum, log) => sum + (log - mean) * (log - mean), 0);
  const degrees = logs.length - 1;
  return { variance: squares / degrees, degrees };
}

/** The median point's variance in each family; undefined where no point of it was repeated. */
export function typicalVariances(
  points: Iterable<readonly [family: string, spreads: readonly (Spread | undefined)[]]>,
): Map<string, number | undefined> {
  const families = new Map<string, Spread[]>();
  for (const [family, spreads] of points) {
    const own = families.get(family) ?? [];
    own.push(...spreads.filter((spread) => spread !== undefined));
    families.set(family, own);
  }
  return new Map([...families].map(([family, own]) => [family, typicalVariance(own)]));
}

/** Undefined where no point was repeated. */
export function typicalVariance(spreads: readonly Spread[]): number | undefined {
  if (spreads.length === 0) return undefined;
  const corrected = spreads.map(({ variance, degrees }) => variance / medianOfChi(degrees));
  return medianSorted(corrected.sort((a, b) => a - b));
}

/** Of the ratio of two points whose repetitions spread like this; undefined if none are known. */
export function ratioTest(
  logRatio: number,
  own: readonly (Spread | undefined)[],
  repetitions: readonly number[],
  typical: number | undefined,
): Test | undefined {
  if (typical === undefined) return undefined;
  const known = own.filter((spread) => spread !== undefined);
  const degrees = known.reduce((sum, spread) => sum + spread.degrees, BORROWED_DEGREES);
  const squares = known.reduce(
    (sum, spread) => sum + spread.degrees * spread.variance,
    BORROWED_DEGREES * typical,
  );
  const runs = repetitions.reduce((sum, count) => sum + 1 / count, 0);
  const error = Math.sqrt((squares / degrees) * runs);
  const reach = t95(degrees) * error;
  return { margin: { down: reach, up: reach }, p: probability(logRatio, error, degrees) };
}

function probability(logRatio: number, error: number, degrees: number): number {
  if (error > 0) return twoSided(zOfT(logRatio / error, degrees));
  return logRatio === 0 ? 1 : 0;
}

/** The median of χ² over its degrees of freedom (Wilson and Hilferty). */
function medianOfChi(degrees: number): number {
  const root = 1 - 2 / (9 * degrees);
  return root * root * root;
}
