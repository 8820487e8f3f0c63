// What is said of one metric of one point.

import type { MetricTest } from "./metric-test.ts";
import type { Noise, NoiseSource } from "./noise.ts";

export const VERDICTS = ["worse", "better", "inconclusive", "same"] as const;
export type Verdict = (typeof VERDICTS)[number];

/**
 * Why nothing can be said: too many actors for the CPUs; no repetitions; too few samples for an
 * interval as narrow as that; as many changes come about by chance; or the host (NoiseSource).
 */
export type Reason = "oversubscribed" | "repetitions" | "samples" | "chance" | NoiseSource;

export interface Judgement {
  readonly verdict: Verdict;
  /** Of an inconclusive one. */
  readonly reason: Reason | undefined;
}

/** Of all that is called better or worse, so much may be chance. */
export const FALSE_DISCOVERIES = 0.05;
/** Who calls a point the same excludes changes that are larger than this. */
export const SAME_WITHIN = 0.05;

const SAME: Judgement = { verdict: "same", reason: undefined };

/** `q` is the test's false discovery rate among all others. */
export function judge(
  test: MetricTest,
  q: number | undefined,
  noise: Noise,
  moreIs: "worse" | "better",
): Judgement {
  const { logRatio, margin, isIdentical } = test;
  if (isIdentical) return SAME;
  if (isUntested(test)) return { verdict: "inconclusive", reason: "repetitions" };
  const isFound = q !== undefined && q < FALSE_DISCOVERIES;
  // Without a margin one of the two is 0.
  const { down, up } = margin ?? { down: 0, up: 0 };
  const least = Math.max(logRatio - down, -logRatio - up);
  if (isFound && least > noise.log) {
    return {
      verdict: logRatio > 0 === (moreIs === "worse") ? "worse" : "better",
      reason: undefined,
    };
  }
  const same = Math.max(Math.log1p(SAME_WITHIN), noise.log);
  const most = Math.max(down - logRatio, up + logRatio);
  if (Number.isFinite(same) && most <= same) return SAME;
  return { verdict: "inconclusive", reason: reasonOf(test, isFound, least, noise) };
}

/** Nothing says by how much it varies: even the smallest difference may be anything. */
function isUntested({ margin, p }: MetricTest): boolean {
  return margin === undefined && p === undefined;
}

function reasonOf(test: MetricTest, isFound: boolean, least: number, noise: Noise): Reason {
  if (noise.source !== "least" && Math.abs(test.logRatio) <= noise.log) return noise.source;
  return least > 0 && !isFound ? "chance" : "samples";
}
