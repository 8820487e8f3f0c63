import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UsageError } from "../../../dist/src/engine/errors.js";
import { EventKind, TraceEvent } from "../../../dist/src/workloads/traces/event.js";
import { TraceParser } from "../../../dist/src/workloads/traces/parser.js";
import { at, line, type PlainEvent, parseChunks } from "./lines.ts";

/**
 * Names as the kernel allows them: up to 15 bytes; the padding around them cannot be told apart.
 */
const comms = fc
  .string({ unit: fc.constantFrom(..."ab 1/[]:.#-()=x_é0"), minLength: 1, maxLength: 12 })
  .map((text) => text.trim())
  .filter((text) => text !== "");

const threads = fc.record({
  comm: comms,
  pid: fc.integer({ min: -1, max: 4_194_304 }),
  tid: fc.integer({ min: -1, max: 4_194_304 }),
  cpu: fc.integer({ min: 0, max: 1023 }),
  timeNs: fc.integer({ min: 0, max: 5e15 }),
  isNs: fc.boolean(),
});

const UNKNOWN = "sched:sched_wakeup";

function textOf(thread: typeof threads extends fc.Arbitrary<infer T> ? T : never): string {
  const { comm, pid, tid, cpu, timeNs, isNs } = thread;
  const seconds = Math.floor(timeNs / 1e9);
  const places = String(timeNs % 1e9).padStart(9, "0");
  const fraction = isNs ? places : places.slice(0, 6);
  const cpuText = String(cpu).padStart(3, "0");
  return `${comm.padStart(16)} ${pid}/${tid} [${cpuText}] ${seconds}.${fraction}: ${UNKNOWN}: x`;
}

/** Reads one line and returns the event itself, whose payload fields the test wants. */
function readOne(text: string): TraceEvent {
  const found = new TraceEvent();
  const parser = new TraceParser((event) => found.copyFrom(event), { file: "t", strict: true });
  parser.feed(Buffer.from(`${text}\n`));
  return found;
}

