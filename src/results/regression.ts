// Straight sums of terms, fitted by least squares of relative residuals: costs of a thousand cores
// must not drown those of two.

import MultivariateLinearRegression from "ml-regression-multivariate-linear";
import type { Interval } from "./intervals.ts";

/**
 * What 95 % of Student's t with so many degrees of freedom lie within, from 1 (NIST/SEMATECH
 * e-Handbook of Statistical Methods, 1.3.6.7.2); beyond the list the normal distribution's is near.
 */
const T_95 = [
  ...[12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228],
  ...[2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11, 2.101, 2.093, 2.086],
  ...[2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042],
] as const;
const NORMAL_95 = 1.96;

export interface Observation {
  readonly x: number;
  readonly y: number;
}

export interface Coefficient extends Interval {
  readonly value: number;
}

export interface Regression {
  readonly coefficients: readonly Coefficient[];
  /** By observation: measured over fitted, less 1. */
  readonly residuals: readonly number[];
}

/** What a coefficient is multiplied by. */
export type Term = (x: number) => number;

/**
 * y as a sum of terms, each times a coefficient, with their 95 % intervals. There must be more
 * observations than terms, and every y above 0.
 */
export function regress(observations: readonly Observation[], terms: readonly Term[]): Regression {
  // Alike in size, so that none is lost in another's rounding.
  const scales = terms.map((term) => Math.max(...observations.map(({ x, y }) => term(x) / y)));
  const rows = observations.map(({ x, y }) => terms.map((term, i) => term(x) / y / scales[i]));
  const ones = observations.map(() => [1]);
  const fit = new MultivariateLinearRegression(rows, ones, { intercept: false });
  const freedom = observations.length - terms.length;
  const t = T_95[freedom - 1] ?? NORMAL_95;
  const coefficients = terms.map((_, i) => {
    const value = fit.weights[i][0] / scales[i];
    const reach = (t * fit.stdErrors[i]) / scales[i];
    return { value, low: value - reach, high: value + reach };
  });
  const residuals = observations.map(({ x, y }) => y / valueAt(coefficients, terms, x) - 1);
  return { coefficients, residuals };
}

/** y as it was fitted. */
export function valueAt(
  coefficients: readonly Coefficient[],
  terms: readonly Term[],
  x: number,
): number {
  return terms.reduce((sum, term, i) => sum + coefficients[i].value * term(x), 0);
}
