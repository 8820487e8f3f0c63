// `npm run kept`: makes the runs of results/kept again (`-- NAME…`: only these), with their reports,
// their pictures and the list in results/README.md.

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { UsageError } from "../../src/engine/errors.ts";
import { unknownName } from "../../src/engine/names.ts";
import draw from "../../src/results/report/draw.ts";
import pngOf from "../../src/results/report/png.ts";
import { writeReport } from "../../src/results/report/report.ts";
import type { Scheme } from "../../src/results/report/theme.ts";
import { withList } from "./list.ts";
import { plotOf } from "./plots.ts";
import { KEPT_RUNS, type KeptRun, SHOWN } from "./runs.ts";

const PROGRAM = "dist/src/cli/main.js";
const FOLDER = "results/kept";
const LIST = "results/README.md";
/** 0 and an unsafe policy: both have results. */
const WITH_RESULTS = new Set([0, 20]);

const runs = runsFrom(process.argv.slice(2));
for (const run of runs) {
  try {
    make(run);
    await writeReport([folderOf(run)]);
    await drawPicture(run);
  } catch (error) {
    // The others do not depend on it.
    process.stderr.write(`${run.name}: ${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}
const listed = KEPT_RUNS.filter((run) => existsSync(folderOf(run))).map((run) => {
  return { ...run, sentence: plotOf(run, folderOf(run)).plot.sentence };
});
writeFileSync(LIST, withList(readFileSync(LIST, "utf8"), listed));

function runsFrom(names: readonly string[]): readonly KeptRun[] {
  if (names.length === 0) return KEPT_RUNS;
  return names.map((name) => {
    const run = KEPT_RUNS.find((one) => one.name === name);
    if (run === undefined) {
      throw unknownName(
        "kept run",
        name,
        KEPT_RUNS.map((one) => one.name),
      );
    }
    return run;
  });
}

/** In the place of the one before, which git still has. */
function make(run: KeptRun): void {
  const folder = folderOf(run);
  process.stderr.write(`${run.name}: shootdown ${run.command.join(" ")}\n`);
  rmSync(folder, { recursive: true, force: true });
  const options = ["--quiet", "--format", "csv", "--out", folder];
  const { status } = spawnSync(process.execPath, [PROGRAM, ...run.command, ...options], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status === null || !WITH_RESULTS.has(status)) {
    throw new UsageError(
      `${run.name} ended with ${status}; git checkout ${folder} has the old one`,
    );
  }
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
