import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { shootdown } from "../support/program.ts";
import {
  complaintsAbout,
  slicesByTrack,
  type Trace,
  traceSchema,
} from "../support/trace-schema.ts";
import { roundedNs } from "../support/viewer-times.ts";

const MUNMAP_LOOP = "bench/traces/munmap-loop.perf.txt.gz";

let base: string;

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "shootdown-timeline-"));
});
afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

/** The critical path of each operation: slice behind slice, from its beginning to its end. */
function expectPathsToAddUp(trace: Trace, operations: readonly Record<string, string>[]): void {
  const paths = [...slicesByTrack(trace)];
  for (const { source, start_us: start, latency_us: latency } of operations) {
    const prefix = source === "kernel" ? "path of CPU" : "path of core";
    const pieces = paths.flatMap(([name, slices]) => (name.startsWith(prefix) ? slices : []));
    const startNs = Math.round(Number(start) * 1000);
    const endNs = startNs + Math.round(Number(latency) * 1000);
    let reachedNs = startNs;
    for (let next = true; next && reachedNs < endNs; ) {
      const piece = pieces.find(({ ts }) => roundedNs(ts) === reachedNs);
      next = piece !== undefined;
      if (piece !== undefined) reachedNs += roundedNs(piece.dur);
    }
    expect(reachedNs).toBe(endNs);
  }
  expect(operations.length).toBeGreaterThan(0);
}

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
      "source",
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

  it("a time of it: the operations that begin then, as a timeline of all has them", async () => {
    const setup = ["--cores", "3", "--workload", "server"];
    const { operations: all } = await timeline("all", ...setup, "--operations", "1..30");
    const window = ["--from-us", "10.5", "--to-us", "20"];
    const { trace, operations } = await timeline("window", ...setup, ...window);
    const then = all.filter(({ start_us: us }) => Number(us) >= 10.5 && Number(us) <= 20);
    expect(then.length).toBeGreaterThan(5);
    expect(operations).toEqual(then);
    expect(trace.otherData).toMatchObject({ from_us: "10.500", to_us: "20.000" });
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

  it("on threads, of a time: what begins then, and critical paths that add up", async () => {
    const args = ["--executor", "threads", "--iommus", "1", "--dilate", "200"];
    const window = ["--from-us", "0", "--to-us", "100"];
    const { trace, operations } = await timeline("then", ...args, ...window);
    expect(operations[0]).toMatchObject({ source: "threads", operation: "1", start_us: "0.000" });
    for (const { start_us: us } of operations) expect(Number(us)).toBeLessThanOrEqual(100);
    expectPathsToAddUp(trace, operations);
  });

  it("on threads, all of which initiate: a trace that a viewer takes", async () => {
    const args = ["--executor", "threads", "--workload", "server", "--iommus", "1"];
    const { operations } = await timeline("server", ...args, "--operations", "1..5");
    expect(operations).toHaveLength(10);
  });

  it("with a cap that is reached: says so, and how to have more", async () => {
    const args = ["--operations", "1..50", "--max-events", "300"];
    const { trace, stderr, manifest, operations } = await timeline("capped", ...args);
    expect(trace.traceEvents.filter(({ ph }) => ph !== "M").length).toBeLessThanOrEqual(300);
    expect(stderr).toMatch(
      /warning: the timeline is cut: the first \d+ events are in it, up to [\d.]+ µs, at least \d+ are not; printed are .*\. --max-events \(now 300\) takes more/,
    );
    const [, until, count] = stderr.match(/up to ([\d.]+) µs.* by then, (\d+) of at least \d+\./)!;
    expect(operations).toHaveLength(Number(count));
    for (const { start_us: us, latency_us: latency } of operations) {
      expect(Number(us) + Number(latency)).toBeLessThanOrEqual(Number(until));
    }
    expect(Number(trace.otherData.events_left_out)).toBeGreaterThan(0);
    expect(manifest.warnings.join()).toContain("the timeline is cut");
  });
});

