// What the checkers of all actors have seen together, and the verdict that follows.

import { Histogram, type HistogramData } from "../probe/histogram.ts";
import type { Finding } from "./finding.ts";

/** What one actor's checker has seen, as it crosses from its worker. */
export interface CheckData {
  /** Accesses through translations that an operation had promised to be gone. */
  readonly lateAccesses: number;
  /** Accesses to frames that have been handed to another space since … */
  readonly staleUses: number;
  /** … and to frames that the same space had again. */
  readonly staleUsesSameOwner: number;
  /** How long translations outlived the promise that they were gone, in ns. */
  readonly exposure: HistogramData;
  /** The first of what was wrong; `findingCount` is all. */
  readonly findings: readonly Finding[];
  readonly findingCount: number;
}

export interface CheckSums extends Omit<CheckData, "exposure"> {
  readonly exposure: Histogram;
  readonly verdict: Verdict;
}

/**
 * `safe`: no translation was there after its end had been promised. `exposed`: some were, and only
 * where callers do not rely on it. `unsafe`: something was found. The worst comes last.
 */
export const VERDICTS = ["safe", "exposed", "unsafe"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Adds up the actors' reports and what an audit has found when all had left. */
export function sumChecks(parts: readonly CheckData[], atRest: readonly Finding[]): CheckSums {
  const exposure = new Histogram();
  for (const part of parts) if (part.exposure.count > 0) exposure.merge(part.exposure);
  const sum = (count: (part: CheckData) => number): number =>
    parts.reduce((total, part) => total + count(part), 0);
  const counts = {
    lateAccesses: sum(({ lateAccesses }) => lateAccesses),
    staleUses: sum(({ staleUses }) => staleUses),
    staleUsesSameOwner: sum(({ staleUsesSameOwner }) => staleUsesSameOwner),
    findingCount: sum(({ findingCount }) => findingCount) + atRest.length,
  };
  const found = parts.flatMap(({ findings }) => findings).sort((a, b) => a.atNs - b.atNs);
  const isExposed = counts.lateAccesses > 0 || counts.staleUsesSameOwner > 0 || exposure.count > 0;
  const verdict = counts.findingCount > 0 ? "unsafe" : isExposed ? "exposed" : "safe";
  return { ...counts, exposure, findings: [...found, ...atRest], verdict };
}
