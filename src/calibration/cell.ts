// What calibration measures: cells of real shootdowns, and what each was found to take.

/**
 * What the peers do, the other threads that have the address space: there are none, they sleep, or
 * each spins on a CPU of its own.
 */
export const PEER_STATES = ["none", "asleep", "spinning"] as const;
export type PeerState = (typeof PEER_STATES)[number];

/** One situation in which pages are taken away from a process. */
export interface Cell {
  readonly state: PeerState;
  /** 0 where there are none. */
  readonly peers: number;
  /** Pages that are taken away, all of them touched before. */
  readonly pages: number;
  /** In how many calls: 1, or one for each page. */
  readonly calls: number;
}

/**
 * How often a call makes the kernel tell other CPUs: once in mprotect and once in madvise, which is
 * what the shrinking of a resizable ArrayBuffer consists of (V8's `BackingStore::ResizeInPlace` and
 * `OS::SetPermissions`).
 */
export const SENDS_PER_CALL = 2;

/** The fewest pages for which a flush drops everything (Linux arch/x86/mm/tlb.c: above 33). */
export const FIRST_FULL_PAGES = 34;

/** A median, with the interval that holds it with 95 % confidence, in ns. */
export interface Estimate {
  readonly ns: number;
  readonly lowNs: number;
  readonly highNs: number;
}

/** What a cell takes: all its calls together, in ns of this host's clock. */
export interface CellTimes {
  readonly cell: Cell;
  /** At least 1: a cell without samples has no times. */
  readonly samples: number;
  /** Samples that the gate has refused. */
  readonly dropped: number;
  readonly minNs: number;
  readonly p50: Estimate;
  readonly p90Ns: number;
  readonly p99Ns: number;
  /**
   * Over the cell of the same pages and calls without a peer, from rounds that have both; undefined
   * for that cell itself, and where no round has both.
   */
  readonly excess: Estimate | undefined;
  /** Of one call with FIRST_FULL_PAGES: over the cell with one page less, round by round. */
  readonly step?: Estimate;
}

/** What else was measured of this host. */
export interface HostTimes {
  /** One read of the clock. */
  readonly clock: Estimate;
  /** A word from one thread to another and one back; undefined if it could not be measured. */
  readonly cacheLineRoundTrip: Estimate | undefined;
  /** From the notification of a sleeping thread until that thread reads the clock. */
  readonly wakeUp: Estimate | undefined;
  /** What one send takes away from a CPU that is told. */
  readonly stolenPerSend: Estimate | undefined;
}

/** The name that a cell has in files: `spinning-1/34/one-call`, `none/34/call-per-page`. */
export function cellName({ state, peers, pages, calls }: Cell): string {
  const who = state === "none" ? state : `${state}-${peers}`;
  return `${who}/${pages}/${calls === 1 ? "one-call" : "call-per-page"}`;
}