describe.concurrent("timeline of a kernel's trace", () => {
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

describe("timeline of a replay", () => {
  it("under a policy: the kernel and below it the replay, on the clock of the trace", async () => {
    const args = [MUNMAP_LOOP, "--operations", "50..52", "--policy", "overlapped"];
    const { trace, operations } = await timeline("replay", ...args, "--iommus", "1");
    const { operations: alone } = await timeline("alone", MUNMAP_LOOP, "--operations", "50..52");
    const [kernels, ours] = ["kernel", "virtual"].map((source) => {
      return operations.filter((operation) => operation.source === source);
    });
    expect(kernels).toEqual(alone);
    expect(ours.map(({ operation }) => operation)).toEqual(["50", "51", "52"]);
    ours.forEach(({ start_us: us }, i) => {
      expect(Number(us) - Number(kernels[i].start_us)).toBeGreaterThanOrEqual(0);
      expect(Number(us) - Number(kernels[i].start_us)).toBeLessThan(1);
    });
    expectPathsToAddUp(trace, operations);
    const processes = trace.traceEvents.flatMap((event) => {
      return event.ph === "M" && event.name === "process_name" ? [event.args] : [];
    });
    expect(processes).toEqual([{ name: "kernel" }, { name: "replay: overlapped, virtual" }]);
    const names = slicesByTrack(trace)
      .get("core 0")!
      .map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["munmap", "pte", "submit", "send", "local"]));
    expect(trace.otherData).toMatchObject({ workload: "trace:munmap-loop", policy: "overlapped" });
  });

  it("on threads, of a time, without the kernel: what was recorded then", async () => {
    const window = ["--from-us", "186800", "--to-us", "187000", "--no-kernel"];
    const args = [MUNMAP_LOOP, "--policy", "strict", "--executor", "threads", ...window];
    const { trace, operations } = await timeline("replay-threads", ...args);
    expect(operations.map(({ operation }) => operation)).toEqual(["10", "11", "12"]);
    expect(new Set(operations.map(({ source }) => source))).toEqual(new Set(["threads"]));
    expectPathsToAddUp(trace, operations);
  });
});

describe.concurrent("a cap that is reached", () => {
  it.each([
    ["threads", ["--executor", "threads", "--operations", "1..20"]],
    ["kernel", [MUNMAP_LOOP, "--operations", "1..50"]],
    ["replay", [MUNMAP_LOOP, "--operations", "1..50", "--policy", "strict"]],
  ])("%s: says up to when the timeline goes, and what is not in it", async (name, args) => {
    const { trace, stderr } = await timeline(`cap-${name}`, ...args, "--max-events", "100");
    expect(trace.traceEvents.filter(({ ph }) => ph !== "M").length).toBeLessThanOrEqual(100);
    expect(stderr).toMatch(/the timeline is cut: the first \d+ events are in it, up to [\d.]+ µs/);
    expect(Number(trace.otherData.events_left_out)).toBeGreaterThan(0);
  });
});

describe("what cannot be, with exit status 2 and no stack", () => {
  it.each([
    [["--operations", "3..1"], /--operations "3\.\.1"/],
    [["--operations", "0"], /--operations "0"/],
    [["--policy", "strict,batch"], /--policy names 2 policies: a timeline is of one/],
    [["--workload", "munmpa"], /munmap/],
    [["--devices", "1"], /a device needs an IOMMU/],
    [["--from-us", "5"], /say --to-us as well/],
    [["--from-us", "0.1", "--to-us", "0.2"], /they begin after 0\.000 µs; ask for a longer/],
    [["--to-us", "9", "--operations", "1"], /--operations says which/],
    [[MUNMAP_LOOP, "--to-us", "9"], /they begin between 186094\.421 and 201\d+\.\d+ µs; --from-us/],
    [[MUNMAP_LOOP, "--cores", "4", "--policy", "strict"], /--cores says what to run/],
    [[MUNMAP_LOOP, "--executor", "threads"], /say --policy as well/],
    [[MUNMAP_LOOP, "--no-kernel"], /--no-kernel is of a replay/],
    [[MUNMAP_LOOP, "--policy", "strict", "--to-us", "9"], /they begin between 18\d+\.\d+ and/],
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
