// `shootdown compare`: two result folders, what changed, and whether that is more than noise.

import { type Command, Option } from "commander";
import { RegressionError, UsageError } from "../../engine/errors.ts";
import { unknownName } from "../../engine/names.ts";
import { COMPARISON_COLUMNS } from "../../results/columns/comparison.ts";
import {
  type ComparedRow,
  type Comparison,
  compareRuns,
  isUnsafeNow,
} from "../../results/compare/compare.ts";
import { type Gate, parseGate, regressionsOf } from "../../results/compare/gate.ts";
import { toMarkdown } from "../../results/compare/markdown.ts";
import { comparisonObject, comparisonRow } from "../../results/compare/rows.ts";
import { readRun } from "../../results/compare/run.ts";
import {
  describeComparison,
  describeRow,
  describeUnmatched,
  type Section,
  sectionsOf,
  worstFirst,
} from "../../results/compare/view.ts";
import { defaultFormat, FORMATS, print, renderRows, renderTable } from "../output.ts";
import { warn } from "../run.ts";

const COMPARE_FORMATS = [...FORMATS, "markdown"] as const;
type CompareFormat = (typeof COMPARE_FORMATS)[number];

interface CompareOptions {
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
    .action(compare);
}

function compare(base: string, next: string, options: CompareOptions): void {
  const comparison = compareRuns(readRun(base), readRun(next), {
    otherHost: options.allowOtherHost ?? false,
    otherProfile: options.allowOtherProfile ?? false,
    otherSchema: options.allowOtherSchema ?? false,
  });
  if (comparison.pairs.length === 0) throw nothingInCommon(comparison);
  const regressions = regressionsOf(comparison.rows, options.gate);
  print(render(comparison, regressions, options));
  const unsafe = comparison.safety.filter(isUnsafeNow);
  if (regressions.length + unsafe.length > 0) throw regression(regressions, unsafe.length);
}

function render(
  comparison: Comparison,
  regressions: readonly ComparedRow[],
  { format, all = false }: CompareOptions,
): string {
  if (format === "json") {
    return JSON.stringify(comparisonObject(comparison, regressions), null, 2);
  }
  if (format === "csv") {
    for (const line of describeUnmatched(comparison.unmatched)) warn(line);
    const rows = [...comparison.rows, ...comparison.segments];
    return renderRows(COMPARISON_COLUMNS, rows.map(comparisonRow), format);
  }
  const lines = describeComparison(comparison);
  const sections = sectionsOf(comparison, all);
  if (format === "markdown") return toMarkdown("shootdown compare", lines, sections);
  return [lines.join("\n"), ...sections.map(renderSection)].join("\n\n");
}

function renderSection({ title, view }: Section): string {
  const table = renderTable(view.headings, view.rows);
  return title === "" ? table : `${title}\n${table}`;
}

function regression(regressions: readonly ComparedRow[], unsafe: number): RegressionError {
  const [first] = worstFirst(regressions);
  const worse =
    first === undefined ? "" : `${regressions.length} worse, most of all ${describeRow(first)}`;
  const now = unsafe === 0 ? "" : `${unsafe} unsafe that were not`;
  return new RegressionError([worse, now].filter((part) => part !== "").join("; "));
}

function nothingInCommon({ unmatched }: Comparison): UsageError {
  return new UsageError(
    ["no point is in both runs:", ...describeUnmatched(unmatched)].join("\n  "),
  );
}

function parseFormat(text: string): CompareFormat {
  const format = COMPARE_FORMATS.find((known) => known === text);
  if (format === undefined) throw unknownName("format", text, COMPARE_FORMATS);
  return format;
}
