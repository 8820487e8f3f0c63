// What a reproduction is: one published result, the set-up that it was measured in as data, and how
// the model comes to an effect of its own.
//
// A row is one row of the published results, by their number; it has an effect for each figure that
// the source gives. What may be typed in is what the source says (`published`, and in `baselines`
// what it measured without the policy); the rest is simulated.

import type { Lab } from "./lab.ts";

export interface Paper {
  /** Which of the published results. */
  readonly row: number;
  readonly source: string;
  readonly effects: readonly Effect[];
}

export interface Effect {
  /** The machine, by its file in machines/ or the name of a shipped profile. */
  readonly machine: string;
  /** Workload, size, and from which policy to which. */
  readonly setup: string;
  /** What changes. */
  readonly metric: string;
  readonly unit: string;
  /** How much it changes, in that unit. */
  readonly published: number;
  readonly reproduce: (lab: Lab) => Promise<Reproduction>;
  /** What the set-up leaves out or assumes, and why it does not come out if it does not. */
  readonly note: string;
}

export interface Reproduction {
  /** In the effect's unit. */
  readonly value: number;
  /** The workload's own parameters, each with the figure of the baseline that it was set from. */
  readonly parameters: readonly string[];
}

/** Of two figures: by how many per cent the second differs. */
export function percent(from: number, to: number): number {
  return 100 * (to / from - 1);
}
