import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  complaintsAboutFiles,
  type Field,
  type Resource,
  resourcesOf,
} from "../support/data-package.ts";
import { Database, type SqlRow } from "../support/duckdb.ts";
import { shootdown } from "../support/program.ts";

/** Above 2047 ns a percentile is known to a bucket. */
const BUCKET = 1 / 1024;
/** A mean is written with three decimals, and both readings of one round. */
const ROUNDED = 0.00051;

/** What a reader that guesses makes of a type; of a column without a cell, text. */
const GUESSED: Readonly<Record<Field["type"], RegExp>> = {
  string: /^VARCHAR$/,
  integer: /^BIGINT$/,
  number: /^(BIGINT|DOUBLE)$/,
  boolean: /^BOOLEAN$/,
};

let base: string;
let out: string;
let database: Database | undefined;

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), "shootdown-reader-"));
  out = join(base, "run");
  const { code } = await shootdown([
    ...["bench", "tests/fixtures/reader.json", "--samples", "--quiet", "--out", out],
  ]);
  expect(code).toBe(0);
  database = await Database.open();
});
afterAll(() => {
  // Not there if what came before has failed, which is then what counts.
  database?.close();
  rmSync(base, { recursive: true, force: true });
});

function query(sql: string): Promise<SqlRow[]> {
  return database!.query(sql);
}

/** A file of the run, as SQL names it. */
function table(file: string): string {
  return `'${join(out, file)}'`;
}

async function fieldsAndTypes({ path, schema }: Resource): Promise<[Field, string, boolean][]> {
  const types = await query(`DESCRIBE SELECT * FROM ${table(path)}`);
  const counts = schema.fields.map(({ name }) => `count("${name}") AS "${name}"`);
  const [filled] = await query(`SELECT ${counts.join(", ")} FROM ${table(path)}`);
  return schema.fields.map((field, i) => {
    return [field, String(types[i].column_type), Number(filled[field.name]) > 0];
  });
}

/** The summary's numbers, from other rows: those of `query`, by point and repetition. */
async function besideSummary(sql: string): Promise<SqlRow[]> {
  const rows = await query(
    `SELECT * FROM ${table("summary.csv")} JOIN (${sql}) USING (point, repetition)`,
  );
  expect(rows).toHaveLength(10);
  return rows;
}

function expectClose(row: SqlRow, column: string, value: unknown, part: number): void {
  const [known, again] = [Number(row[column]), Number(value)];
  expect(Math.abs(again - known), `${row.policy} ${column} ${known} ${again}`).toBeLessThanOrEqual(
    part * known,
  );
}

