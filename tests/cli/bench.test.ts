import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expand } from "../../dist/src/cli/experiments/expand.js";
import { loadExperiment } from "../../dist/src/cli/experiments/load.js";
import type { Grid } from "../../dist/src/cli/experiments/schema.js";
import { CRITICAL_PATH_COLUMNS } from "../../dist/src/results/columns/critical-path.js";
import { SAMPLE_COLUMNS } from "../../dist/src/results/columns/distributions.js";
import { SUMMARY_COLUMNS } from "../../dist/src/results/columns/summary.js";
import { complaintsAboutFiles } from "../support/data-package.ts";
import { type Ended, shootdown } from "../support/program.ts";

const TINY = "tests/fixtures/tiny.json";
const FILES = [
  ...["critical-path.csv", "datapackage.json", "distributions.csv"],
  ...["manifest.json", "summary.csv"],
];
const MANIFEST_KEYS = [
  ..."schema command package seed started ended host noise floors warnings".split(" "),
  ..."wall_s shared_bytes profiles experiment".split(" "),
];

type Row = Record<string, string>;

let base: string;

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "shootdown-bench-"));
});
afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

function rowsOf(text: string): Row[] {
  return parse(text, { columns: true });
}

function read(folder: string, file: string): string {
  return readFileSync(join(folder, file), "utf8");
}

describe("bench: a tiny experiment from its file to its results", () => {
  let out: string;
  let ended: Ended;
  let summary: Row[];

  beforeAll(async () => {
    out = join(base, "tiny");
    ended = await shootdown(["bench", TINY, "--out", out, "--repetitions", "2", "--seed", "7"]);
    summary = rowsOf(read(out, "summary.csv"));
  });

  it("ends well, with all its files and nothing beside them", () => {
    expect(ended).toMatchObject({ code: 0 });
    expect(readdirSync(out).sort()).toEqual(FILES);
  });

  it("prints the rows of summary.csv and nothing else where nobody looks", () => {
    expect(ended.stdout).toBe(read(out, "summary.csv"));
    expect(ended.stderr).toContain("profile akaros-2020");
    expect(ended.stderr).toContain(`written: ${out}`);
  });

  it("has one row for each point and repetition, each with a seed of its own", () => {
    expect(summary.map(({ policy, repetition, seed }) => [policy, repetition, seed])).toEqual([
      ["strict", "1", "7"],
      ["strict", "2", "8"],
      ["deferred(16,1ms)", "1", "7"],
      ["deferred(16,1ms)", "2", "8"],
    ]);
    expect(new Set(summary.map(({ point }) => point)).size).toBe(2);
  });

  it("counts what it did: a flush for each page, or for each full queue", () => {
    const [strict, , deferred] = summary;
    expect(strict).toMatchObject({ ops: "50", pages: "4", ipis_per_op: "4", responders: "1" });
    expect(Number(deferred.ipis_per_op)).toBeLessThan(1);
    expect(Number(deferred.held_pages_max)).toBeGreaterThan(4);
    for (const row of summary) expect(row.verdict).toBe("");
  });

  it("has the columns that the contract names, in their order", () => {
    expect(Object.keys(summary[0])).toEqual(SUMMARY_COLUMNS.map(({ name }) => name));
    const [path] = rowsOf(read(out, "critical-path.csv"));
    expect(Object.keys(path)).toEqual(CRITICAL_PATH_COLUMNS.map(({ name }) => name));
  });

  it("cuts the mean latency into segments that sum to it", () => {
    const paths = rowsOf(read(out, "critical-path.csv"));
    for (const { point, repetition, latency_ns_mean } of summary) {
      const own = paths.filter((row) => row.point === point && row.repetition === repetition);
      const sumNs = own.reduce((sum, { ns_mean }) => sum + Number(ns_mean), 0);
      expect(Math.abs(sumNs - Number(latency_ns_mean))).toBeLessThan(1);
    }
  });

  it("keeps every operation in the distributions, and the medians with them", () => {
    const rows = rowsOf(read(out, "distributions.csv"));
    for (const { point, repetition, ops, latency_ns_p50 } of summary) {
      const own = rows.filter((row) => row.point === point && row.repetition === repetition);
      const values = own.flatMap(({ latency_ns, count }) => {
        return Array<number>(Number(count)).fill(Number(latency_ns));
      });
      expect(values).toHaveLength(Number(ops));
      expect(values).toEqual(values.toSorted((a, b) => a - b));
      const median = values[Math.ceil(values.length / 2) - 1];
      expect(Math.abs(median - Number(latency_ns_p50)) * 1024).toBeLessThanOrEqual(median);
    }
  });

  it("says in the manifest how it came about", () => {
    const manifest = JSON.parse(read(out, "manifest.json"));
    expect(Object.keys(manifest)).toEqual(expect.arrayContaining(MANIFEST_KEYS));
    expect(manifest).toMatchObject({ seed: 7, interrupted: false, package: { name: "shootdown" } });
    expect(Object.keys(manifest.noise)).toEqual(["threads"]);
    expect(manifest.noise.threads.p50_spread).toBeGreaterThanOrEqual(0);
    expect(Object.keys(manifest.wall_s)).toEqual([...new Set(summary.map(({ point }) => point))]);
  });

  it("describes every file in the data package, and has in it what that says", () => {
    expect(complaintsAboutFiles(out)).toEqual([]);
  });

  it("gives a configuration the same point in every run, and another one another", () => {
    const planned = (overrides: Grid) => {
      const { experiment } = loadExperiment(TINY);
      const fixed = { quick: false, jitter: undefined, check: "auto", hostCpus: 2 } as const;
      return expand(experiment, { ...fixed, seed: 42, overrides }).points.map(({ id }) => id);
    };
    const points = [...new Set(summary.map(({ point }) => point))];
    expect(planned({})).toEqual(points);
    for (const point of planned({ operations: 51 })) expect(points).not.toContain(point);
  });
});

