// How good predictions are, in a few figures: of those that nothing was fitted to.

import { median, sampleCorrelation } from "simple-statistics";
import type { Cell } from "./cell.ts";
import type { Prediction } from "./predictions.ts";

/** Errors up to this are near enough. */
const NEAR = 0.25;
/** A peer that sleeps adds next to nothing: less than this part of what one that spins adds. */
const NOTHING = 0.25;
/** One call is much less than one for each page: less than this part of it. */
const MUCH_LESS = 0.5;

export interface Merit {
  readonly cells: number;
  /** Of the sizes of the errors. */
  readonly medianError: number;
  readonly worstError: number;
  /** Which part of the cells is near enough. */
  readonly near: number;
  /** Spearman's, of predicted and measured; undefined of fewer than three cells. */
  readonly rankCorrelation: number | undefined;
}

export interface Merits {
  readonly executor: Merit;
  readonly line: Merit;
  /** Only where the peers spin: what a line can know of as well. */
  readonly executorSpinning: Merit;
  readonly lineSpinning: Merit;
  readonly orderings: Orderings;
}

/** What has to come before what: how many of these were looked at, and hold. */
export interface Orderings {
  readonly count: number;
  readonly measured: number;
  readonly predicted: number;
  readonly line: number;
}

/** Undefined where nothing was held out. */
export function meritsOf(predictions: readonly Prediction[]): Merits | undefined {
  const cells = predictions.filter(({ cell }) => cell !== undefined);
  const heldOut = cells.filter(({ fitted }) => !fitted);
  if (heldOut.length === 0) return undefined;
  const spinning = heldOut.filter(({ cell }) => cell?.state === "spinning");
  return {
    executor: meritOf(heldOut, BY_EXECUTOR),
    line: meritOf(heldOut, BY_LINE),
    executorSpinning: meritOf(spinning, BY_EXECUTOR),
    lineSpinning: meritOf(spinning, BY_LINE),
    orderings: orderingsOf(cells),
  };
}

interface Predictor {
  readonly ns: (prediction: Prediction) => number;
  readonly error: (prediction: Prediction) => number | undefined;
}

const BY_EXECUTOR: Predictor = { ns: (p) => p.predictedNs, error: (p) => p.error };
const BY_LINE: Predictor = { ns: (p) => p.nullNs ?? Number.NaN, error: (p) => p.nullError };

export function meritOf(predictions: readonly Prediction[], { ns, error }: Predictor): Merit {
  const errors = predictions.flatMap((prediction) => {
    const of = error(prediction);
    return of === undefined ? [] : [Math.abs(of)];
  });
  const isEmpty = errors.length === 0;
  return {
    cells: predictions.length,
    medianError: isEmpty ? Number.NaN : median(errors),
    worstError: isEmpty ? Number.NaN : Math.max(...errors),
    near: isEmpty ? Number.NaN : errors.filter((of) => of <= NEAR).length / errors.length,
    rankCorrelation: rankCorrelation(
      predictions.map(ns),
      predictions.map(({ measuredNs }) => measuredNs),
    ),
  };
}

/** Spearman's; of equal values each has the mean of their ranks. */
export function rankCorrelation(a: readonly number[], b: readonly number[]): number | undefined {
  if (a.length < 3) return undefined;
  const [ranksA, ranksB] = [ranks(a), ranks(b)];
  const isFlat = (values: number[]): boolean => values.every((rank) => rank === values[0]);
  if (isFlat(ranksA) || isFlat(ranksB)) return undefined;
  return sampleCorrelation(ranksA, ranksB);
}

function ranks(values: readonly number[]): number[] {
  return values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return below + (equal + 1) / 2;
  });
}

/**
 * A peer that sleeps adds next to nothing beside one that spins; and one call much less than one
 * for each page.
 */
function orderingsOf(predictions: readonly Prediction[]): Orderings {
  const sides = { measured: 0, predicted: 0, line: 0 };
  let count = 0;
  const compare = (less: Prediction, more: Prediction, part: number): void => {
    count++;
    if (Math.abs(less.measuredNs) < part * more.measuredNs) sides.measured++;
    if (Math.abs(less.predictedNs) < part * more.predictedNs) sides.predicted++;
    if (Math.abs(BY_LINE.ns(less)) < part * BY_LINE.ns(more)) sides.line++;
  };
  for (const less of predictions) {
    for (const more of predictions) {
      const [a, b] = [less.cell!, more.cell!];
      if (a.pages !== b.pages || b.state !== "spinning") continue;
      if (a.state === "asleep" && a.calls === b.calls && b.peers === 1) {
        compare(less, more, NOTHING);
      }
      if (isSameButCalls(a, b)) compare(less, more, MUCH_LESS);
    }
  }
  return { count, ...sides };
}

function isSameButCalls(a: Cell, b: Cell): boolean {
  return a.state === b.state && a.peers === b.peers && a.calls === 1 && b.calls > 1;
}
