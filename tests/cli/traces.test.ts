import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { complaintsAboutFiles } from "../support/data-package.ts";
import { shootdown } from "../support/program.ts";

const MUNMAP_LOOP = "bench/traces/munmap-loop.perf.txt.gz";
const REDIS = "bench/traces/redis.perf.txt.gz";

let base: string;

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "shootdown-traces-"));
});
afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

describe.concurrent("analyze", () => {
  it("prints one object with what the contract names", async () => {
    const { code, stdout } = await shootdown(["analyze", MUNMAP_LOOP, "--format", "json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      events: 6308,
      lines_skipped: 0,
      flush_requests: 200,
      ipis: 200,
      full_flushes: 0,
      by_cause: { munmap: 200 },
      by_pages: { 16: 200 },
      complete: 200,
      segments: { handler: { p50_ns: expect.any(Number) } },
    });
  });

  it("writes critical-path.csv, whose rows it prints as CSV", async () => {
    const out = join(base, "analysis");
    const { code, stdout } = await shootdown([
      "analyze",
      MUNMAP_LOOP,
      "--format",
      "csv",
      "--out",
      out,
    ]);
    expect(code).toBe(0);
    expect(readdirSync(out).sort()).toEqual([
      "analysis.json",
      "critical-path.csv",
      "datapackage.json",
      "manifest.json",
    ]);
    expect(readFileSync(join(out, "critical-path.csv"), "utf8")).toBe(stdout);
    const rows: Record<string, string>[] = parse(stdout, { columns: true });
    expect(rows.map(({ segment }) => segment)).toContain("delivery");
    for (const row of rows) {
      expect(row).toMatchObject({ executor: "kernel", workload: "trace:munmap-loop", policy: "" });
    }
    const shares = rows.reduce((sum, { share }) => sum + Number(share), 0);
    expect(shares).toBeCloseTo(1, 2);
    expect(complaintsAboutFiles(out)).toEqual([]);
  });

  it("shows people a table", async () => {
    const { stdout } = await shootdown(["analyze", MUNMAP_LOOP, "--format", "table"]);
    expect(stdout).toContain("200 flush requests (0 full), 200 IPIs, 200 complete");
    expect(stdout).toMatch(/^segment +mean µs +share +slack µs/m);
  });
});

describe.concurrent("replay", () => {
  it("runs the operations of a trace on as many cores", async () => {
    const out = join(base, "replay");
    const { code, stdout } = await shootdown([
      ...["replay", MUNMAP_LOOP, "--policy", "strict,batch", "--ops", "500", "--out", out],
    ]);
    expect(code).toBe(0);
    const rows: Record<string, string>[] = parse(stdout, { columns: true });
    expect(rows.map(({ policy }) => policy)).toEqual(["strict", "batch(32)"]);
    for (const row of rows) {
      expect(row).toMatchObject({
        experiment: "replay",
        workload: "trace:munmap-loop",
        cores: "2",
      });
      expect(Number(row.ops)).toBeGreaterThan(0);
      expect(row.pages).toBe("");
    }
    expect(rows[0].ops).toBe(rows[1].ops);
  });

  it.each(["mprotect", "munmap"])(
    "%s of nearly all addresses: over gaps in one step",
    async (name) => {
      const page = "address=0x7f0000000000 ip=0x401000 error_code=0x6";
      const range = name === "munmap" ? "addr: 0x1000, " : "start: 0x1000, ";
      const events = [
        ["exceptions:page_fault_user", page],
        [`syscalls:sys_enter_${name}`, `${range}len: 0xffffffffffff, prot: 0x00000001`],
        [`syscalls:sys_exit_${name}`, "0x0"],
      ];
      const lines = events.map(([event, payload], i) => {
        return `app 7/7 [000] 100.00000${i}000: ${event}: ${payload}\n`;
      });
      const options = ["--policy", "linux-x86", "--executor", "virtual", "--format", "csv"];
      const args = ["replay", "-", ...options, "--out", join(base, `gaps-${name}`)];
      const { stdout, stderr, code } = await shootdown(args, { input: lines.join("") });
      expect(stderr).not.toMatch(/^error/m);
      expect(code).toBe(0);
      const [row]: Record<string, string>[] = parse(stdout, { columns: true });
      expect(row.ops).toBe("1");
    },
  );
});

