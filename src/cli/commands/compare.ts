// `shootdown compare`: two result folders, what changed, and whether that is more than noise.

import { type Command, Option } from "commander";
import { unknownName } from "../../engine/names.ts";
import { type Gate, parseGate } from "../../results/compare/gate.ts";
import { defaultFormat, FORMATS } from "../output.ts";

const COMPARE_FORMATS = [...FORMATS, "markdown"] as const;
type CompareFormat = (typeof COMPARE_FORMATS)[number];

export interface CompareOptions {
  readonly gate?: Gate;
  readonly all?: boolean;
  readonly allowOtherHost?: true;
  readonly allowOtherProfile?: true;
  readonly allowOtherSchema?: true;
  readonly format: CompareFormat;
}

export function addCompare(program: Command): void {
  program
    .command("compare")
    .summary("what changed from one run to another, beyond noise")
    .description(
      "Compares two result folders point by point: each metric's ratio with its interval, and " +
        "whether it is better, worse, the same, or cannot be told.",
    )
    .argument("<base>", "the folder of a bench or a replay")
    .argument("<new>", "another one")
    .addOption(
      new Option(
        "--gate <limits>",
        "exit with 22 only where one of these is worse by more, such as p50:5%,p99:10%",
      ).argParser(parseGate),
    )
    .option("--all", "show what did not change, too (table and markdown)")
    .option("--allow-other-host", "compare threads of two computers")
    .option("--allow-other-profile", "compare machines that have the same name and other values")
    .option("--allow-other-schema", "compare files of another version of this program")
    .addOption(
      new Option("--format <format>", COMPARE_FORMATS.join(", "))
        .argParser(parseFormat)
        .default(defaultFormat(), "table on a terminal, else csv"),
    )
    .option("--quiet", "as everywhere; comparing prints no progress anyway")
    .addHelpText(
      "after",
      `
Points are matched by their hash; the seed is no part of it. A change counts if its interval lies
outside of what is noise, and if there are more such changes than chance explains. On threads give
both runs --repetitions 3 or more.

Exit status: 22 if something is worse (with --gate: by more than it says), or is unsafe now.

Examples:
  shootdown compare results/before results/after
  shootdown compare results/before results/after --gate p50:5%,p99:10%
  shootdown compare results/before results/after --format markdown > comment.md
  shootdown compare results/before results/after --all --format csv
`,
    )
    .action(async (base: string, next: string, options: CompareOptions) => {
      const { compare } = await import("../actions/compare.ts");
      await compare(base, next, options);
    });
}

function parseFormat(text: string): CompareFormat {
  const format = COMPARE_FORMATS.find((known) => known === text);
  if (format === undefined) throw unknownName("format", text, COMPARE_FORMATS);
  return format;
}
