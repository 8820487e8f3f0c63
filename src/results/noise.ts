// How much two runs of the same point differ: what a difference between two policies, or between
// two versions of the program, has to exceed.

import type { Histogram } from "../engine/probe/histogram.ts";
import type { Point } from "../workers/point.ts";

/** A point that was run twice. */
export interface NoisePair {
  readonly point: string;
  readonly first: Histogram;
  readonly again: Histogram;
}

/** `noise` of one executor, as the manifest has it. */
export interface Noise {
  /** Of each point that was run twice: what it gave again, as a multiple of what it gave first. */
  readonly pairs: readonly {
    readonly point: string;
    readonly p50_ratio: number;
    readonly p99_ratio: number;
  }[];
  /** The largest difference of a pair: 0.03 is three percent up or down. */
  readonly p50_spread: number;
  readonly p99_spread: number;
}

/** Of the executors that ran anything. */
export type NoiseByExecutor = Readonly<Partial<Record<Point["executor"], Noise>>>;

const DIGITS = 10_000;

/** Undefined if there is no pair in which operations took any time. */
export function noiseOf(measured: readonly NoisePair[]): Noise | undefined {
  const pairs = measured.flatMap(({ point, first, again }) => {
    const p50 = ratioOf(first, again, 0.5);
    const p99 = ratioOf(first, again, 0.99);
    if (p50 === undefined || p99 === undefined) return [];
    return { point, p50_ratio: p50, p99_ratio: p99 };
  });
  if (pairs.length === 0) return undefined;
  return {
    pairs,
    p50_spread: spreadOf(pairs.map(({ p50_ratio }) => p50_ratio)),
    p99_spread: spreadOf(pairs.map(({ p99_ratio }) => p99_ratio)),
  };
}

function ratioOf(first: Histogram, again: Histogram, fraction: number): number | undefined {
  const [a, b] = [first, again].map((histogram) => histogram.quantile(fraction) ?? 0);
  return a > 0 && b > 0 ? rounded(b / a) : undefined;
}

function spreadOf(ratios: readonly number[]): number {
  return rounded(Math.max(...ratios.map((ratio) => Math.max(ratio, 1 / ratio) - 1)));
}

function rounded(value: number): number {
  return Math.round(value * DIGITS) / DIGITS;
}
