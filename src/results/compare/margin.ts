// By how much a ratio may be off, in logarithms: 2 and 1/2 are equally far from 1.

import type { Distribution } from "./distribution.ts";
import { Z_95 } from "./normal.ts";

/** The 95 % interval of a value reaches from value · exp(−down) to value · exp(up). */
export interface Margin {
  readonly down: number;
  readonly up: number;
}

/**
 * Of the quantile at `fraction`: between which order statistics it is, from Wilson's interval of
 * the share of samples below it. So many samples count as one.
 */
export function quantileMargin(
  distribution: Distribution,
  fraction: number,
  samplesPerDraw: number,
): Margin {
  const draws = distribution.total / samplesPerDraw;
  const weight = (Z_95 * Z_95) / draws;
  const center = (fraction + weight / 2) / (1 + weight);
  const spread = fraction * (1 - fraction) + weight / 4;
  const reach = Math.sqrt(weight * spread) / (1 + weight);
  return marginOf(
    distribution.quantile(fraction),
    distribution.quantile(Math.max(0, center - reach)),
    distribution.quantile(Math.min(1, center + reach)),
  );
}

/** Of the mean, by its standard error. */
export function meanMargin(distribution: Distribution, samplesPerDraw: number): Margin {
  const { mean, variance, total } = distribution;
  return standardMargin(mean, Math.sqrt((samplesPerDraw * variance) / total));
}

/** Of a value that has so large a standard error. */
export function standardMargin(value: number, error: number): Margin {
  return marginOf(value, value - Z_95 * error, value + Z_95 * error);
}

/** Of how often something happened that comes `clump` at a time (Poisson). */
export function countMargin(count: number, clump: number): Margin {
  const reach = Z_95 * Math.sqrt(clump / count);
  return { down: reach, up: reach };
}

/**
 * Of a ratio, from those of its two independent parts (the method of variance estimates recovery;
 * Donner and Zou, Statistical Methods in Medical Research 21, 2012).
 */
export function ratioMargin(numerator: Margin, denominator: Margin): Margin {
  return {
    down: Math.hypot(numerator.down, denominator.up),
    up: Math.hypot(numerator.up, denominator.down),
  };
}

export function widest(a: Margin, b: Margin): Margin {
  return { down: Math.max(a.down, b.down), up: Math.max(a.up, b.up) };
}

function marginOf(value: number, low: number, high: number): Margin {
  if (low === high) return { down: 0, up: 0 };
  return {
    down: low > 0 ? Math.log(value / low) : Number.POSITIVE_INFINITY,
    up: value > 0 ? Math.log(high / value) : Number.POSITIVE_INFINITY,
  };
}
