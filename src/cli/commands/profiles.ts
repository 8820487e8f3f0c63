// `shootdown profiles`: machine profiles, and every value of one with its source.

import type { Command } from "commander";
import { byName } from "../../engine/names.ts";
import type { Profile } from "../../engine/profile/profile.ts";
import { PROFILES } from "../../engine/profile/profiles.ts";
import { formatOption } from "../options.ts";
import { type Format, print, renderList } from "../output.ts";

export function addProfiles(program: Command): void {
  program
    .command("profiles")
    .summary("machine profiles there are, or one's values")
    .description(
      "Lists the machine profiles, or every value of one with how well it is known and whence.",
    )
    .argument("[name]", "a profile")
    .addOption(formatOption())
    .addHelpText(
      "after",
      `
Grades: sourced (published), derived (computed from published values), interpolated (set between
published values of other machines), memory (not read again), zero (not modelled on purpose).

Examples:
  shootdown profiles
  shootdown profiles akaros-2020
`,
    )
    .action((name: string | undefined, { format }: { format: Format }) => {
      if (name === undefined) {
        print(renderList(["name", "summary"], [...PROFILES], format));
      } else {
        const values = describeProfile(byName("profile", name, PROFILES));
        print(renderList(["name", "value", "grade", "source"], values, format));
      }
    });
}

function describeProfile(profile: Profile) {
  const { costs, l1, l2, iotlb, tlbSource } = profile;
  const values = Object.entries(costs).map(([name, { ns, grade, source }]) => {
    return { name, value: `${ns}`, grade: grade as string, source };
  });
  const tlbs = Object.entries({ l1, l2, iotlb }).map(([name, { sets, ways }]) => {
    return { name, value: `${sets} × ${ways}`, grade: "", source: tlbSource };
  });
  return [...values, ...tlbs];
}
