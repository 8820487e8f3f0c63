// Which samples count. A sample is judged by evidence beside it, never by how long it took: who
// drops what is long measures his own opinion.

/** What is known of a sample besides its time. */
export interface Evidence {
  /** How long the initiator waited for its CPU meanwhile. */
  readonly waitedNs: number;
  /** Whether each peer slept, or took turns again after the sample, within reason. */
  readonly peersObey: boolean;
  /** The longest time that touches the sample in which a spinning peer took no turn. */
  readonly longestGapNs: number;
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

export function verdictOf({ waitedNs, peersObey, longestGapNs }: Evidence): Verdict {
  if (waitedNs > 0) return "initiator";
  if (!peersObey || longestGapNs > LONGEST_ANSWER_NS) return "peer";
  return "kept";
}