describe.concurrent("replay of a part of a trace", () => {
  const warningsOf = async (...args: string[]) => {
    const options = ["--policy", "strict", "--executor", "virtual", "--format", "csv"];
    const out = join(base, `part${args.length}`);
    const { code, stderr } = await shootdown(["replay", ...args, ...options, "--out", out]);
    expect(code).toBe(0);
    return stderr;
  };

  it("says how many of the kernel's requests that told another CPU lie in it", async () => {
    expect(await warningsOf(REDIS, "--quick")).toMatch(
      /first 1000 of \d{5} operations are replayed, with 0 of the \d+ requests .* Use more --ops/,
    );
  });

  it("the whole trace: says nothing of a part, and asks for no more --ops", async () => {
    const text = await warningsOf(MUNMAP_LOOP);
    expect(text).not.toContain("operations are replayed");
    expect(text).toMatch(/too-few-samples: .* longer trace/);
    expect(text).not.toContain("--ops");
  });

  it("without the kernel's flushes: says only how many operations are taken", async () => {
    const { partNote } = await import("../../dist/src/cli/replay.js");
    const part = { takenOperations: 2, operations: 9, requests: undefined, lastNs: 5 };
    const only = "only the first 2 of 9 operations are replayed";
    expect(partNote(part)).toBe(`${only}. Use more --ops to take more.`);
    const request = { cause: "munmap", atNs: 5, pages: 1, ipis: 1 } as const;
    const later = { ...request, atNs: 6, ipis: undefined };
    expect(partNote({ ...part, requests: [request, { ...request, ipis: 0 }, later] })).toContain(
      `${only}, with 1 of the 2 requests`,
    );
  });
});

describe.concurrent("counts.csv", () => {
  const replayed = async (name: string, ...options: string[]) => {
    const out = join(base, name);
    const args = ["--policy", "linux-x86", "--executor", "virtual", "--out", out, ...options];
    const { stdout } = await shootdown(["replay", MUNMAP_LOOP, ...args]);
    const counts: Record<string, string>[] = parse(readFileSync(join(out, "counts.csv")), {
      columns: true,
    });
    return { stdout, counts };
  };

  it("has the kernel's flushes and the policy's, and people see them as a table", async () => {
    const { stdout, counts } = await replayed("counts", "--format", "table");
    expect(counts.map(({ cause, metric }) => `${cause} ${metric}`)).toEqual(
      ["all", "munmap"].flatMap((cause) =>
        ["requests", "ipis", "full_flushes", "ranged_flushes"].map((of) => `${cause} ${of}`),
      ),
    );
    const expected = { policy: "linux-x86", kernel: "200", replayed: "200", error: "0" };
    expect(counts[0]).toMatchObject(expected);
    expect(stdout).toMatch(/linux-x86 +munmap +200 → 200/);
    expect(complaintsAboutFiles(join(base, "counts"))).toEqual([]);
  });

  it("counts the kernel's flushes no further than the operations that are taken", async () => {
    const { counts } = await replayed("first-counts", "--ops", "1000");
    expect(Number(counts[0].kernel)).toBeGreaterThan(0);
    expect(Number(counts[0].kernel)).toBeLessThan(200);
  });
});

describe.concurrent("traces that are refused, with exit status 2 and no stack", () => {
  const refuses = async (args: string[], message: RegExp, input = "") => {
    const { code, stdout, stderr } = await shootdown(args, { input });
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain("    at ");
    expect(stdout).toBe("");
    expect(code).toBe(2);
  };

  it("one that ends in the middle of its gzip data", async () => {
    const cut = join(base, "cut.perf.txt.gz");
    writeFileSync(cut, readFileSync(REDIS).subarray(0, 100_000));
    await refuses(["analyze", cut], /ends in the middle of its gzip data/);
    await refuses(["replay", cut], /ends in the middle of its gzip data/);
  });

  it("one without any event", async () => {
    await refuses(["analyze", "-"], /holds no event; record with: perf record/);
    await refuses(["replay", "-"], /holds no event; record with: perf record/);
  });

  it("one that is not there, or is a directory", async () => {
    await refuses(["analyze", join(base, "none")], /there is no such file/);
    await refuses(["replay", base], /cannot read the trace/);
  });

  it("a line that is no event, with --strict, by its number", async () => {
    await refuses(["analyze", "-", "--strict"], /standard input:1/, "this is no event\n");
  });

  it("a process that is not in it", async () => {
    await refuses(["replay", MUNMAP_LOOP, "--pid", "1"], /has no process 1/);
  });

  it("a gap that is no time", async () => {
    await refuses(["replay", MUNMAP_LOOP, "--max-gap", "-3"], /--max-gap "-3"/);
  });

  it("leaves no folder behind", async () => {
    const out = join(base, "never");
    await refuses(["analyze", join(base, "none"), "--out", out], /there is no such file/);
    expect(readdirSync(base)).not.toContain("never");
  });
});
