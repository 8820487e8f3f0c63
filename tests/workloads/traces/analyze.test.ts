import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UsageError } from "../../../dist/src/engine/errors.js";
import {
  analyzeTrace,
  type FinishedShootdown,
  type TraceAnalysis,
} from "../../../dist/src/workloads/traces/index.js";
import { at, given, line } from "./lines.ts";

const capture = (name: string) => `bench/traces/${name}.perf.txt.gz`;
const one = { tid: 11, pid: 10, cpu: 1 };
const two = { tid: 12, pid: 10, cpu: 2 };

/** A munmap of 16 pages that tells CPU 1, whose handler is slower than the local flush. */
const MUNMAP = [
  at.enterMunmap(0),
  at.request(5, 16),
  at.queue(6, 1, "0xffff888000000100"),
  at.sendOne(7, 1),
  at.localEntry(8),
  at.localExit(10),
  at.irqEntry(17, one),
  at.functionEntry(18, "0xffff888000000100", one),
  at.functionExit(20, "0xffff888000000100", one),
  at.irqExit(21, one),
  at.exitMunmap(23),
];

/** All causes, where the trace shows system calls and faults, and … */
const NO_CAUSE = {
  munmap: 0,
  madvise: 0,
  mprotect: 0,
  mremap: 0,
  mmap: 0,
  page_fault: 0,
  other: 0,
};
/** … where it shows no system call: then nobody knows what a fault was followed by, either. */
const UNKNOWN_CAUSE = {
  munmap: null,
  madvise: null,
  mprotect: null,
  mremap: null,
  mmap: null,
  page_fault: null,
  other: 0,
};

async function analyze(
  lines: readonly string[],
): Promise<{ analysis: TraceAnalysis; shootdowns: FinishedShootdown[] }> {
  const shootdowns: FinishedShootdown[] = [];
  const onShootdown = (shootdown: FinishedShootdown) => shootdowns.push(shootdown);
  const analysis = await analyzeTrace("-", { ...given(lines), onShootdown });
  return { analysis, shootdowns };
}

function without(lines: readonly string[], pattern: RegExp): string[] {
  return lines.filter((text) => !pattern.test(text));
}

describe("analyze: the captures", () => {
  it("munmap-loop: 200 requests of 16 pages, 200 IPIs, and the known medians", async () => {
    const analysis = await analyzeTrace(capture("munmap-loop"));
    expect(analysis).toMatchObject({
      events: 6308,
      lines_skipped: 0,
      flush_requests: 200,
      ipis: 200,
      full_flushes: 0,
      by_cause: { munmap: 200 },
      by_pages: { 16: 200 },
      complete: 200,
      warnings: [],
    });
    const us = (ns: number) => Math.round(ns / 100) / 10;
    expect(us(analysis.latency!.p50_ns)).toBe(24.8);
    expect(us(analysis.segments.delivery!.p50_ns)).toBe(11.7);
    expect(us(analysis.segments.handler!.p50_ns)).toBe(3.8);
    expect(us(analysis.segments.return!.p50_ns)).toBe(1.9);
  });

  it("munmap-loop: every cause is there, and none but munmap has any", async () => {
    const { by_cause } = await analyzeTrace(capture("munmap-loop"));
    expect(by_cause).toEqual({ ...NO_CAUSE, munmap: 200 });
  });

  it("node-gc: 72 requests, 44 of them full, 56 IPIs", async () => {
    expect(await analyzeTrace(capture("node-gc"))).toMatchObject({
      flush_requests: 72,
      full_flushes: 44,
      ipis: 56,
      by_cause: { munmap: 43, page_fault: 15, madvise: 9, mprotect: 5 },
      complete: 50,
    });
  });

  it("redis: 907 requests, 901 of one page, and only 245 IPIs", async () => {
    const analysis = await analyzeTrace(capture("redis"));
    expect(analysis).toMatchObject({
      events: 108_999,
      flush_requests: 907,
      ipis: 245,
      by_cause: { page_fault: 904, madvise: 3 },
    });
    expect(analysis.by_pages["1"]).toBe(901);
    expect(analysis.latency_without_ipi!.count).toBe(907 - 245);
  });

  it.each(["munmap-loop", "node-gc", "redis"])(
    "%s: every path sums to its latency",
    async (name) => {
      const wrong: FinishedShootdown[] = [];
      const analysis = await analyzeTrace(capture(name), {
        onShootdown: (shootdown) => {
          if (shootdown.path === undefined) return;
          const parts = Object.values(shootdown.path.pathNs);
          const sumNs = parts.reduce((sum, part) => sum + part, 0);
          if (sumNs !== shootdown.latencyNs || parts.some((part) => part < 0))
            wrong.push(shootdown);
        },
      });
      expect(wrong).toEqual([]);
      const shares = analysis.critical_path.reduce((sum, { share }) => sum + share, 0);
      expect(shares).toBeCloseTo(1, 9);
    },
  );
});

