// A constant and what each page adds to it.

import { median } from "simple-statistics";
import type { Random } from "../engine/random.ts";
import type { Estimate } from "./cell.ts";
import { DRAWS, drawAgain, estimate } from "./estimates.ts";
import { leastSquares } from "./least-squares.ts";

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
 * Fitted to the medians of samples with equally many pages, which outliers do not move. Where
 * `perPage` stays open the constant is what is left of `knownNs` a page.
 */
export function fitAffine(
  samples: readonly PagesTaking[],
  knownNs: number,
  random: Random,
): Affine {
  const fitted = solve(samples);
  const draws = Array.from({ length: DRAWS }, () => drawAgain(samples, random));
  if (fitted !== undefined) {
    const solved = draws.flatMap((drawn) => solve(drawn) ?? []);
    const [constant, perPage] = fitted.map((ns, i) => {
      return estimate(
        ns,
        solved.filter((_, place) => place % 2 === i),
      );
    });
    if (perPage.lowNs > 0) return { constant, perPage };
  }
  const rest = (of: readonly PagesTaking[]) => median(of.map((s) => s.ns - knownNs * s.pages));
  return { constant: estimate(rest(samples), draws.map(rest)), perPage: undefined };
}

/** Constant and slope; undefined where pages do not vary. */
function solve(samples: readonly PagesTaking[]): readonly number[] | undefined {
  const byPages = new Map<number, PagesTaking[]>();
  for (const sample of samples) {
    const group = byPages.get(sample.pages);
    if (group === undefined) byPages.set(sample.pages, [sample]);
    else group.push(sample);
  }
  const equations = [...byPages].map(([pages, group]) => {
    const value = median(group.map(({ ns }) => ns));
    // The more samples, the surer a median: by the root of how many.
    return { columns: [1, pages], value, scale: Math.max(1, value) / Math.sqrt(group.length) };
  });
  return leastSquares(equations);
}
