// Least squares: which coefficients make a sum of columns come nearest to what was measured.

import { Matrix, QrDecomposition } from "ml-matrix";

/** What was measured, and how often each coefficient is in it. */
export interface Equation {
  readonly columns: readonly number[];
  readonly value: number;
  /** What an error is measured against: errors of the same part of it count the same. */
  readonly scale: number;
}

/**
 * The coefficients that make the sum of squared errors least, each as a part of its scale.
 * Undefined if the equations leave one of them open.
 */
export function leastSquares(equations: readonly Equation[]): number[] | undefined {
  const unknowns = equations[0]?.columns.length ?? 0;
  if (equations.length < unknowns) return undefined;
  const columns = equations.map(({ columns, scale }) => columns.map((times) => times / scale));
  const decomposition = new QrDecomposition(new Matrix(columns));
  if (!decomposition.isFullRank()) return undefined;
  const values = equations.map(({ value, scale }) => value / scale);
  return decomposition.solve(Matrix.columnVector(values)).to1DArray();
}
