// Which samples count. A sample is judged by evidence beside it, not by how long it took: who drops
// what is long measures his own opinion.

/** What is known of a sample. */
export interface Evidence {
  readonly ns: number;
  /** How long the initiator waited for its CPU meanwhile. */
  readonly waitedNs: number;
  /** Whether each peer slept, or took turns again after the sample, within reason. */
  readonly peersObey: boolean;
  /** How long spinning peers were not running meanwhile, together. */
  readonly awayNs: number;
}

/** Counts, or is dropped since who was not running? */
export const VERDICTS = ["kept", "initiator", "peer"] as const;
export type Verdict = (typeof VERDICTS)[number];

/**
 * A peer that took no turn for longer was not running. In between lie the interrupts that are to be
 * measured (1 µs, on virtual machines 10) and the timer's (some µs) on one side, and on the other
 * the time for which Linux gives a CPU to somebody else who wants it for good (`base_slice_ns`
 * in kernel/sched/fair.c, 700 µs and more).
 */
export const LONGEST_ANSWER_NS = 100_000;

/**
 * The part of a sample for which somebody may have been away: that is what it can be wrong by. Long
 * samples, of hundreds of calls, are never quite undisturbed; short ones are or are not.
 */
const TOLERATED_PART = 0.01;

export function verdictOf({ ns, waitedNs, peersObey, awayNs }: Evidence): Verdict {
  if (waitedNs > TOLERATED_PART * ns) return "initiator";
  if (!peersObey || awayNs > TOLERATED_PART * ns) return "peer";
  return "kept";
}

/** Of the times in which peers took no turn, those in which they were not running. */
export function awayNsOf(gapsNs: readonly number[]): number {
  return gapsNs.filter((ns) => ns > LONGEST_ANSWER_NS).reduce((sum, ns) => sum + ns, 0);
}