describe("bench --executor virtual", () => {
  const run = (out: string, ...args: string[]): Promise<Ended> =>
    shootdown([
      ...["bench", TINY, "--executor", "virtual", "--cores", "2,257", "--iommus", "1"],
      ...["--pages", "1", "--ops", "20", "--out", join(base, out), ...args],
    ]);

  it("twice: the same files to the byte, on a machine larger than threads can be", async () => {
    const [a, b] = [await run("virtual-a"), await run("virtual-b")];
    expect(a).toMatchObject({ code: 0 });
    expect(b.stdout).toBe(a.stdout);
    for (const file of ["summary.csv", "critical-path.csv", "distributions.csv"]) {
      expect(read(join(base, "virtual-b"), file)).toBe(read(join(base, "virtual-a"), file));
    }
  });

  it("says who ran it, and leaves empty what only this host could say", () => {
    const rows = rowsOf(read(join(base, "virtual-a"), "summary.csv"));
    expect(rows).toHaveLength(4);
    for (const row of rows) {
      expect(row).toMatchObject({ executor: "virtual", dilation: "1", oversubscribed: "false" });
      expect(row).toMatchObject({ late_ns_p50: "", floor_ns: "", host_cpus: "" });
    }
    expect(rows[2]).toMatchObject({ cores: "257", policy: "strict", ipis_per_op: "256" });
  });

  it("--jitter: other times, other points, the same counts", async () => {
    const { stdout } = await run("virtual-jitter", "--jitter", "5");
    const plain = rowsOf(read(join(base, "virtual-a"), "summary.csv"));
    rowsOf(stdout).forEach((row, i) => {
      expect(row.point).not.toBe(plain[i].point);
      expect(row.ipis_per_op).toBe(plain[i].ipis_per_op);
    });
    expect(rowsOf(stdout).map((row) => row.latency_ns_mean)).not.toEqual(
      plain.map((row) => row.latency_ns_mean),
    );
  });
});

describe("bench --executor both --samples --format json --quiet", () => {
  let out: string;
  let ended: Ended;

  beforeAll(async () => {
    out = join(base, "both");
    ended = await shootdown([
      ...["bench", TINY, "--executor", "both", "--policy", "strict,batch(2)"],
      ...["--samples", "--format", "json", "--quiet", "--out", out],
    ]);
  });

  it("prints JSON with null for what was not measured, and no progress", () => {
    expect(ended.code).toBe(0);
    const rows = JSON.parse(ended.stdout);
    expect(rows[0]).toMatchObject({ policy: "strict", verdict: null, ops: 50 });
    expect(ended.stderr).not.toContain("1/4");
  });

  it("has each operation by itself, and the same latencies as the distributions", () => {
    const samples = rowsOf(gunzipSync(readFileSync(join(out, "samples.csv.gz"))).toString());
    const summary = rowsOf(read(out, "summary.csv"));
    expect(Object.keys(samples[0])).toEqual(SAMPLE_COLUMNS.map(({ name }) => name));
    for (const { point, executor, ops, latency_ns_max } of summary) {
      const own = samples.filter((row) => row.point === point);
      expect(own.map(({ sample }) => Number(sample))).toEqual(own.map((_, i) => i + 1));
      expect(own).toHaveLength(Number(ops));
      expect(Math.max(...own.map(({ latency_ns }) => Number(latency_ns)))).toBe(
        Number(latency_ns_max),
      );
      const starts = own.map(({ start_ns }) => Number(start_ns));
      expect(starts).toEqual(starts.toSorted((a, b) => a - b));
      for (const { gc } of own) expect(gc).toMatch(executor === "virtual" ? /^$/ : /true|false/);
    }
    const { garbage_collections } = JSON.parse(read(out, "manifest.json"));
    expect(Object.keys(garbage_collections)).toHaveLength(2);
  });

  it("runs each point on threads and in virtual time, which agree in what is counted", () => {
    const rows = rowsOf(read(out, "summary.csv"));
    expect(rows.map(({ executor }) => executor)).toEqual([
      ...["threads", "threads", "virtual", "virtual"],
    ]);
    for (const i of [0, 1]) {
      for (const count of ["ipis_per_op", "iotlb_invalidations_per_op", "full_flushes_per_op"]) {
        expect(rows[i][count]).toBe(rows[i + 2][count]);
      }
    }
  });
});

