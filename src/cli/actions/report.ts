// What `shootdown report` does.

import { writeReport } from "../../results/report/report.ts";
import type { ReportOptions } from "../commands/report.ts";
import { print } from "../output.ts";

export async function report(
  folders: readonly string[],
  { quiet = false }: ReportOptions,
): Promise<void> {
  const { page } = await writeReport(folders);
  if (!quiet) print(page);
}
