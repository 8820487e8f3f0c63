// A constant and what each page adds to it, from samples of which some are far off: ranges of
// which few pages were there, or a host that looked away.

import { median, mode } from "simple-statistics";
import type { Random } from "../engine/random.ts";
import type { Estimate } from "./cell.ts";
import { drawAgain, estimate } from "./estimates.ts";

/** Pairs grow with the square: of more samples, so many are drawn. */
const MOST_SAMPLES = 100;
const DRAWS = 200;
/** At least this part of the samples must differ in pages from most: fewer are special cases. */
const LEAST_VARIED = 0.1;

export interface PagesTaking {
  readonly pages: number;
  readonly ns: number;
}

export interface Affine {
  readonly constant: Estimate;
  /** Undefined: not to be told from nothing, or pages were the same everywhere. */
  readonly perPage: Estimate | undefined;
}

/**
 * The median slope of all pairs of samples (Theil and Sen), and the median of what is left. Where
 * `perPage` stays open that is what `knownNs` a page leaves.
 */
export function fitAffine(all: readonly PagesTaking[], knownNs: number, random: Random): Affine {
  const samples = all.length <= MOST_SAMPLES ? all : drawAgain(all, random).slice(0, MOST_SAMPLES);
  const draws = Array.from({ length: DRAWS }, () => drawAgain(samples, random));
  const slope = isVaried(samples) ? slopeOf(samples) : undefined;
  if (slope !== undefined) {
    const slopes = draws.map((drawn) => slopeOf(drawn) ?? Number.NaN);
    const perPage = estimate(slope, slopes);
    if (perPage.lowNs > 0) {
      const rests = draws.map((drawn, i) => rest(drawn, slopes[i]));
      return { constant: estimate(rest(samples, slope), rests), perPage };
    }
  }
  const rests = draws.map((drawn) => rest(drawn, knownNs));
  return { constant: estimate(rest(samples, knownNs), rests), perPage: undefined };
}

function isVaried(samples: readonly PagesTaking[]): boolean {
  const usual = mode(samples.map(({ pages }) => pages));
  const others = samples.filter(({ pages }) => pages !== usual);
  return others.length >= LEAST_VARIED * samples.length;
}

/** Undefined where pages are the same everywhere. */
function slopeOf(samples: readonly PagesTaking[]): number | undefined {
  const slopes: number[] = [];
  samples.forEach((a, i) => {
    for (const b of samples.slice(i + 1)) {
      if (a.pages !== b.pages) slopes.push((a.ns - b.ns) / (a.pages - b.pages));
    }
  });
  return slopes.length === 0 ? undefined : median(slopes);
}

function rest(samples: readonly PagesTaking[], perPageNs: number): number {
  return median(samples.map(({ pages, ns }) => ns - perPageNs * pages));
}
