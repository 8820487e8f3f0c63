// Result folders → a page, and each of its plots as SVG and PNG, in the first of them.

import { UsageError } from "../../engine/errors.ts";
import { ResultFolder } from "../folder.ts";
import { chaptersOf, policiesOf } from "./chapters.ts";
import { indexOf, readIndex, removeOthers, type WrittenFile } from "./files.ts";
import { readInputs } from "./inputs.ts";
import { type DrawnChapter, type DrawnPlot, pageOf } from "./page.ts";
import type { Policies } from "./picture.ts";
import type { Chapter, Plot, PlotTable } from "./plot.ts";
import { type Painter, Studio } from "./studio.ts";

/** The page of a report, in the first folder. */
export const PAGE = "report.html";
const INDEX = "report.json";

export interface Report {
  /** Path of the page. */
  readonly page: string;
  readonly plots: number;
}

/**
 * Nothing is written unless the studio, which is closed then, makes all pictures. It is there
 * before anything is read: its workers take as long to start as that takes.
 *
 * @throws UsageError where there is nothing to plot, or the files cannot be written.
 */
export async function writeReport(
  paths: readonly string[],
  studio: Painter = new Studio(),
): Promise<Report> {
  try {
    const inputs = readInputs(paths);
    const policies = policiesOf(inputs);
    const folder = ResultFolder.open(inputs.folders[0].path);
    const before = await readIndex(folder, INDEX);
    const chapters = chaptersOf(inputs, policies);
    if (chapters.length === 0) {
      throw new UsageError(`nothing to plot in ${paths.join(", ")}: no results that are complete`);
    }
    const { drawn, files } = await drawAll(chapters, policies, studio);
    await Promise.all(files.map(({ name, content }) => folder.write(name, content)));
    await folder.write(PAGE, pageOf(inputs.folders, drawn, policies));
    await removeOthers(folder, before, files);
    await folder.write(INDEX, indexOf(drawn, files));
    const plots = drawn.reduce((sum, chapter) => sum + chapter.plots.length, 0);
    return { page: `${folder.path}/${PAGE}`, plots };
  } finally {
    await studio.close();
  }
}

/** Draws all plots, for the page and as files. */
async function drawAll(
  chapters: readonly Chapter[],
  policies: Policies,
  studio: Painter,
): Promise<{ drawn: DrawnChapter[]; files: WrittenFile[] }> {
  const taken = new Set<string>();
  const files: WrittenFile[] = [];
  const drawPlot = async (chapter: Chapter, plot: Plot): Promise<DrawnPlot> => {
    const title = [chapter.title, plot.scene.title].filter((part) => part !== "").join(": ");
    const file = fileName(chapter, plot, taken);
    const { spec } = plot;
    const sketch = { spec, title, policies: policies.names, scheme: "light" } as const;
    const picture = await studio.paint(sketch);
    files.push(
      { name: `${file}.svg`, content: picture.file },
      { name: `${file}.png`, content: await picture.png },
    );
    return { ...plot, table: numbered(plot.table, policies), title, inline: picture.inline, file };
  };
  const drawn = await Promise.all(
    chapters.map(async (chapter): Promise<DrawnChapter> => {
      return {
        ...chapter,
        plots: await Promise.all(chapter.plots.map((p) => drawPlot(chapter, p))),
      };
    }),
  );
  return { drawn, files };
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
