// Result folders → a page, and each of its plots as SVG and PNG, in the first of them.

import { ResultFolder } from "../folder.ts";
import { chaptersOf, policiesOf } from "./chapters.ts";
import { draw, pngOf } from "./draw.ts";
import { readInputs } from "./inputs.ts";
import { type DrawnChapter, type DrawnPlot, pageOf } from "./page.ts";
import type { Policies } from "./picture.ts";
import type { Chapter, Plot, PlotTable } from "./plot.ts";

export interface Report {
  /** Path of the page. */
  readonly page: string;
  readonly plots: number;
}

/** @throws UsageError where there is nothing to plot, or the files cannot be written. */
export async function writeReport(paths: readonly string[]): Promise<Report> {
  const inputs = readInputs(paths);
  const policies = policiesOf(inputs);
  const folder = ResultFolder.open(inputs.folders[0].path);
  const names = new Set<string>();
  const pngs: Promise<void>[] = [];
  const chapters: DrawnChapter[] = [];
  for (const chapter of chaptersOf(inputs, policies)) {
    const plots: DrawnPlot[] = [];
    for (const plot of chapter.plots) {
      const title = [chapter.title, plot.scene.title].filter((part) => part !== "").join(": ");
      const name = fileName(chapter, plot, names);
      const { file, inline } = await draw(plot, title, policies);
      await folder.write(`${name}.svg`, file);
      pngs.push(pngOf(file).then((png) => folder.write(`${name}.png`, png)));
      plots.push({ ...plot, table: numbered(plot.table, policies), title, inline, file: name });
    }
    chapters.push({ ...chapter, plots });
  }
  await Promise.all(pngs);
  const page = "report.html";
  await folder.write(page, pageOf(inputs.folders, chapters, policies));
  return { page: `${folder.path}/${page}`, plots: names.size };
}

/** `latency-over-cores-virtual-munmap`; a number more if that is taken. */
function fileName({ name }: Chapter, { scene }: Plot, taken: Set<string>): string {
  const parts = [name, scene.title.toLowerCase().replaceAll(/[^a-z0-9.]+/g, "-")];
  const base = parts.map((part) => part.replaceAll(/^-+|-+$/g, "")).filter((part) => part !== "");
  let file = base.join("-");
  for (let i = 2; taken.has(file); i++) file = `${base.join("-")}-${i}`;
  taken.add(file);
  return file;
}

/** Rows go by the policy's place, as marks do. */
function numbered(table: PlotTable, policies: Policies): PlotTable {
  const rows = table.rows.map(({ policy, cells }) => ({
    policy: policy === undefined ? undefined : `${policies.place(policy)}`,
    cells,
  }));
  return { ...table, rows };
}
