// Which cores Linux tells: small traces of one process with a thread on either of two CPUs. The
// thread of CPU 1 has run and gone away; that of CPU 0 unmaps pages it has touched.

import { describe, expect, test } from "vitest";
import { STRICT } from "../../../dist/src/engine/policy/presets.js";
import { readWorkload } from "../../../dist/src/workloads/traces/index.js";
import { LINUX, replay } from "../../support/replays.ts";
import { at, given, line, type Where } from "./lines.ts";

const FIRST = { pid: 10, tid: 10, cpu: 0 };
const SECOND = { pid: 10, tid: 11, cpu: 1 };
const IDLE = 0;
const ANOTHER_PROGRAM = 99;

/** CPU 1 runs the second thread, and switches to thread `next` then. */
const secondLeavesTo = (next: number, us = 1): string[] => [
  at.fault(us, "0x600000000000", "0x6", SECOND),
  at.switchTo(us + 10, next, SECOND),
];
const secondReturns = (us: number): string =>
  at.switchTo(us, 11, { pid: 0, tid: 0, cpu: 1, comm: "swapper" });

/** The first thread reserves addresses enough for no unmap to empty a page-table page. */
const reserve = (us: number, where: Where = FIRST): string[] => [
  line(us, "syscalls:sys_enter_mmap", "addr: 0x0, len: 0x40000000, prot: 0x3, flags: 0x22", where),
  line(us + 1, "syscalls:sys_exit_mmap", "0x7f0000000000", where),
];

/** It touches a page, and unmaps it. */
const flush = (us: number, where: Where = FIRST): string[] => [
  at.fault(us, "0x7f0000400000", "0x6", where),
  at.enterMunmap(us + 20, where, "0x7f0000400000", "0x1000"),
  at.exitMunmap(us + 30, where),
];

/** Requests and IPIs of the whole trace. */
async function told(lines: readonly string[], policy = LINUX): Promise<[number, number]> {
  const { all } = replay(await readWorkload("-", given(lines)), policy);
  return [all!.requests!.replayed, all!.ipis!.replayed];
}

describe("where no page-table page is freed", () => {
  test("a core that runs the process is told", async () => {
    const lines = [at.fault(1, "0x600000000000", "0x6", SECOND), ...reserve(50), ...flush(100)];
    expect(await told(lines)).toEqual([1, 1]);
  });

  test.each([
    ["idle", IDLE],
    ["with another program", ANOTHER_PROGRAM],
  ])("a core that is %s counts, and is not told", async (_, next) => {
    const lines = [...secondLeavesTo(next), ...reserve(50), ...flush(100), ...flush(200)];
    expect(await told(lines)).toEqual([2, 0]);
  });

  test("other policies tell idle cores, and forget those with another program", async () => {
    const rest = [...reserve(50), ...flush(100)];
    expect(await told([...secondLeavesTo(IDLE), ...rest], STRICT)).toEqual([1, 1]);
    expect(await told([...secondLeavesTo(ANOTHER_PROGRAM), ...rest], STRICT)).toEqual([0, 0]);
  });
});

describe("where page-table pages are freed", () => {
  test("an idle core is told once, steps aside, is told again and counts no more", async () => {
    const lines = secondLeavesTo(IDLE);
    expect(await told([...lines, ...flush(100)])).toEqual([1, 1]);
    expect(await told([...lines, ...flush(100), ...flush(200)])).toEqual([2, 2]);
    expect(await told([...lines, ...flush(100), ...flush(200), ...flush(300)])).toEqual([2, 2]);
  });

  test("a core with another program is told once and counts no more", async () => {
    const lines = [...secondLeavesTo(ANOTHER_PROGRAM), ...flush(100), ...flush(200)];
    expect(await told(lines)).toEqual([1, 1]);
  });

  test("a core that has stepped aside counts for flushes that free none", async () => {
    const lines = [...secondLeavesTo(IDLE), ...flush(100), ...reserve(150), ...flush(200)];
    expect(await told(lines)).toEqual([2, 1]);
  });

  test("a core counts again when a thread of the process is back", async () => {
    const lines = [...secondLeavesTo(IDLE), ...flush(100), ...flush(200), ...flush(300)];
    expect(await told([...lines, secondReturns(400), ...flush(500)])).toEqual([3, 3]);
  });

  test("addresses of the same 2 MiB that are still reserved keep the page-table page", async () => {
    const neighbour = at.fault(90, "0x7f00005ff000", "0x6", FIRST);
    expect(await told([...secondLeavesTo(IDLE), neighbour, ...flush(100)])).toEqual([1, 0]);
  });
});

describe("once a second", () => {
  const LATER_US = 1_500_000;

  test("a core with another program is told, and counts no more", async () => {
    const lines = [...secondLeavesTo(ANOTHER_PROGRAM), ...reserve(50), ...flush(100)];
    const later = [...flush(LATER_US), ...flush(LATER_US + 100)];
    expect(await told([...lines, ...later])).toEqual([2, 1]);
  });

  test("an idle core is not told even then", async () => {
    const lines = [...secondLeavesTo(IDLE), ...reserve(50), ...flush(100), ...flush(LATER_US)];
    expect(await told(lines)).toEqual([2, 0]);
  });
});

test("an mprotect flushes from its first page that was writable to its last", async () => {
  const lines = [
    at.fault(1, "0x600000000000", "0x6", SECOND),
    at.fault(50, "0x7f0000404000", "0x6", FIRST),
    at.fault(60, "0x7f0000406000", "0x6", FIRST),
    line(70, "syscalls:sys_enter_mprotect", "start: 0x7f0000400000, len: 0x40000, prot: 0x1"),
    line(80, "syscalls:sys_exit_mprotect", "0x0"),
  ];
  const { mprotect } = replay(await readWorkload("-", given(lines)), LINUX);
  expect(mprotect!.ranged_flushes!.replayed).toBe(1);
  expect(mprotect!.full_flushes!.replayed).toBe(0);
});
