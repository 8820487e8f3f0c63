// Least squares: which coefficients make a sum of columns come nearest to what was measured.

import { Matrix, SingularValueDecomposition } from "ml-matrix";

/** What was measured, and how often each coefficient is in it. */
export interface Equation {
  readonly columns: readonly number[];
  readonly value: number;
  /** What an error is measured against: errors of the same part of it count the same. */
  readonly scale: number;
}

/** From here on equations leave a coefficient open, or all but open. */
const WORST_CONDITION = 1e6;

/**
 * The coefficients that make the sum of squared errors least, each as a part of its scale.
 * Undefined if the equations leave one of them open.
 */
export function leastSquares(equations: readonly Equation[]): number[] | undefined {
  const unknowns = equations[0]?.columns.length ?? 0;
  if (unknowns === 0 || equations.length < unknowns) return undefined;
  const matrix = new Matrix(equations.map(({ columns, scale }) => columns.map((c) => c / scale)));
  // Of equal length, as what one coefficient is counted in says nothing of how well it is known.
  const lengths = columnLengths(matrix);
  if (lengths.some((length) => length === 0)) return undefined;
  const even = matrix.divRowVector(lengths);
  const decomposition = new SingularValueDecomposition(even, { autoTranspose: true });
  if (decomposition.condition > WORST_CONDITION) return undefined;
  const values = Matrix.columnVector(equations.map(({ value, scale }) => value / scale));
  const coefficients = decomposition.solve(values).to1DArray();
  return coefficients.map((coefficient, i) => coefficient / lengths[i]);
}

function columnLengths(matrix: Matrix): number[] {
  return Array.from({ length: matrix.columns }, (_, i) => {
    return Math.hypot(...matrix.getColumn(i));
  });
}
