// What `shootdown analyze` does.

import { CRITICAL_PATH_COLUMNS } from "../../results/columns/critical-path.ts";
import { writeAnalysis } from "../../results/files.ts";
import { ResultFolder } from "../../results/folder.ts";
import { describeHost } from "../../results/host.ts";
import { kernelRows } from "../../results/kernel-rows.ts";
import { analyzeTrace, type TraceAnalysis } from "../../workloads/traces/index.ts";
import { analysisTable } from "../analysis.ts";
import type { AnalyzeOptions } from "../commands/analyze.ts";
import { shortHash } from "../experiments/identity.ts";
import { type Format, print, warn } from "../output.ts";
import { renderRows } from "../render.ts";
import { traceName, traceWorkload } from "../trace-times.ts";

export async function analyze(trace: string, options: AnalyzeOptions): Promise<void> {
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
