// Result folders → a page, and each of its plots as SVG and PNG, in the first of them.

import { availableParallelism } from "node:os";
import { Piscina } from "piscina";
import { UsageError } from "../../engine/errors.ts";
import { ResultFolder } from "../folder.ts";
import { chaptersOf, policiesOf } from "./chapters.ts";
import { draw } from "./draw.ts";
import { readInputs } from "./inputs.ts";
import { type DrawnChapter, type DrawnPlot, pageOf } from "./page.ts";
import type { Policies } from "./picture.ts";
import type { Chapter, Plot, PlotTable } from "./plot.ts";

const PAGE = "report.html";

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
  const chapters = chaptersOf(inputs, policies);
  if (chapters.length === 0) {
    throw new UsageError(`nothing to plot in ${paths.join(", ")}: no results that are complete`);
  }
  const filename = new URL("./png.js", import.meta.url).href;
  const painter = new Piscina<string, Uint8Array>({
    filename,
    maxThreads: availableParallelism(),
    concurrentTasksPerWorker: 1,
  });
  try {
    const drawn = await drawAll(chapters, policies, folder, painter);
    await folder.write(PAGE, pageOf(inputs.folders, drawn, policies));
    const plots = drawn.reduce((sum, chapter) => sum + chapter.plots.length, 0);
    return { page: `${folder.path}/${PAGE}`, plots };
  } finally {
    await painter.destroy();
  }
}

/** Writes the files of all plots. */
async function drawAll(
  chapters: readonly Chapter[],
  policies: Policies,
  folder: ResultFolder,
  painter: Piscina<string, Uint8Array>,
): Promise<DrawnChapter[]> {
  const taken = new Set<string>();
  const writes: Promise<unknown>[] = [];
  const drawn: DrawnChapter[] = [];
  for (const chapter of chapters) {
    const plots: DrawnPlot[] = [];
    for (const plot of chapter.plots) {
      const title = [chapter.title, plot.scene.title].filter((part) => part !== "").join(": ");
      const file = fileName(chapter, plot, taken);
      const picture = await draw(plot, title, policies);
      writes.push(writePicture(folder, file, picture.file, painter));
      const table = numbered(plot.table, policies);
      plots.push({ ...plot, table, title, inline: picture.inline, file });
    }
    drawn.push({ ...chapter, plots });
  }
  await Promise.all(writes);
  return drawn;
}

/** As SVG and PNG, while others are drawn. */
function writePicture(
  folder: ResultFolder,
  file: string,
  svg: string,
  painter: Piscina<string, Uint8Array>,
): Promise<unknown> {
  const written = Promise.all([
    folder.write(`${file}.svg`, svg),
    painter.run(svg).then((png) => folder.write(`${file}.png`, png)),
  ]);
  written.catch(() => {}); // It fails where it is awaited, and not before.
  return written;
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
