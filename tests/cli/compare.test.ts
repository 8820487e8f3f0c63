// `shootdown compare` as a user runs it, on small runs in virtual time.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMPARISON_COLUMNS } from "../../dist/src/results/columns/comparison.js";
import { shootdown } from "../support/program.ts";

const TINY = "tests/fixtures/tiny.json";

let base: string;
const folder = (name: string) => join(base, name);

async function bench(name: string, ...args: string[]): Promise<void> {
  const ended = await shootdown([
    ...["bench", TINY, "--executor", "virtual", "--iommus", "0,1", "--quiet"],
    ...["--out", folder(name), ...args],
  ]);
  expect(ended).toMatchObject({ code: 0 });
}

/** A copy of a run in which every cost of the machine, and with it every latency, has grown. */
function slowDown(from: string, to: string, factor: number): void {
  cpSync(folder(from), folder(to), { recursive: true });
  for (const [file, column] of [
    ["distributions.csv", /^latency_ns$/],
    ["summary.csv", /^latency_ns_/],
    ["critical-path.csv", /^(slack_)?ns_/],
  ] as const) {
    const path = join(folder(to), file);
    const [header, ...rows]: string[][] = parse(readFileSync(path, "utf8"));
    const slower = rows.map((cells) =>
      cells.map((cell, i) => {
        if (!column.test(header[i]) || cell === "") return cell;
        const ns = Number(cell) * factor;
        return `${/_(mean|sd)$/.test(header[i]) ? Number(ns.toFixed(3)) : Math.round(ns)}`;
      }),
    );
    const lines = [header, ...slower].map((cells) => cells.map((cell) => `"${cell}"`).join(","));
    writeFileSync(path, `${lines.join("\r\n")}\r\n`);
  }
}

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), "shootdown-compare-"));
  await bench("before", "--seed", "7");
  await bench("again", "--seed", "8", "--repetitions", "2");
  await bench("larger", "--ops", "51");
  slowDown("before", "slower", 1.1);
});
afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