describe("analyze: one shootdown", () => {
  it("the slowest handler is binding: the local flush has slack", async () => {
    const { shootdowns } = await analyze(MUNMAP);
    expect(shootdowns).toHaveLength(1);
    const { path, cause, pages, targets } = shootdowns[0]!;
    expect({ cause, pages, targets }).toEqual({ cause: "munmap", pages: 16, targets: 1 });
    expect(path!.latencyNs).toBe(23_000);
    expect(path!.pathNs).toEqual({
      prepare: 5000,
      send: 2000,
      local: 0,
      delivery: 10_000,
      handler: 4000,
      return: 2000,
    });
    expect(path!.durationNs.local).toBe(2000);
    expect(path!.slackNs.local).toBe(11_000);
  });

  it("the local flush is binding: the handler has slack", async () => {
    const lines = without(MUNMAP, /nil/).concat(at.localEntry(8.5), at.localExit(22));
    const { shootdowns } = await analyze(lines);
    const { path } = shootdowns[0]!;
    expect(path!.pathNs).toEqual({
      prepare: 5000,
      send: 3500,
      local: 13_500,
      delivery: 0,
      handler: 0,
      return: 1000,
    });
    expect(path!.slackNs).toMatchObject({ local: 0, delivery: 1000, handler: 1000 });
  });

  it("100 CPUs are told by one mask: the slowest of them counts", async () => {
    const cpus = Array.from({ length: 99 }, (_, i) => i + 1);
    const csd = (cpu: number) => `0xffff8880000${String(cpu).padStart(3, "0")}00`;
    const lines = [at.enterMunmap(0), at.request(5, -1)];
    lines.push(...cpus.map((cpu) => at.queue(6, cpu, csd(cpu))), at.sendMask(7, "1-99"));
    lines.push(at.localEntry(8), at.localExit(9));
    for (const cpu of cpus) {
      const where = { tid: 100 + cpu, pid: 10, cpu };
      const startUs = 10 + ((cpu * 37) % 99);
      lines.push(at.irqEntry(startUs, where), at.functionEntry(startUs + 0.1, csd(cpu), where));
      lines.push(at.functionExit(startUs + 1, csd(cpu), where), at.irqExit(startUs + 2, where));
    }
    lines.push(at.exitMunmap(120));
    const { analysis, shootdowns } = await analyze(lines);
    expect(analysis).toMatchObject({ ipis: 99, complete: 1, by_pages: { all: 1 } });
    expect(shootdowns[0]!.path!.pathNs).toMatchObject({ send: 2000, delivery: 101_000 });
    expect(shootdowns[0]!.path!.latencyNs).toBe(120_000);
  });

  it("one target of two was not recorded: the request is not complete", async () => {
    const lines = [...MUNMAP, at.queue(6.5, 2, "0xffff888000000200")];
    const { analysis } = await analyze(lines);
    expect(analysis).toMatchObject({ flush_requests: 1, ipis: 2, complete: 0, latency: null });
  });

  it("a page fault has no return, and ends with its last handler", async () => {
    const another = { pid: 20 };
    const lines = [
      at.enterMunmap(0, another),
      at.exitMunmap(0, another),
      at.fault(0, "0x7f0000000000", "0x7"),
      ...without(MUNMAP, /munmap/),
    ];
    const { analysis, shootdowns } = await analyze(lines);
    expect(analysis.by_cause).toEqual({ ...NO_CAUSE, page_fault: 1 });
    expect(analysis.segments.return).toBeUndefined();
    expect(shootdowns[0]!.latencyNs).toBe(21_000);
  });

  it("after a page fault, with no system call recorded: other, which nothing opened", async () => {
    const lines = [at.fault(0, "0x7f0000000000", "0x7"), ...without(MUNMAP, /munmap/)];
    const { analysis, shootdowns } = await analyze(lines);
    expect(analysis.by_cause).toEqual({ ...UNKNOWN_CAUSE, other: 1 });
    expect(analysis.segments.prepare).toBeUndefined();
    expect(shootdowns[0]).toMatchObject({ cause: "other", rangePages: undefined });
    expect(shootdowns[0]!.path!.latencyNs).toBe(16_000);
  });

  it("a system call with two requests: the second begins where the first ended", async () => {
    const again = [
      at.request(30, 4),
      at.queue(31, 1, "0xffff888000000100"),
      at.sendOne(32, 1),
      at.irqEntry(40, one),
      at.functionEntry(41, "0xffff888000000100", one),
      at.functionExit(42, "0xffff888000000100", one),
      at.irqExit(43, one),
      at.exitMunmap(50),
    ];
    const { shootdowns } = await analyze([...without(MUNMAP, /exit_munmap/), ...again]);
    expect(shootdowns.map(({ latencyNs }) => latencyNs)).toEqual([21_000, 29_000]);
    expect(shootdowns[1]!.path!.pathNs).toMatchObject({ prepare: 9000, return: 7000 });
  });

  it("nobody had to be interrupted: no IPI, and a latency of its own", async () => {
    const { analysis } = await analyze([
      ...without(MUNMAP, /csd_queue|ipi_send|\[001\]/),
      line(30, "ipi:ipi_send_cpu", "cpu=1 callsite=wakeup_preempt+0x92 callback=0x0"),
    ]);
    expect(analysis).toMatchObject({ flush_requests: 1, ipis: 0, complete: 0 });
    expect(analysis.latency_without_ipi).toMatchObject({ count: 1, max_ns: 23_000 });
  });

  it("an IPI that only wakes a CPU up is not the shootdown's", async () => {
    const wakeUp = line(6.5, "ipi:ipi_send_cpu", "cpu=1 callsite=ttwu_queue+0x1 callback=g+0x0");
    const { shootdowns } = await analyze([...MUNMAP, wakeUp]);
    expect(shootdowns[0]!.path!.pathNs.send).toBe(2000);
  });

  it("a target already told gets no second IPI: delivery begins when it was queued", async () => {
    const { shootdowns } = await analyze(without(MUNMAP, /ipi_send/));
    expect(shootdowns[0]!.path!.pathNs).toMatchObject({ send: 1000, delivery: 11_000 });
  });

  it("the interrupt ends after the return: the flush inside it counts", async () => {
    const lines = [...without(MUNMAP, /function_exit.*vector/), at.irqExit(24, one)];
    const { shootdowns } = await analyze(lines);
    expect(shootdowns[0]!.path!.latencyNs).toBe(23_000);
    expect(shootdowns[0]!.path!.pathNs).toMatchObject({ handler: 3000, return: 3000 });
  });
});

