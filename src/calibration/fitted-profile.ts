// A profile that was fitted to measurements, and what is kept of these beside it, so that what it
// was not fitted to can be predicted.

import type { Profile } from "../engine/profile/profile.ts";
import type { Line } from "./null-model.ts";

/** What a profile can be fitted to: cells of a host, or a recorded kernel's shootdowns. */
export const FIT_SOURCES = ["cells", "trace"] as const;
export type FitSource = (typeof FIT_SOURCES)[number];

export interface FitRecord {
  readonly from: FitSource;
  /** Whose values stand where nothing was measured. */
  readonly base: string;
  /** What was measured, in words. */
  readonly where: string;
  /** Of the draws that the intervals come from. */
  readonly seed: number;
  /** Kernel work of a call, or of a trace's operation, that no cost of a profile stands for … */
  readonly beforeNs: number;
  /** … and behind its last acknowledgement. */
  readonly afterNs: number;
  /** The null model, fitted to the same measurements. */
  readonly line: Line;
}

export interface FittedProfile {
  readonly profile: Profile;
  readonly fit: FitRecord;
}

/** `host.json`: a profile, readable wherever a profile's name may stand, and its record. */
export function fittedProfileText({ profile, fit }: FittedProfile): string {
  return `${JSON.stringify({ ...profile, fit }, null, 2)}\n`;
}