describe("DuckDB, which knows nothing of this program", () => {
  it("guesses the type of each column of each file that the data package says", async () => {
    for (const resource of resourcesOf(out)) {
      for (const [field, guessed, isFilled] of await fieldsAndTypes(resource)) {
        const expected = isFilled ? GUESSED[field.type] : /^VARCHAR$/;
        expect(guessed, `${resource.path} ${field.name}`).toMatch(expected);
      }
    }
  });

  it("finds something in every column but those of what did not take place", async () => {
    const empty: string[] = [];
    for (const resource of resourcesOf(out)) {
      const columns = await fieldsAndTypes(resource);
      empty.push(...columns.flatMap(([{ name }, , isFilled]) => (isFilled ? [] : name)));
    }
    // No --jitter; a floor takes two CPUs; and of a fit the size that is fitted over, and a rate.
    expect(empty.filter((name) => name !== "floor_ns")).toEqual([
      ...["jitter", "cores", "responders", "rate", "arrivals"],
    ]);
  });

  it("repeats the summary from samples.csv.gz", async () => {
    const rows = await besideSummary(`
      SELECT point, repetition, count(*) AS n, min(latency_ns) AS least, max(latency_ns) AS most,
        avg(latency_ns) AS mean, quantile_disc(latency_ns, [0.5, 0.9, 0.99, 0.999]) AS quantiles,
        max(start_ns + latency_ns) - min(start_ns) AS elapsed_ns
      FROM ${table("samples.csv.gz")} GROUP BY ALL`);
    for (const row of rows) {
      expect([row.n, row.least, row.most]).toEqual([
        ...[row.ops, row.latency_ns_min, row.latency_ns_max],
      ]);
      expect(Math.abs(Number(row.mean) - Number(row.latency_ns_mean))).toBeLessThan(ROUNDED);
      const quantiles = row.quantiles as readonly bigint[];
      ["p50", "p90", "p99", "p999"].forEach((name, i) => {
        const isExact = Number(row[`latency_ns_${name}`]) < 2048;
        expectClose(row, `latency_ns_${name}`, quantiles[i], isExact ? 0 : BUCKET);
      });
      // The run also counts what came before its first operation: user work, and on threads
      // whatever the host did.
      const perSecond = (Number(row.n) * 1e9) / Number(row.elapsed_ns);
      expect(perSecond).toBeGreaterThanOrEqual(Number(row.ops_per_s));
      if (row.executor === "virtual") expectClose(row, "ops_per_s", perSecond, 0.05);
    }
  });

  it("repeats it from distributions.csv, to the width of a bucket", async () => {
    const rows = await besideSummary(`
      SELECT point, repetition, max(seen) AS n, min(latency_ns) AS least, max(latency_ns) AS most,
        sum(latency_ns * count) / max(seen) AS mean,
        min(latency_ns) FILTER (seen >= 0.5 * n) AS p50,
        min(latency_ns) FILTER (seen >= 0.9 * n) AS p90,
        min(latency_ns) FILTER (seen >= 0.99 * n) AS p99,
        min(latency_ns) FILTER (seen >= 0.999 * n) AS p999
      FROM (
        SELECT *, sum(count) OVER (PARTITION BY point, repetition) AS n,
          sum(count) OVER (PARTITION BY point, repetition ORDER BY latency_ns) AS seen
        FROM ${table("distributions.csv")}
      ) GROUP BY ALL`);
    for (const row of rows) {
      expect(row.n).toBe(row.ops);
      expectClose(row, "latency_ns_min", row.least, BUCKET);
      expectClose(row, "latency_ns_max", row.most, BUCKET);
      expectClose(row, "latency_ns_mean", row.mean, BUCKET);
      for (const name of ["p50", "p90", "p99", "p999"]) {
        expectClose(row, `latency_ns_${name}`, row[name], BUCKET);
      }
    }
  });

  it("adds up the segments of critical-path.csv to the mean latency", async () => {
    const rows = await besideSummary(`
      SELECT point, repetition, sum(ns_mean) AS sum, sum(share) AS shares, count(*) AS segments
      FROM ${table("critical-path.csv")} GROUP BY ALL`);
    for (const row of rows) {
      const most = Number(row.segments) * ROUNDED;
      expect(Math.abs(Number(row.sum) - Number(row.latency_ns_mean))).toBeLessThan(2 * most);
      expect(Math.abs(Number(row.shares) - 1)).toBeLessThan(2 * most);
    }
  });

  it("answers what results/README.md asks it", async () => {
    const readme = readFileSync("results/README.md", "utf8");
    const asked = [...readme.matchAll(/^```sql\n(.*?)^```/gms)].map(([, sql]) => sql);
    expect(asked).toHaveLength(2);
    const [paths, collected] = await Promise.all(
      asked.map((sql) => query(sql.replaceAll("results/mine", out))),
    );
    expect(paths[0]).toMatchObject({ segment: expect.any(String), ns_mean: expect.any(Number) });
    const operations = collected.reduce((sum, row) => sum + Number(row.operations), 0);
    expect(operations).toBe(8 * 400 + 800 + 10);
  });
});

it("every file of the run is as its data package says, row by row", () => {
  expect(complaintsAboutFiles(out)).toEqual([]);
});
