// The normal distribution, and Student's by way of it.

import { errorFunction } from "simple-statistics";

/** How many standard deviations to each side hold 95 % of the normal distribution. */
export const Z_95 = 1.959964;

/** How likely it is to be at least `z` standard deviations away from the mean, on either side. */
export function twoSided(z: number): number {
  const p = 1 - errorFunction(Math.abs(z) / Math.SQRT2);
  return Math.min(1, Math.max(0, p)); // It is an approximation.
}

// Wallace's transformation (Annals of Mathematical Statistics 30, 1959) takes Student's t to z and
// back in closed form; from 4 degrees of freedom on it is exact to half a percent.

function shrinkOf(degrees: number): number {
  return (8 * degrees + 1) / (8 * degrees + 3);
}

/** The z that is as unlikely as `t` is with so many degrees of freedom. */
export function zOfT(t: number, degrees: number): number {
  return shrinkOf(degrees) * Math.sqrt(degrees * Math.log1p((t * t) / degrees));
}

/** How many standard errors to each side hold 95 %, with so many degrees of freedom. */
export function t95(degrees: number): number {
  const z = Z_95 / shrinkOf(degrees);
  return Math.sqrt(degrees * Math.expm1((z * z) / degrees));
}
