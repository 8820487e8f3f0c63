// What a calibration knows besides the costs of a profile, and keeps in the same file, so that
// what the profile was not fitted to can be predicted from it.

import type { Profile } from "../engine/profile/profile.ts";
import type { Line } from "./null-model.ts";

export interface Calibration {
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

export interface Calibrated {
  readonly profile: Profile;
  readonly calibration: Calibration;
}

/** `host.json`: a profile, readable wherever a profile's name may stand, and its calibration. */
export function calibratedText({ profile, calibration }: Calibrated): string {
  return `${JSON.stringify({ ...profile, calibration }, null, 2)}\n`;
}