describe("parser: headers", () => {
  it("any name, thread, CPU and time come back as they were written", () => {
    fc.assert(
      fc.property(threads, (thread) => {
        const { parser, events } = parseChunks([Buffer.from(`${textOf(thread)}\n`)]);
        const ns = thread.isNs ? thread.timeNs : thread.timeNs - (thread.timeNs % 1000);
        const { comm, pid, tid, cpu } = thread;
        const timeNs = ns % 1e9;
        expect(events).toEqual([{ comm, pid, tid, cpu, timeNs, name: UNKNOWN }]);
        expect(parser.baseS).toBe(Math.floor(thread.timeNs / 1e9));
      }),
    );
  });

  it("chunks that end anywhere give the same events", () => {
    const text = fc.array(fc.oneof(threads.map(textOf), fc.string(), fc.constant("# c")));
    fc.assert(
      fc.property(
        text,
        fc.array(fc.nat(400)),
        fc.constantFrom("\n", "\r\n"),
        (lines, cuts, end) => {
          const bytes = Buffer.from(lines.join(end));
          const chunks: Buffer[] = [];
          let start = 0;
          for (const cut of cuts) {
            chunks.push(bytes.subarray(start, start + cut));
            start += cut;
          }
          chunks.push(bytes.subarray(start));
          const whole = parseChunks([bytes]);
          const cutUp = parseChunks(chunks);
          expect(cutUp.events).toEqual(whole.events);
          expect(cutUp.parser.skippedSamples).toEqual(whole.parser.skippedSamples);
          expect(cutUp.parser.lines).toBe(whole.parser.lines);
        },
      ),
    );
  });

  it("garbage is counted and never throws", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
        const { parser } = parseChunks([Buffer.from(bytes)]);
        expect(parser.linesSkipped).toBeLessThanOrEqual(parser.lines);
      }),
    );
  });

  it("a line cut off anywhere is an event or is skipped", () => {
    const full = at.queue(1, 3, "0xffff888627c2f720");
    for (let length = 0; length <= full.length; length++) {
      const { parser } = parseChunks([Buffer.from(full.slice(0, length))]);
      const isBlank = full.slice(0, length).trim() === "";
      expect(parser.events + parser.linesSkipped).toBe(isBlank ? 0 : 1);
    }
  });

  it("a thread that has exited has pid or tid −1", () => {
    const text = "  :-1 21093/-1 [001] 3094.201388104: sched:sched_switch: next_pid=0";
    const expected: Partial<PlainEvent> = { comm: ":-1", pid: 21093, tid: -1, cpu: 1 };
    expect(parseChunks([Buffer.from(text)]).events).toMatchObject([expected]);
  });

  it("without the field pid a line names its thread only", () => {
    const text = " my app 2 77 [001] 3094.201388: tlb:tlb_flush: pages:1 reason:x (4)";
    const expected: Partial<PlainEvent> = { comm: "my app 2", pid: -1, tid: 77 };
    expect(parseChunks([Buffer.from(text)]).events).toMatchObject([expected]);
  });

  it("a sample period and padding around the thread are read over", () => {
    const text = "app      7/8       [012] 3094.201388:     250000 cpu-clock:ppp: ";
    const expected: Partial<PlainEvent> = { pid: 7, tid: 8, cpu: 12, name: "cpu-clock:ppp" };
    expect(parseChunks([Buffer.from(text)]).events).toMatchObject([expected]);
  });

  it("after months of uptime ns are still exact", () => {
    const text = (fraction: string) => `a 1/1 [000] 99999999.${fraction}: x:y: \n`;
    const { events } = parseChunks([Buffer.from(text("000000001") + text("000000004"))]);
    expect(events.map(({ timeNs }) => timeNs)).toEqual([1, 4]);
  });

  it("comments and blank lines are neither events nor skipped", () => {
    const { parser } = parseChunks([Buffer.from("# captured on: today\n\n   \n")]);
    expect(parser).toMatchObject({ lines: 3, events: 0, linesSkipped: 0 });
  });

  it("an endless line is one skipped line, and the next one is read", () => {
    const endless = Buffer.alloc(300_000, "x");
    const { parser } = parseChunks([endless, endless, Buffer.from(`\n${at.irqEntry(1)}\n`)]);
    expect(parser).toMatchObject({ lines: 2, events: 1, linesSkipped: 1 });
  });

  it("strict: the first line that is no event throws with file and line", () => {
    const text = Buffer.from(`${at.irqEntry(1)}\nnonsense\n`);
    expect(() => parseChunks([text], true)).toThrow(UsageError);
    expect(() => parseChunks([text], true)).toThrow(/^t:2: .*"nonsense"/);
  });
});

