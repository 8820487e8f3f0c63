// `shootdown analyze`: where the time of a real kernel's shootdowns went.

import type { Command } from "commander";
import { CRITICAL_PATH_COLUMNS } from "../../results/columns/critical-path.ts";
import { writeAnalysis } from "../../results/files.ts";
import { ResultFolder } from "../../results/folder.ts";
import { describeHost } from "../../results/host.ts";
import { kernelRows } from "../../results/kernel-rows.ts";
import { analyzeTrace, type TraceAnalysis } from "../../workloads/traces/index.ts";
import { analysisTable } from "../analysis.ts";
import { shortHash } from "../experiments/identity.ts";
import { formatOption, outOption } from "../options.ts";
import { type Format, print, renderRows } from "../output.ts";
import { warn } from "../run.ts";
import { traceName, traceWorkload } from "../trace-times.ts";

interface AnalyzeOptions {
  readonly out?: string;
  readonly strict?: true;
  readonly format: Format;
}

export function addAnalyze(program: Command): void {
  program
    .command("analyze")
    .summary("cut a real kernel's shootdowns into segments")
    .description(
      "Cuts the shootdowns of the kernel that a trace was recorded on into the segments of " +
        "their critical path. csv and json: rows of critical-path.csv, and one object with " +
        "everything.",
    )
    .argument("<trace>", "text of perf script, perhaps gzip-compressed; - is standard input")
    .addOption(outOption("write critical-path.csv, analysis.json, manifest and data package there"))
    .option("--strict", "stop at the first line that is no event")
    .addOption(formatOption())
    .option("--quiet", "as everywhere; reading a trace prints no progress anyway")
    .addHelpText(
      "after",
      `
Examples:
  shootdown analyze bench/traces/munmap-loop.perf.txt.gz
  shootdown analyze bench/traces/redis.perf.txt.gz --format json --out results/redis
  perf script --ns -F comm,pid,tid,cpu,time,event,trace | shootdown analyze - --strict
`,
    )
    .action(analyze);
}

async function analyze(trace: string, options: AnalyzeOptions): Promise<void> {
  const { out, strict = false, format } = options;
  const started = new Date();
  const folder = out === undefined ? undefined : await ResultFolder.create(out);
  try {
    const analysis = await analyzeTrace(trace, { strict });
    const name = traceName(trace);
    const rows = kernelRows(analysis, traceWorkload(trace), shortHash(JSON.stringify(analysis)));
    if (folder !== undefined) {
      await writeAnalysis(folder, `analyze-${name}`, rows, analysis, {
        command: process.argv.slice(2),
        seed: null,
        started,
        ended: new Date(),
        host: describeHost(),
        floorNs: undefined,
        warnings: analysis.warnings,
        experiment: [{ file: trace }],
        interrupted: false,
      });
    }
    print(render(analysis, rows, format));
    for (const warning of analysis.warnings) warn(warning);
  } finally {
    await folder?.removeIfEmpty();
  }
}

function render(
  analysis: TraceAnalysis,
  rows: ReturnType<typeof kernelRows>,
  format: Format,
): string {
  if (format === "json") return JSON.stringify(analysis, null, 2);
  if (format === "csv") return renderRows(CRITICAL_PATH_COLUMNS, rows, format);
  return analysisTable(analysis);
}
