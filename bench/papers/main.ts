// `npm run papers`: published results beside what the model makes of them. A table on a terminal,
// CSV otherwise; the CSV of a long run of all rows also goes to a file. `--quick`: a fiftieth of the
// operations. Numbers of rows as arguments: only these, and a file only with `--out`.

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { defaultFormat, outliveReaders, print } from "../../src/cli/output.ts";
import { renderTable } from "../../src/cli/render.ts";
import { UsageError } from "../../src/engine/errors.ts";
import { toCsv } from "../../src/results/csv.ts";
import { endWithUsageErrors } from "../usage.ts";
import { Lab } from "./lab.ts";
import type { Effect, Paper } from "./paper.ts";
import { COLUMNS, type Row, rowOf, summaryOf } from "./report.ts";
import { PAPERS } from "./rows/index.ts";

const DEFAULT_FILE = "results/papers.csv";

const HEADINGS = [
  { title: "row", align: "right" },
  { title: "set-up", align: "left" },
  { title: "metric", align: "left" },
  { title: "published", align: "right" },
  { title: "reproduced", align: "right" },
  { title: "unit", align: "left" },
  { title: "within", align: "left" },
] as const;

outliveReaders();
endWithUsageErrors();
const { values, positionals } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    out: { type: "string" },
  },
  allowPositionals: true,
});
const papers = positionals.length === 0 ? PAPERS : positionals.map(paperOf);
const rows = await reproduceAll(papers, new Lab(values.quick));
const csv = toCsv(COLUMNS, rows);
print(defaultFormat() === "csv" ? csv : tableOf(rows));
// Some rows alone must not take the place of all of them.
const file = values.out ?? (positionals.length === 0 ? DEFAULT_FILE : undefined);
if (!values.quick && file !== undefined) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, csv);
}
process.stderr.write(`${summaryOf(papers, rows)}\n`);

function paperOf(text: string): Paper {
  const paper = PAPERS.find(({ row }) => String(row) === text);
  if (paper !== undefined) return paper;
  const all = PAPERS.map(({ row }) => row).join(", ");
  throw new UsageError(`there is no row "${text}" here: use ${all}`);
}

/** All effects at once, in the order of the rows; whichever is done first is told first. */
async function reproduceAll(papers: readonly Paper[], lab: Lab): Promise<readonly Row[]> {
  const effects = papers.flatMap((paper) => paper.effects.map((effect) => ({ paper, effect })));
  let done = 0;
  const reproduce = async (paper: Paper, effect: Effect): Promise<Row> => {
    const row = rowOf(paper, effect, await effect.reproduce(lab));
    process.stderr.write(
      `${++done}/${effects.length} row ${row.row}, ${row.setup}: ` +
        `${row.reproduced} ${row.unit} (published ${row.published})\n`,
    );
    return row;
  };
  try {
    return await Promise.all(effects.map(({ paper, effect }) => reproduce(paper, effect)));
  } finally {
    await lab.close();
  }
}

function tableOf(rows: readonly Row[]): string {
  return renderTable(
    HEADINGS,
    rows.map((each) => {
      const { row, setup, metric, published, reproduced, unit } = each;
      return [row, setup, metric, published, reproduced, unit, verdictOf(each)].map(String);
    }),
  );
}

function verdictOf({ within, own_fit }: Row): string {
  if (own_fit) return "fitted";
  return within ? "yes" : "no";
}
