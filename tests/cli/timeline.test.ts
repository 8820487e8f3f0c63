import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { shootdown } from "../support/program.ts";
import { complaintsAbout, slicesByTrack, traceSchema } from "../support/trace-schema.ts";

const MUNMAP_LOOP = "bench/traces/munmap-loop.perf.txt.gz";

let base: string;

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "shootdown-timeline-"));
});
afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

/** Runs the command and reads what it has written. */
async function timeline(name: string, ...args: string[]) {
  const out = join(base, name);
  const { code, stdout, stderr } = await shootdown(["timeline", ...args, "--out", out]);
  expect(stderr).not.toContain("    at ");
  expect(code).toBe(0);
  expect(readdirSync(out).sort()).toEqual(["manifest.json", "timeline.json"]);
  const text = readFileSync(join(out, "timeline.json"), "utf8");
  expect(complaintsAbout(text)).toEqual([]);
  const trace = traceSchema.parse(JSON.parse(text));
  const operations: Record<string, string>[] = parse(stdout, { columns: true });
  const manifest = JSON.parse(readFileSync(join(out, "manifest.json"), "utf8"));
  return { trace, operations, manifest, stderr };
}

describe("timeline of a run", () => {
  it("in virtual time: the operations that are asked for, printed and in the file", async () => {
    const args = ["--cores", "3", "--iommus", "1", "--devices", "1", "--operations", "4..6"];
    const { trace, operations, manifest, stderr } = await timeline("virtual", ...args);
    expect(operations.map(({ operation }) => operation)).toEqual(["4", "5", "6"]);
    expect(Object.keys(operations[0])).toEqual([
      "operation",
      "initiator",
      "start_us",
      "latency_us",
    ]);
    const first = slicesByTrack(trace)
      .get("core 0")!
      .find(({ name }) => name === "operation 4")!;
    expect(first.ts).toBeCloseTo(Number(operations[0].start_us), 2);
    expect(trace.otherData).toMatchObject({
      executor: "virtual",
      policy: "strict",
      operations: "4..6",
      events_left_out: 0,
    });
    expect(manifest.profiles[0].name).toBe("akaros-2020");
    expect(stderr).toMatch(/written: .*timeline\.json \(https:\/\/ui\.perfetto\.dev\)/);
  });

  it("the same seed: the same file, to the byte", async () => {
    const args = ["--workload", "server", "--cores", "4", "--jitter", "3"];
    const texts = await Promise.all(
      ["once", "again"].map(async (name) => {
        await timeline(name, ...args);
        return readFileSync(join(base, name, "timeline.json"), "utf8");
      }),
    );
    expect(texts[0]).toBe(texts[1]);
  });

  it("on threads: the same tracks and arrows, whenever things happen", async () => {
    const args = ["--executor", "threads", "--iommus", "1", "--devices", "1", "--operations", "2"];
    const { trace, operations } = await timeline("threads", ...args, "--dilate", "200");
    expect(operations).toHaveLength(1);
    const tracks = slicesByTrack(trace);
    const steps = tracks.get("core 0")!.map(({ name }) => name);
    expect(steps).toEqual(
      expect.arrayContaining(["operation 2", "pte", "local", "send", "submit", "free"]),
    );
    expect(tracks.get("core 1")!.map(({ name }) => name)).toContain("handler");
    expect(tracks.get("iommu 0")!.map(({ name }) => name)).toContain("flush");
    const names = trace.traceEvents.flatMap((event) => (event.ph === "f" ? [event.name] : []));
    expect(names.sort()).toEqual(["invalidation", "ipi"]);
  });

  it("on threads, all of which initiate: a trace that a viewer takes", async () => {
    const args = ["--executor", "threads", "--workload", "server", "--iommus", "1"];
    const { operations } = await timeline("server", ...args, "--operations", "1..5");
    expect(operations).toHaveLength(10);
  });

  it("with a cap that is reached: says so, and how to have more", async () => {
    const args = ["--operations", "1..50", "--max-events", "300"];
    const { trace, stderr, manifest } = await timeline("capped", ...args);
    expect(trace.traceEvents.filter(({ ph }) => ph !== "M").length).toBeLessThanOrEqual(300);
    expect(stderr).toMatch(
      /warning: the timeline is cut: the first \d+ events are in it, up to [\d.]+ µs, at least \d+ are not\. --max-events \(now 300\) takes more/,
    );
    expect(Number(trace.otherData.events_left_out)).toBeGreaterThan(0);
    expect(manifest.warnings.join()).toContain("the timeline is cut");
  });
});

describe("timeline of a kernel's trace", () => {
  it("some of its shootdowns, in the same form", async () => {
    const { trace, operations } = await timeline("kernel", MUNMAP_LOOP, "--operations", "50..52");
    expect(operations.map(({ operation }) => operation)).toEqual(["50", "51", "52"]);
    expect(operations[0].initiator).toMatch(/^thread \d+ on CPU \d$/);
    expect(trace.otherData).toMatchObject({
      executor: "kernel",
      workload: "trace:munmap-loop",
    });
    expect([...slicesByTrack(trace).keys()]).toEqual([
      "path of CPU 0",
      "CPU 0",
      "CPU 1 interrupts",
    ]);
  });
});

describe("what cannot be, with exit status 2 and no stack", () => {
  it.each([
    [["--operations", "3..1"], /--operations "3\.\.1"/],
    [["--operations", "0"], /--operations "0"/],
    [["--operations", "1..2..3"], /--operations "1\.\.2\.\.3"/],
    [["--policy", "strict,batch"], /--policy names 2 policies: a timeline is of one/],
    [["--workload", "munmpa"], /munmap/],
    [["--devices", "1"], /a device needs an IOMMU/],
    [[MUNMAP_LOOP, "--policy", "strict"], /--policy says what to run/],
    [[MUNMAP_LOOP, "--operations", "201"], /has 200 shootdowns/],
  ])("%s", async (args, message) => {
    const out = join(base, "never");
    const { code, stdout, stderr } = await shootdown(["timeline", ...args, "--out", out]);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain("    at ");
    expect(stdout).toBe("");
    expect(code).toBe(2);
    expect(readdirSync(base)).not.toContain("never");
  });
});