describe("parser: payloads", () => {
  const munmapRange = { kind: EventKind.enter, cause: "munmap" };

  it.each([
    [at.enterMunmap(1), { ...munmapRange, address: 0x7f0000000000, bytes: 0x10000 }],
    [at.exitMunmap(1), { kind: EventKind.exit, result: 0, failed: false }],
    [at.exitMunmap(1, {}, "0xffffffffffffffea"), { kind: EventKind.exit, failed: true }],
    [at.exitMunmap(1, {}, "-22"), { kind: EventKind.exit, failed: true }],
    [at.fault(1, "0x7ffe00001000", "0x7"), { address: 0x7ffe00001000, bits: 7 }],
    [at.request(1, -1), { kind: EventKind.flush, pages: -1, reason: 4 }],
    [line(1, "tlb:tlb_flush", "pages:18446744073709551615 reason:x (3)"), { pages: -1, reason: 3 }],
    [at.queue(1, 7, "0xffff888627c2f720"), { targetCpu: 7, csd: 0x888627c2f720, callee: 0 }],
    [at.localEntry(1), { csd: 0, callee: 0 }],
    [at.sendMask(1, "0-2,8"), { targets: [0, 1, 2, 8], isCall: true }],
    [at.sendMask(1, "00000001,000000f1"), { targets: [0, 4, 5, 6, 7, 32], isCall: true }],
    [line(1, "ipi:ipi_send_cpu", "cpu=3 callsite=ttwu+0x1 callback=g+0x0"), { isCall: false }],
    [line(1, "ipi:ipi_send_cpu", "cpu=3 callsite=x callback=0x0"), { isCall: false }],
    [at.switchTo(1, 55, {}, "a next_pid=7 "), { kind: EventKind.switch, nextTid: 55 }],
    [
      line(
        1,
        "syscalls:sys_enter_mremap",
        "addr: 0x1000, old_len: 0x2000, new_len: 0x3000, " + "flags: 0x00000003, new_addr: 0x9000",
      ),
      { address: 0x1000, bytes: 0x2000, newBytes: 0x3000, flags: 3, newAddress: 0x9000 },
    ],
    [
      line(
        1,
        "syscalls:sys_enter_mmap",
        "addr: 0x1000, len: 0x2000, prot: 0x3, flags: 0x32, fd: 0",
      ),
      { cause: "mmap", address: 0x1000, bytes: 0x2000, bits: 3, flags: 0x32 },
    ],
    [
      line(1, "syscalls:sys_enter_madvise", "start: 0x1000, len_in: 0x2000, behavior: 0x4"),
      { cause: "madvise", address: 0x1000, bytes: 0x2000, bits: 4 },
    ],
  ])("%s", (text, fields) => {
    expect(readOne(text)).toMatchObject(fields);
  });

  it.each([
    ["a negative number of pages", at.request(1, -5)],
    [
      "pages of more than 64 bits",
      line(1, "tlb:tlb_flush", "pages:99999999999999999999 reason:x (4)"),
    ],
    ["one more than 64 bits", line(1, "tlb:tlb_flush", "pages:18446744073709551616 reason:x (4)")],
    ["more pages than there are", line(1, "tlb:tlb_flush", "pages:9007199254740993 reason:x (4)")],
    ["a longer address than one", at.enterMunmap(1, {}, "0xffffffffffffffffffffffff")],
    ["a longer length than one", at.enterMunmap(1, {}, "0x7f0000000000", "0x10000000000000000")],
    ["a longer decimal address", at.enterMunmap(1, {}, "18446744073709551616")],
    ["a time of 24 digits", at.irqEntry(1).replace(" 100.", ` ${"9".repeat(24)}.`)],
    ["a time beyond the kernel's clock", at.irqEntry(1).replace(" 100.", " 18446744074.")],
  ])("a number that cannot be (%s): no event, and strict stops there", (_, text) => {
    const bytes = Buffer.from(`${at.irqEntry(1)}\n${text}\n`);
    expect(parseChunks([bytes]).parser).toMatchObject({ events: 1, linesSkipped: 1 });
    expect(() => parseChunks([bytes], true)).toThrow(/^t:2: not an event/);
  });

  it.each([
    [line(1, "tlb:tlb_flush", "pages:0 reason:x (4)"), { pages: 0 }],
    [at.enterMunmap(1, {}, "0xffffffffffffffff"), { address: 0xffffffffffff }],
    [at.enterMunmap(1, {}, "18446744073709551615"), { cause: "munmap" }],
  ])("the largest and the smallest that can be: %s", (text, fields) => {
    expect(readOne(text)).toMatchObject(fields);
  });

  it("two kernel pointers that differ in their last bits stay different", () => {
    const first = readOne(at.queue(1, 1, "0xffff888627c2f720")).csd;
    expect(readOne(at.queue(1, 1, "0xffff888627c2f721")).csd).toBe(first + 1);
  });

  it("a known event without its payload is skipped, and counted as such", () => {
    const text = `${line(1, "syscalls:sys_enter_munmap", "")}\n`;
    const { parser } = parseChunks([Buffer.from(text)]);
    expect(parser).toMatchObject({ events: 0, linesSkipped: 1, linesWithoutPayload: 1 });
  });
});
