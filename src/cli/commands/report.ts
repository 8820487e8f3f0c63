// `shootdown report`: result folders as one page with plots.

import type { Command } from "commander";

export interface ReportOptions {
  readonly quiet?: boolean;
}

export function addReport(program: Command): void {
  program
    .command("report")
    .summary("a page with plots of one run or more")
    .description(
      "Writes report.html into the first folder: one page that needs no network, with plots of " +
        "all folders, their data as tables and what they show; and each plot as SVG and PNG. An " +
        "earlier report there is replaced, with its plots.",
    )
    .argument("<folders...>", "folders of bench, replay, analyze, validate or stress")
    .option("--quiet", "as everywhere: no path of the page on standard output")
    .addHelpText(
      "after",
      `
What is plotted, where the data has it: latency distributions; latency and throughput over cores;
time a page over pages an operation, and over the pages that a policy gathers; critical paths with
slack; held memory and exposure against throughput; what was predicted against what was measured;
and what policies did under stress.

Examples:
  shootdown bench --quick --out results/mine && shootdown report results/mine
  shootdown report results/before results/after
  shootdown validate results/mine/host.json --out results/valid && shootdown report results/valid
`,
    )
    .action(async (folders: string[], options: ReportOptions) => {
      const { report } = await import("../actions/report.ts");
      await report(folders, options);
    });
}