describe("compare", () => {
  it("two runs of the same build with different seeds: nothing changed", async () => {
    const ended = await shootdown([
      ...["compare", folder("before"), folder("again"), "--format", "json"],
    ]);
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    const { points, counts, unmatched } = JSON.parse(ended.stdout);
    expect(new Set(points.map(({ point }: { point: string }) => point)).size).toBe(4);
    expect(counts).toMatchObject({ worse: 0, better: 0 });
    expect(counts.same).toBeGreaterThan(counts.inconclusive);
    expect(unmatched).toEqual([]);
  });

  it("a slower one: 22, the table of it, and the worst on standard error", async () => {
    const { code, stdout, stderr } = await shootdown([
      ...["compare", folder("before"), folder("slower"), "--format", "table"],
    ]);
    expect(code).toBe(22);
    expect(stdout).toMatch(/4 points in both, 4 of them changed/);
    expect(stdout).toMatch(
      /^worse +.*strict.* p50 +\d+\.\d{3} +\d+\.\d{3} +1\.1\d\d +1\.\d{3} to/m,
    );
    expect(stderr).toMatch(/^error: \d+ worse, most of all virtual, munmap, .*\(1\.1\d\d\)$/m);
  });

  it("the faster one, or one that the gate lets through: 0", async () => {
    const faster = await shootdown(["compare", folder("slower"), folder("before")]);
    expect(faster).toMatchObject({ code: 0 });
    expect(faster.stdout).toContain(",better,");
    const gate = ["--gate", "p50:15%,p99:15%"];
    const through = await shootdown(["compare", folder("before"), folder("slower"), ...gate]);
    expect(through).toMatchObject({ code: 0 });
    expect(through.stderr).toMatch(
      /^gate passed: 8 gated values, none worse beyond its limit; 2 cannot be told$/m,
    );
    const stopped = await shootdown([
      ...["compare", folder("before"), folder("slower"), "--gate", "p50:5%"],
    ]);
    expect(stopped).toMatchObject({ code: 22 });
    expect(stopped.stderr).toMatch(/^gate failed: \d of 4 gated values worse beyond the limit/m);
  });

  it("what a gate cannot tell of any point: 2; of some points only: a warning", async () => {
    const gate = async (limits: string) => {
      return shootdown(["compare", folder("before"), folder("slower"), "--gate", limits]);
    };
    const path = join(folder("slower"), "summary.csv");
    const text = readFileSync(path, "utf8");
    const [header, ...rows]: string[][] = parse(text);
    const place = header.indexOf("ops_per_s");
    const slow = (until: number) => {
      const changed = rows.map((cells, i) => (i < until ? cells.with(place, "1") : cells));
      writeFileSync(
        path,
        [header, ...changed].map((cells) => JSON.stringify(cells).slice(1, -1)).join("\n"),
      );
    };
    slow(rows.length);
    const untold = await gate("ops_per_s:5%");
    expect(untold).toMatchObject({ code: 2 });
    expect(untold.stderr).toMatch(/^error: the gate cannot tell ops_per_s of 4 of 4 points/m);
    expect(untold.stderr).not.toMatch(/^gate /m);
    // What is known to be worse counts all the same.
    expect(await gate("p50:5%,ops_per_s:5%")).toMatchObject({ code: 22 });
    slow(1);
    const partly = await gate("ops_per_s:5%");
    expect(partly).toMatchObject({ code: 0 });
    expect(partly.stderr).toMatch(/^warning: the gate cannot tell ops_per_s of 1 of 4 points/m);
    expect(partly.stderr).toMatch(/^gate passed: 4 gated values, .*; 1 cannot be told$/m);
    writeFileSync(path, text);
  });

  it("CSV has a row for each point and metric; Markdown is a table", async () => {
    const csv = await shootdown(["compare", folder("before"), folder("slower")]);
    const rows: Record<string, string>[] = parse(csv.stdout, { columns: true });
    expect(Object.keys(rows[0])).toEqual(COMPARISON_COLUMNS.map(({ name }) => name));
    expect(rows.filter(({ metric }) => metric === "p50")).toHaveLength(4);
    const { stdout } = await shootdown([
      ...["compare", folder("before"), folder("slower"), "--format", "markdown"],
    ]);
    expect(stdout).toMatch(/^### shootdown compare\n\n- base: /);
    expect(stdout).toMatch(/^\| worse \| /m);
  });

  it("other operations: other points, which it says when nothing is left", async () => {
    const { code, stderr } = await shootdown(["compare", folder("before"), folder("larger")]);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /no point is in both runs:\n +4 points only in base and 4 points only in new: ops 50 → 51\n +both runs need the same ops\n$/,
    );
  });

  it("what is no run: refused with what is missing", async () => {
    for (const path of [folder("none"), base, TINY]) {
      const { code, stderr, stdout } = await shootdown(["compare", folder("before"), path]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toMatch(/^error: cannot read manifest\.json in .*: there is none/);
    }
  });

  describe.concurrent("a table that was changed: refused with", () => {
    /** What is said of a run of which one table was changed: its rows, the header first. */
    const said = async (file: string, change: (rows: string[][]) => readonly string[][]) => {
      const changed = mkdtempSync(folder("changed-"));
      cpSync(folder("before"), changed, { recursive: true });
      const path = join(changed, file);
      const rows = change(parse(readFileSync(path, "utf8")));
      const lines = rows.map((cells) => cells.map((cell) => `"${cell}"`).join(","));
      writeFileSync(path, `${lines.join("\r\n")}\r\n`);
      const gate = ["--gate", "p50:5%,path:pte:5%"];
      const ended = await shootdown(["compare", folder("before"), changed, ...gate]);
      expect(ended).toMatchObject({ code: 2, stdout: "" });
      return ended.stderr;
    };
    const edited = (column: string, cell: string) => (rows: string[][]) => {
      return rows.with(1, rows[1].with(rows[0].indexOf(column), cell));
    };

    it.each([
      ["summary.csv", "ops", "many", 'row 2, column ops: "many" is not a whole number'],
      ["summary.csv", "cores", "-1", 'row 2, column cores: "-1" is not 1 or more'],
      ["summary.csv", "repetition", "0", 'row 2, column repetition: "0" is not 1 or more'],
      ["summary.csv", "latency_ns_p50", "-1", '"-1" is not 0 or more'],
      ["summary.csv", "latency_ns_p50", "", "row 2, column latency_ns_p50: it is empty"],
      ["summary.csv", "verdict", "Unsafe", '"Unsafe" is not one of safe, exposed, unsafe'],
      ["summary.csv", "executor", "NaN", '"NaN" is not one of threads, virtual, kernel'],
      ["distributions.csv", "count", "", "row 2, column count: it is empty"],
      ["distributions.csv", "point", "abc", 'row 2, column point: summary.csv has no "abc"'],
      ["critical-path.csv", "ns_mean", "", "row 2, column ns_mean: it is empty"],
      ["critical-path.csv", "segment", "pte ", '"pte " is not one of lock, pte, submit'],
      ["critical-path.csv", "point", "abc", 'row 2: summary.csv has no experiment "'],
      ["critical-path.csv", "ns_mean", "0", "critical-path.csv: the segments of point"],
    ])("the cell: %s, column %s: %j", async (file, column, cell, message) => {
      const stderr = await said(file, edited(column, cell));
      expect(stderr).toContain(file);
      expect(stderr).toContain(message);
    });

    it("the column that it has no more", async () => {
      const stderr = await said("summary.csv", (rows) => {
        return rows.with(0, rows[0].with(rows[0].indexOf("latency_ns_p50"), "p50"));
      });
      expect(stderr).toMatch(/summary\.csv has no column "latency_ns_p50"/);
    });

    it("the row that is there twice", async () => {
      const stderr = await said("summary.csv", (rows) => rows.toSpliced(2, 0, rows[1]));
      expect(stderr).toMatch(
        /summary\.csv: row 3 has what row 2 has already: experiment \w+, point/,
      );
    });

    it.each([
      ["all of them", (rows: string[][]) => rows.slice(0, 1)],
      ["the last one", (rows: string[][]) => rows.slice(0, -1)],
    ])("the point whose rows are lost: %s", async (_, keep) => {
      expect(await said("distributions.csv", keep)).toMatch(
        /distributions\.csv has \d+ operations of point \w+, summary\.csv \d+: were/,
      );
      expect(await said("critical-path.csv", keep)).toMatch(
        /critical-path\.csv: the segments of point \w+, repetition 1 take [\d.]+ ns, its/,
      );
    });
  });

  it("a manifest that is damaged: refused with the fields, and what would be right", async () => {
    cpSync(folder("before"), folder("odd"), { recursive: true });
    const path = join(folder("odd"), "manifest.json");
    const manifest = JSON.parse(readFileSync(path, "utf8"));
    const host = { ...manifest.host, cpus: "two" };
    writeFileSync(path, JSON.stringify({ ...manifest, host, profiles: 3 }, null, 2));
    const odd = await shootdown(["compare", folder("before"), folder("odd")]);
    expect(odd).toMatchObject({ code: 2, stdout: "" });
    expect(odd.stderr).toMatch(/manifest\.json:\d+:13: host\.cpus: how many CPUs there are$/m);
    expect(odd.stderr).toMatch(/manifest\.json:\d+:15: profiles: a list of profiles$/m);
    expect(odd.stderr).not.toContain("nvalid");
    writeFileSync(path, "{");
    const torn = await shootdown(["compare", folder("before"), folder("odd")]);
    expect(torn.stderr).toMatch(/manifest\.json:1:\d: this is no JSON/);
  });
});
