// What `shootdown compare` does.

import { RegressionError, UsageError } from "../../engine/errors.ts";
import { COMPARISON_COLUMNS } from "../../results/columns/comparison.ts";
import { type Comparison, compareRuns, isUnsafeNow } from "../../results/compare/compare.ts";
import type { ComparedRow } from "../../results/compare/compared-row.ts";
import {
  describeOpen,
  describeOutcome,
  isWhollyOpen,
  openLimits,
  regressionsOf,
} from "../../results/compare/gate.ts";
import { toMarkdown } from "../../results/compare/markdown.ts";
import { comparisonObject, comparisonRow } from "../../results/compare/rows.ts";
import { readRun } from "../../results/compare/run.ts";
import {
  describeComparison,
  describeRemedy,
  describeRow,
  describeUnmatched,
  type Section,
  sectionsOf,
  worstFirst,
} from "../../results/compare/view.ts";
import type { CompareOptions } from "../commands/compare.ts";
import { announce, print, warn } from "../output.ts";
import { renderRows, renderTable } from "../render.ts";

export function compare(base: string, next: string, options: CompareOptions): void {
  const comparison = compareRuns(readRun(base), readRun(next), {
    otherHost: options.allowOtherHost ?? false,
    otherProfile: options.allowOtherProfile ?? false,
    otherSchema: options.allowOtherSchema ?? false,
  });
  if (comparison.pairs.length === 0) throw nothingInCommon(comparison);
  const regressions = regressionsOf(comparison, options.gate);
  print(render(comparison, regressions, options));
  const open = options.gate === undefined ? [] : openLimits(comparison, options.gate);
  const unsafe = comparison.safety.filter(isUnsafeNow);
  const isWorse = regressions.length + unsafe.length > 0;
  // What is known to be worse comes first: then the exit status says that.
  for (const limit of open) if (isWorse || !isWhollyOpen(limit)) warn(describeOpen(limit));
  const untold = open.filter(isWhollyOpen);
  // A gate of which nothing is known has neither passed nor failed: the error says so instead.
  if (options.gate !== undefined && (isWorse || untold.length === 0)) {
    const outcome = { worse: regressions.length, unsafe: unsafe.length, open };
    announce(describeOutcome(comparison, options.gate, outcome));
  }
  if (isWorse) throw regression(regressions, unsafe.length);
  if (untold.length > 0) throw new UsageError(untold.map(describeOpen).join("\n  "));
}

function render(
  comparison: Comparison,
  regressions: readonly ComparedRow[],
  { format, gate, all = false }: CompareOptions,
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
  const sections = sectionsOf(comparison, all, gate && new Set(regressions));
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
    [
      "no point is in both runs:",
      ...describeUnmatched(unmatched),
      ...describeRemedy(unmatched),
    ].join("\n  "),
  );
}
