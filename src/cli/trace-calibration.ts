// `shootdown calibrate --from TRACE`: a profile from a recorded kernel's shootdowns.

import { type FittedProfile, fittedProfileText } from "../calibration/fitted-profile.ts";
import { traceProfile } from "../calibration/trace-profile.ts";
import type { Profile } from "../engine/profile/profile.ts";
import { writeFittedProfile } from "../results/calibration-files.ts";
import { defaultFolder, ResultFolder } from "../results/folder.ts";
import { describeHost } from "../results/host.ts";
import { analyzeTrace, type FinishedShootdown } from "../workloads/traces/index.ts";
import { type Format, print, warn } from "./output.ts";
import { PROFILE_COLUMNS, profileValues } from "./profile-values.ts";
import { renderList } from "./render.ts";
import { traceName, traceWorkload } from "./trace-times.ts";

export interface FromOptions {
  readonly seed: number;
  readonly out?: string;
  readonly format: Format;
  readonly quiet?: true;
}

/** Fits, writes host.json, and prints the values that the trace has said. */
export async function calibrateFrom(
  trace: string,
  base: Profile,
  { seed, out, format, quiet }: FromOptions,
): Promise<void> {
  const started = new Date();
  const shootdowns: FinishedShootdown[] = [];
  const { warnings } = await analyzeTrace(trace, {
    onShootdown: (shootdown) => shootdowns.push(shootdown),
  });
  const name = `like-${traceName(trace)}`;
  const fitted = traceProfile(shootdowns, { name, base, where: traceWorkload(trace), seed });
  const folder = await ResultFolder.create(out ?? defaultFolder("calibrate", started));
  try {
    await writeFittedProfile(folder, fittedProfileText(fitted), fitted.profile, {
      command: process.argv.slice(2),
      seed,
      started,
      ended: new Date(),
      host: describeHost(),
      floorNs: undefined,
      warnings,
      experiment: [{ file: trace, base: base.name }],
      interrupted: false,
    });
    print(renderList(PROFILE_COLUMNS, seenValues(fitted), format));
    for (const warning of warnings) warn(warning);
    if (quiet !== true) {
      process.stderr.write(`use it as --profile ${folder.path}/host.json\n`);
    }
  } finally {
    await folder.removeIfEmpty();
  }
}

/** All others are the base's. */
function seenValues({ profile }: FittedProfile) {
  return profileValues(profile).filter(({ grade }) => grade === "measured" || grade === "fitted");
}