describe("analyze: captures as users bring them", () => {
  it("lines in any order within a window give the same result", async () => {
    const expected = await analyze(MUNMAP);
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(MUNMAP, { minLength: MUNMAP.length }), async (lines) => {
        const { shootdowns } = await analyze(lines);
        expect(shootdowns).toEqual(expected.shootdowns);
      }),
    );
  });

  it("two captures one behind the other: both count, and a warning says so", async () => {
    const filler = Array.from({ length: 300 }, (_, i) => line(1000 + i, "foo:bar", ""));
    const { analysis } = await analyze([...MUNMAP, ...filler, ...MUNMAP]);
    expect(analysis).toMatchObject({ flush_requests: 2, complete: 2 });
    expect(analysis.warnings.join()).toMatch(/time goes back once/);
  });

  it("whatever is missing, what is there still sums up", async () => {
    await fc.assert(
      fc.asyncProperty(fc.subarray([...MUNMAP, ...MUNMAP]), async (lines) => {
        const { shootdowns } = await analyze([at.request(1, 1), ...lines]);
        for (const { path, latencyNs } of shootdowns) {
          if (path === undefined) continue;
          const parts = Object.values(path.pathNs);
          expect(parts.reduce((sum, part) => sum + part, 0)).toBe(latencyNs);
          expect(Math.min(...parts)).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });

  it("microseconds instead of nanoseconds: times are cut, nothing else changes", async () => {
    const lines = MUNMAP.map((text) => text.replace(/(\.\d{6})\d{3}:/, "$1:"));
    const { analysis } = await analyze(lines);
    expect(analysis).toMatchObject({ complete: 1, latency: { max_ns: 23_000 } });
  });

  it("without csd events: targets are the IPIs', handlers the next interrupts", async () => {
    const { analysis, shootdowns } = await analyze(without(MUNMAP, /csd:/));
    expect(analysis).toMatchObject({ ipis: 1, complete: 1 });
    expect(analysis.warnings.join()).toMatch(/csd:csd_queue_cpu/);
    expect(shootdowns[0]!.path!.pathNs).toMatchObject({ delivery: 10_000, handler: 4000 });
  });

  it("without handler events: counts only, and a warning that says what to record", async () => {
    const { analysis } = await analyze(without(MUNMAP, /irq_vectors|csd_function/));
    expect(analysis).toMatchObject({ ipis: 1, complete: 0, segments: {}, critical_path: [] });
    expect(analysis.warnings.join()).toMatch(/-e irq_vectors:call_function_single_entry/);
  });

  it("without csd_function_entry: no local is measured, and the rest still sums up", async () => {
    const { analysis, shootdowns } = await analyze(without(MUNMAP, /csd_function_entry/));
    expect(analysis.complete).toBe(1);
    expect(analysis.segments.local).toBeUndefined();
    expect(analysis.critical_path.map(({ segment }) => segment)).not.toContain("local");
    expect(shootdowns[0]!.path!.pathNs).toMatchObject({ delivery: 10_000, handler: 4000 });
    expect(analysis.warnings.join()).toMatch(/local cannot be seen.*-e csd:csd_function_entry/);
  });

  it("without csd_function_entry, local last: what is not known of it is in send", async () => {
    const late = at.localExit(22);
    const flush = line(21.5, "tlb:tlb_flush", "pages:16 reason:local MM shootdown (3)");
    const lines = [...without(MUNMAP, /csd_function_entry|csd=\(nil\)|sys_exit/), flush, late];
    const { shootdowns } = await analyze(lines);
    const [{ path, latencyNs }] = shootdowns;
    expect(path!.pathNs).toMatchObject({ prepare: 5000, send: 16_500, local: 0, handler: 0 });
    expect(path!.durationNs.local).toBeUndefined();
    expect(latencyNs).toBe(21_500);
  });

  const single = MUNMAP.map((text) => text.replace("call_function_", "call_function_single_"));
  it.each<[string, RegExp, RegExp]>([
    [
      "csd_function_exit",
      /csd_function_exit/,
      /^no event csd:csd_function_exit: the end of local is estimated .* -e csd:csd_function_exit$/,
    ],
    [
      "the ipi events",
      /ipi:/,
      /^no event ipi:.*: the end of send is estimated by csd:csd_queue.* -e ipi:ipi_send_cpumask$/,
    ],
    [
      "the interrupts' entries, of one kind",
      /single_entry/,
      /^no event irq_vectors:call_function_single_entry: delivery and handler are estimated/,
    ],
    [
      "the interrupts' exits, of one kind",
      /single_exit/,
      /^no event irq_vectors:call_function_single_exit: the end of handler is estimated/,
    ],
  ])(
    "without %s: complete, and one warning that says what is estimated",
    async (_, which, text) => {
      const other = [at.irqEntry(30, two), at.irqExit(31, two), at.fault(40, "0x1000", "0x6")];
      const flush = line(9, "tlb:tlb_flush", "pages:16 reason:local MM shootdown (3)");
      const whole = [...single, ...other, flush];
      expect((await analyze(whole)).analysis.warnings).toEqual([]);
      const { analysis } = await analyze(without(whole, which));
      expect(analysis.complete).toBe(1);
      expect(analysis.warnings).toEqual([expect.stringMatching(text)]);
    },
  );

  it("without irq_vectors: delivery and handler are said to be estimated, not unseen", async () => {
    const { analysis } = await analyze(without(MUNMAP, /irq_vectors/));
    expect(analysis.segments.handler!.p50_ns).toBe(2000);
    expect(analysis.warnings.join()).toMatch(/delivery and handler are estimated/);
    expect(analysis.warnings.join()).not.toMatch(/cannot be seen. Record with: -e irq_vectors/);
  });

  it("without csd_queue_cpu alone: says that this is why nothing is complete", async () => {
    const { analysis } = await analyze(without(MUNMAP, /csd_queue_cpu/));
    expect(analysis).toMatchObject({ ipis: 1, complete: 0 });
    expect(analysis.warnings.join()).toMatch(/nothing is complete.*-e csd:csd_queue_cpu/);
    expect(analysis.warnings.join()).not.toMatch(/perf record -a/);
  });

  it("of a system call only its return was recorded: a warning says which, and what to record", async () => {
    const { analysis } = await analyze([
      ...without(MUNMAP, /sys_enter_munmap/),
      line(900, "syscalls:sys_enter_mmap", "addr: 0x0, len: 0x1000, prot: 0x3, flags: 0x22"),
    ]);
    expect(analysis.warnings.join()).toMatch(
      /1 syscalls:sys_exit_munmap and no syscalls:sys_enter_munmap: .* -e syscalls:sys_enter_munmap/,
    );
  });

  it("without ipi and csd events: IPIs are not measured", async () => {
    const { analysis } = await analyze(without(MUNMAP, /csd:|ipi:/));
    expect(analysis).toMatchObject({ ipis: null, latency_without_ipi: null });
  });

  it("a handler stamped earlier than its IPI: no negative segment, and a warning", async () => {
    const lines = [...without(MUNMAP, /\[001\]/)];
    lines.push(at.irqEntry(5.5, one), at.functionEntry(5.6, "0xffff888000000100", one));
    lines.push(at.functionExit(5.8, "0xffff888000000100", one), at.irqExit(5.9, one));
    const { analysis, shootdowns } = await analyze(lines);
    expect(shootdowns[0]!.path!.pathNs.delivery).toBe(0);
    expect(analysis.warnings.join()).toMatch(/clocks disagree/);
  });

  it("one time for all events: the times do not advance, and what writes them finely enough", async () => {
    const flat = MUNMAP.map((text) => text.replace(/ 100\.\d{9}: /, " 100.000000000: "));
    const { analysis } = await analyze(flat);
    expect(analysis.complete).toBe(1);
    expect(analysis.warnings.join()).toMatch(/times do not advance; write with perf script --ns/);
  });

  it("cut off before the exit: counted, without a return", async () => {
    const { analysis } = await analyze(without(MUNMAP, /sys_exit/));
    expect(analysis).toMatchObject({ flush_requests: 1, complete: 1 });
    expect(analysis.segments.return).toBeUndefined();
    expect(analysis.warnings.join()).toMatch(/had not returned/);
  });

  it("a request of an unknown thread is other, and starts with itself", async () => {
    const { analysis, shootdowns } = await analyze(without(MUNMAP, /munmap/));
    expect(analysis.by_cause).toEqual({ ...UNKNOWN_CAUSE, other: 1 });
    expect(analysis.segments.prepare).toBeUndefined();
    expect(shootdowns[0]!.path!.latencyNs).toBe(16_000);
  });

  it("two initiators shoot at each other at once: each gets its own handler", async () => {
    const csdOf = { first: "0xffff888000000100", second: "0xffff888000000200" };
    const lines = [
      at.enterMunmap(0, one),
      at.enterMunmap(0.5, two),
      at.request(1, 2, one),
      at.request(1.5, 3, two),
      at.queue(2, 2, csdOf.first, one),
      at.queue(2.5, 1, csdOf.second, two),
      at.sendOne(3, 2, one),
      at.sendOne(3.5, 1, two),
      at.irqEntry(10, two),
      at.irqEntry(11, one),
      at.functionEntry(12, csdOf.first, two),
      at.functionEntry(13, csdOf.second, one),
      at.functionExit(14, csdOf.first, two),
      at.functionExit(15, csdOf.second, one),
      at.irqExit(16, two),
      at.irqExit(17, one),
      at.exitMunmap(20, one),
      at.exitMunmap(21, two),
    ];
    const { shootdowns } = await analyze(lines);
    const handlers = shootdowns.map(({ pages, path }) => [pages, path!.pathNs.handler]);
    expect(handlers).toEqual([
      [2, 6000],
      [3, 6000],
    ]);
  });
});

describe("analyze: what it refuses", () => {
  it("without tlb_flush: says which flags are missing", async () => {
    const analysis = analyze(without(MUNMAP, /tlb:tlb_flush/));
    await expect(analysis).rejects.toThrow(UsageError);
    await expect(analyze(without(MUNMAP, /tlb:tlb_flush/))).rejects.toThrow(/-e tlb:tlb_flush/);
  });

  it.each([
    ["time", / \d+\.\d+:/, /no time .*-F \+time/],
    ["cpu", / \[\d+\]/, /no cpu .*-F \+cpu/],
    ["thread", /app \d+\/\d+/, /no thread .*-F \+pid,\+tid/],
    ["payload", /(?<=munmap: |flush: |cpu: |entry: |exit: ).*/, /no payload .*-F \+trace/],
  ])("without the field %s: says so", async (_, field, message) => {
    const lines = MUNMAP.slice(0, 5).map((text) => text.replace(field, ""));
    await expect(analyze(lines)).rejects.toThrow(UsageError);
    await expect(analyze(lines)).rejects.toThrow(message);
  });

  it("an empty trace: says how to record one", async () => {
    await expect(analyze(["# nothing"])).rejects.toThrow(/holds no event.*perf record/);
  });
});
