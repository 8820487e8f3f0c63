// `shootdown compare`: two result folders, what changed, and whether that is more than noise.

import { type Command, Help, Option } from "commander";
import { unknownName } from "../../engine/names.ts";
import { type Gate, parseGate } from "../../results/compare/gate.ts";
import { GATE_NAMES } from "../../results/compare/metrics.ts";
import { defaultFormat, FORMATS } from "../output.ts";

const COMPARE_FORMATS = [...FORMATS, "markdown"] as const;
type CompareFormat = (typeof COMPARE_FORMATS)[number];

const HELP_COLUMNS = 100;
const GATES = new Help().boxWrap(`A gate names any of ${GATE_NAMES.join(", ")}.`, HELP_COLUMNS);

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
        "exit with 22 only where one of these is worse by more: metrics and, as path:SEGMENT, " +
          "segments of the critical path, such as p50:5%,p99:10%,path:send:2%",
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

${GATES}
A segment (path:…) is worse by as much as its change alone makes of the mean latency; that counts
for the exit status only where a gate names it.

Exit status: 22 if a metric is worse (with --gate: what it names, by more than it says), or if
something is unsafe now; else 2 if a gate names what cannot be told of any point. Of some points
only is a warning. A gate says on standard error whether it passed, and marks rows of the table.

Examples:
  shootdown compare results/before results/after
  shootdown compare results/before results/after --gate p50:5%,p99:10%,path:send:2%
  shootdown compare results/before results/after --gate p50:5% --format table
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
