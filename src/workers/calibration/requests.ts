// What the initiator's process can be asked, and what it answers. Requests follow one another.

import type { Verdict } from "./gate.ts";

/** Some samples of one cell. */
export interface BatchRequest {
  readonly kind: "batch";
  readonly pages: number;
  /** Divides `pages`. */
  readonly calls: number;
  /** How many peers spin; all others sleep. */
  readonly spinning: number;
  readonly samples: number;
}

export interface Sample {
  /** All calls together, in ns of this host's clock. */
  readonly ns: number;
  readonly verdict: Verdict;
  /** What the spinning peers lost meanwhile, together. */
  readonly stolenNs: number;
}

/** What else this host takes. */
export interface HostRequest {
  readonly kind: "host";
  /** Of each; bursts for what is too short to be measured alone. */
  readonly samples: number;
}

export interface HostSamples {
  /** One read of the clock, a burst's mean. */
  readonly clockNs: readonly number[];
  /** There and back between the initiator and its first peer, a burst's mean. */
  readonly roundTripNs: readonly number[];
  /** From the notification until the first peer has read the clock. */
  readonly wakeUpNs: readonly number[];
}

/** What the process says once it can be asked. */
export interface Ready {
  /** Of the peers, as the kernel calls them. */
  readonly threadIds: readonly number[];
  /** Whether the kernel tells how long a thread waits for its CPU. */
  readonly seesWaits: boolean;
}

export interface Answers {
  readonly batch: readonly Sample[];
  readonly host: HostSamples;
}

export type Request = BatchRequest | HostRequest;