describe("bench: what is printed", () => {
  it("is a table where that is asked for; the environment stands on standard error", async () => {
    const { stdout, stderr } = await shootdown([
      ...["bench", TINY, "--policy", "strict", "--format", "table"],
      ...["--out", join(base, "table")],
    ]);
    expect(stderr).toMatch(/^node \S+ · \d+ CPUs · load \S+ · threads · profile \S+ · seed 42\n/);
    const [header, row] = stdout.split("\n");
    expect(header).toMatch(/^cores +IOMMUs +policy +p50 µs +p99 µs +late µs +IPIs\/op +IOTLB\/op/);
    expect(row).toMatch(/^ +2 +0 +strict +\d/);
  });
});

describe("bench: cores that do something else", () => {
  it("has columns that say what, and tells only those with the space loaded", async () => {
    const out = join(base, "responders");
    const { code, stdout, stderr } = await shootdown([
      ...["bench", "responders", "--quick", "--policy", "strict", "--ops", "20"],
      ...["--format", "table", "--out", out],
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^cores +idle +other +masked µs +IOMMUs +policy/m);
    expect(stderr).toContain("2 cores (1 idle) 0 IOMMUs strict");
    const states = rowsOf(read(out, "summary.csv")).map((row) => [
      ...[row.responders, row.idle_cores, row.other_cores],
      ...[row.masked_every_ns, row.masked_ns, row.ipis_per_op],
    ]);
    expect(states).toEqual([
      ["1", "0", "0", "", "0", "1"],
      ["1", "1", "0", "", "0", "1"],
      ["0", "0", "1", "", "0", "0"],
      ["1", "0", "0", "40000", "20000", "1"],
    ]);
    const paths = rowsOf(read(out, "critical-path.csv"));
    expect(paths.find((row) => row.idle_cores === "1")).toMatchObject({ masked_ns: "0" });
  });
});

describe("bench --rate", () => {
  it("says how many operations were due, and when; as a table, too", async () => {
    const out = join(base, "rate");
    const { stdout } = await shootdown([
      ...["bench", TINY, "--executor", "virtual", "--policy", "strict", "--rate", "20000,40000"],
      ...["--arrivals", "fixed", "--format", "table", "--quiet", "--out", out],
    ]);
    expect(stdout).toMatch(/rate\/s/);
    const rows = rowsOf(read(out, "summary.csv"));
    expect(rows.map(({ rate, arrivals }) => [rate, arrivals])).toEqual([
      ["20000", "fixed"],
      ["40000", "fixed"],
    ]);
    for (const { rate, ops_per_s } of rows) {
      expect(Math.abs(Number(ops_per_s) / Number(rate) - 1)).toBeLessThan(0.05);
    }
    expect(JSON.parse(read(out, "manifest.json")).command).toContain("--arrivals");
  });
});

describe("bench: an option of a list that stands there twice", () => {
  it("takes what both say", async () => {
    const { stdout } = await shootdown([
      ...["bench", TINY, "--executor", "virtual", "--out", join(base, "twice")],
      ...["--policy", "strict", "--policy", "batch(2),strict"],
      ...["--iommus", "0", "--iommus", "1", "--profile", "haswell-2s", "--profile", "akaros-2020"],
    ]);
    const rows = rowsOf(stdout);
    expect(rows).toHaveLength(8);
    const distinct = (column: string) => [...new Set(rows.map((row) => row[column]))];
    expect(["policy", "iommus", "profile"].map(distinct)).toEqual([
      ["strict", "batch(2)"],
      ["0", "1"],
      ["haswell-2s", "akaros-2020"],
    ]);
  });
});

describe("bench: Ctrl-C in the middle", () => {
  it("writes what is finished and exits with 130", async () => {
    const out = join(base, "interrupted");
    let isPressed = false;
    const { code, stderr } = await shootdown(
      ["bench", TINY, "--repetitions", "500", "--out", out],
      {
        onStderr: (text, interrupt) => {
          if (isPressed || !text.includes("1/1000")) return;
          isPressed = true;
          interrupt();
        },
      },
    );
    expect(code).toBe(130);
    expect(stderr).toContain("results that were finished are in");
    const summary = rowsOf(read(out, "summary.csv"));
    expect(summary.length).toBeGreaterThan(0);
    expect(summary.length).toBeLessThan(1000);
    expect(JSON.parse(read(out, "manifest.json")).interrupted).toBe(true);
  });
});

describe.concurrent("bench: what is refused, with exit status 2 and no stack", () => {
  const bad = join(tmpdir(), `shootdown-never-made-${process.pid}`);
  const cases: [what: string, args: string[], message: RegExp][] = [
    ["an unknown command", ["bensh"], /unknown command 'bensh'[\s\S]*bench/],
    [
      "an unknown option",
      ["bench", "--polcy", "strict"],
      /unknown option '--polcy'[\s\S]*--policy/,
    ],
    ["an unknown policy", ["bench", "--policy", "strikt"], /did you mean "strict"/],
    ["an unknown profile", ["bench", "--profile", "hast"], /did you mean "host"/],
    ["an unknown experiment", ["bench", "sead"], /did you mean "seed"/],
    ["an unknown format", ["bench", "--format", "cvs"], /did you mean "csv"/],
    ["an unknown executor", ["bench", "--executor", "thread"], /did you mean "threads"/],
    ["two executors", ["stress", "--executor", "both"], /both: stress takes one, threads or virt/],
    [
      "two executors of a timeline",
      ["timeline", "--executor", "both"],
      /both: timeline takes one, threads or virtual/,
    ],
    ["more cores than a machine has", ["bench", "--cores", "2,1025"], /--cores "1025".*1 to 1024/],
    [
      "more cores than threads can be",
      ["bench", TINY, "--cores", "257"],
      /threads run at most 256 cores \(--executor virtual\)/,
    ],
    [
      "jitter where nothing can be perturbed",
      ["bench", TINY, "--jitter", "1"],
      /add --executor virtual/,
    ],
    [
      "the profile of this host in virtual time",
      ["bench", TINY, "--executor", "virtual", "--profile", "host"],
      /in virtual time nothing takes time/,
    ],
    [
      "arrivals of nothing that is due",
      ["bench", TINY, "--arrivals", "fixed"],
      /--arrivals .* add --rate 50000/,
    ],
    ["an unknown arrival process", ["bench", "--arrivals", "fixd"], /did you mean "fixed"/],
    ["a precision that is no part", ["bench", "--precision", "2"], /--precision "2".*percentage/],
    ["a limit of nothing", ["bench", TINY, "--max-seconds", "9"], /add that, such as 2%/],
    ["a number that is none", ["bench", "--ops", "many"], /--ops "many".*whole number/],
    ["no operations at all", ["bench", "--ops", "0"], /--ops "0".*from 1/],
    [
      "a device without an IOMMU",
      ["bench", "seed", "--devices", "1", "--iommus", "0"],
      /--iommus 1/,
    ],
    ["too many pages", ["bench", "seed", "--pages", "70000"], /--pages "70000".*65536/],
    ["a file that is not there", ["bench", "none.json"], /cannot read .*none\.json.*no such file/],
    ["no quick version", ["bench", TINY, "--quick"], /has no "quick".*--ops/],
    [
      "an unknown field in a file",
      ["bench", "tests/fixtures/unknown-field.json"],
      /unknown-field\.json:5:7: grids\[0\] has no field "polices": did you mean "policies"/,
    ],
  ];
  it.each(cases)("%s", async (_what, args, message) => {
    const { code, stdout, stderr } = await shootdown([...args, "--out", bad]);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain("    at ");
    expect(stdout).toBe("");
    expect(code).toBe(2);
    expect(existsSync(bad)).toBe(false);
  });

  it("a folder that exists", async () => {
    const { code, stderr } = await shootdown(["bench", TINY, "--out", base]);
    expect(stderr).toMatch(/exists: results never replace others/);
    expect(code).toBe(2);
  });

  it("a folder below a file", async () => {
    const file = join(base, "file");
    writeFileSync(file, "");
    const { code, stderr } = await shootdown(["bench", TINY, "--out", join(file, "run")]);
    expect(stderr).toMatch(/a part of its path is a file/);
    expect(code).toBe(2);
  });
});
