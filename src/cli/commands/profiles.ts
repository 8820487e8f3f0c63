// `shootdown profiles`: machine profiles, and every value of one with its source.

import type { Command } from "commander";
import { addListOptions, type ListOptions } from "../options.ts";

export function addProfiles(program: Command): void {
  addListOptions(program.command("profiles"))
    .summary("machine profiles there are, or one's values")
    .description(
      "Lists the machine profiles, or every value of one with how well it is known and whence.",
    )
    .argument("[name]", "a profile, or the JSON file of your own")
    .addHelpText(
      "after",
      `
Grades: sourced (published), derived (computed from published values), interpolated (set between
published values of other machines), memory (not read again), zero (the machine has no such step,
or it is not modelled on purpose), given (a file of yours gives it, and no more), measured or fitted
(by shootdown calibrate; the interval holds it with 95 % confidence, as far as its source goes).

A file of your own is JSON. It names what it starts from and says what is different:
  {"name": "mine", "base": "haswell-2s", "costs": {"deliveryNs": 350}, "topology": {"sockets": 4}}
"costs", "topology", "shootsBy", "l1", "l2" and "iotlb" may stand in it, by the names shown here. A
cost or count with its origin is {"ns": 350, "grade": "interpolated", "source": "…"} ("count": …);
origins of the last four: "origins": {"l2": {"grade": "sourced", "source": "…"}}.

Examples:
  shootdown profiles
  shootdown profiles akaros-2020
  shootdown profiles ./mine.json --format csv
`,
    )
    .action(async (name: string | undefined, options: ListOptions) => {
      const { profiles } = await import("../actions/profiles.ts");
      profiles(name, options);
    });
}
