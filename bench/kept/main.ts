// `npm run kept`: makes the runs of results/kept again (`-- NAME…`: only these), with their reports,
// their pictures and the list in results/README.md.

import { readFileSync, writeFileSync } from "node:fs";
import { byName } from "../../src/engine/names.ts";
import draw from "../../src/results/report/draw.ts";
import pngOf from "../../src/results/report/png.ts";
import { writeReport } from "../../src/results/report/report.ts";
import type { Scheme } from "../../src/results/report/theme.ts";
import { endWithUsageErrors } from "../usage.ts";
import { LIST, listed, withList } from "./list.ts";
import { make } from "./make.ts";
import { plotOf } from "./plots.ts";
import { KEPT_RUNS, type KeptRun, SHOWN } from "./runs.ts";

const FOLDER = "results/kept";

endWithUsageErrors();
const names = process.argv.slice(2);
const chosen = names.map((name) => byName("kept run", name, KEPT_RUNS));
for (const run of chosen.length === 0 ? KEPT_RUNS : chosen) {
  process.stderr.write(`${run.name}: shootdown ${run.command.join(" ")}\n`);
  try {
    make(run, folderOf(run), `results/${run.name}.new`);
    await writeReport([folderOf(run)]);
    await drawPicture(run);
  } catch (error) {
    complain(run, error); // The others do not depend on it.
  }
}
writeFileSync(LIST, withList(readFileSync(LIST, "utf8"), KEPT_RUNS.flatMap(listedIfReadable)));

function listedIfReadable(run: KeptRun) {
  try {
    return [listed(run, folderOf(run))];
  } catch (error) {
    complain(run, error);
    return [];
  }
}

function complain({ name }: KeptRun, error: unknown): void {
  process.stderr.write(`${name}: ${(error as Error).message}\n`);
  process.exitCode = 1;
}

async function drawPicture(run: KeptRun): Promise<void> {
  const { plot, title, policies } = plotOf(run, folderOf(run));
  const drawn = async (scheme: Scheme) => {
    const { spec } = plot;
    const sketch = { spec, title: `${run.name}: ${title}`, policies: policies.names, scheme };
    return (await draw(sketch)).file;
  };
  writeFileSync(`${folderOf(run)}.svg`, await drawn("light"));
  if (run.name !== SHOWN) return;
  for (const scheme of ["light", "dark"] as const) {
    writeFileSync(`${folderOf(run)}-${scheme}.png`, pngOf(await drawn(scheme)));
  }
}

function folderOf({ name }: KeptRun): string {
  return `${FOLDER}/${name}`;
}
