import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UsageError } from "../../../dist/src/engine/errors.js";
import {
  FREES_TABLES,
  KEEPS_LAST_TABLE,
  readWorkload,
  type TraceOperation,
  TraceOperations,
  type TraceWorkload,
} from "../../../dist/src/workloads/traces/index.js";
import { at, given, line } from "./lines.ts";

const capture = (name: string) => `bench/traces/${name}.perf.txt.gz`;
const VPN = 0x7f0000000;

const call = (us: number, name: string, fields: string) =>
  line(us, `syscalls:sys_enter_${name}`, fields);
const ret = (us: number, name: string, result = "0x0") =>
  line(us, `syscalls:sys_exit_${name}`, result);
const write = (us: number, page: number, where = {}) =>
  at.fault(us, `0x${((VPN + page) * 4096).toString(16)}`, "0x6", where);

function read(lines: readonly string[], pid?: number): Promise<TraceWorkload> {
  return readWorkload("-", { ...given(lines), ...(pid === undefined ? {} : { pid }) });
}

/** The operations on pages, as `kind vpn−VPN pages writable`. */
async function operationsOf(lines: readonly string[]): Promise<string[]> {
  const { operations } = await read(lines);
  return [...operations]
    .filter(({ cause }) => cause !== "switch")
    .map(
      ({ kind, vpn, pages, writable }) => `${kind} ${vpn - VPN} ${pages} ${writable ? "w" : "r"}`,
    );
}

it("a range that is longer than the address space: ends with it", async () => {
  const lines = [write(1, 0), at.enterMunmap(2, {}, "0x7f0000001000", "0xffffffffffff")];
  const last = 2 ** 36 - VPN - 1;
  expect(await operationsOf(lines)).toEqual(["map 0 1 w", `unmap 1 ${last} r`]);
});

const kindsOf = (operations: Iterable<TraceOperation>) =>
  [...operations].map(({ kind }) => kind).join(" ");

describe("workload: what events become", () => {
  it.each([
    ["write fault on nothing", "0x6", ["map 0 1 w"]],
    ["read fault on nothing", "0x4", ["map-zero 0 1 r"]],
    ["instruction fetch", "0x14", ["map-zero 0 1 r"]],
    ["write fault on what is read-only", "0x7", ["cow 0 1 w"]],
    ["forbidden read: a signal follows", "0x5", []],
  ])("%s", async (_, errorCode, expected) => {
    const lines = [at.fault(1, "0x7f0000000123", errorCode), at.enterMunmap(2)];
    expect(await operationsOf(lines)).toEqual([...expected, "unmap 0 16 r"]);
  });

  it.each([
    [
      "munmap of a range that is no multiple of a page",
      "munmap",
      "addr: 0x7f0000001000, len: 0x1001",
      ["unmap 1 2 r"],
    ],
    [
      "madvise DONTNEED",
      "madvise",
      "start: 0x7f0000001000, len_in: 0x2000, behavior: 0x4",
      ["unmap 1 2 r"],
    ],
    [
      "madvise FREE",
      "madvise",
      "start: 0x7f0000001000, len: 0x2000, behavior: 0x8",
      ["unmap 1 2 r"],
    ],
    [
      "madvise WILLNEED drops nothing",
      "madvise",
      "start: 0x7f0000001000, len: 0x2000, behavior: 0x3",
      [],
    ],
    [
      "mprotect read-only",
      "mprotect",
      "start: 0x7f0000001000, len: 0x3000, prot: 0x1",
      ["protect 1 3 r"],
    ],
    [
      "mprotect writable",
      "mprotect",
      "start: 0x7f0000001000, len: 0x3000, prot: 0x3",
      ["protect 1 3 w"],
    ],
    [
      "mmap elsewhere",
      "mmap",
      "addr: 0x0, len: 0x3000, prot: 0x3, flags: 0x22, fd: 0xffffffff",
      [],
    ],
    [
      "mmap over something",
      "mmap",
      "addr: 0x7f0000001000, len: 0x3000, prot: 0x3, flags: 0x32, fd: 0",
      ["unmap 1 3 r"],
    ],
  ])("%s", async (_, name, fields, expected) => {
    const lines = [write(1, 0), call(2, name, fields), ret(3, name)];
    expect(await operationsOf(lines)).toEqual(["map 0 1 w", ...expected]);
  });

  it("a system call that failed did nothing", async () => {
    const range = "addr: 0x7f0000000000, len: 0x1000";
    const lines = [write(1, 0), call(2, "munmap", range), ret(3, "munmap", "0xffffffffffffffea")];
    expect(await operationsOf(lines)).toEqual(["map 0 1 w"]);
  });

  it("an enter without an exit, cut off or not recorded, is taken for successful", async () => {
    const range = "addr: 0x7f0000000000, len: 0x1000";
    const lines = [write(1, 0), call(2, "munmap", range), write(3, 0), call(4, "munmap", range)];
    const expected = ["map 0 1 w", "unmap 0 1 r", "map 0 1 w", "unmap 0 1 r"];
    expect(await operationsOf(lines)).toEqual(expected);
  });

  it("mremap to another place takes along what was mapped, and only that", async () => {
    const fields =
      "addr: 0x7f0000000000, old_len: 0x4000, new_len: 0x8000, flags: 0x1, new_addr: 0x0";
    const readFault = at.fault(3, "0x7f0000003000", "0x4");
    const lines = [write(1, 0), write(2, 1), readFault, call(4, "mremap", fields)];
    expect(await operationsOf([...lines, ret(5, "mremap", "0x7f0000100000")])).toEqual([
      "map 0 1 w",
      "map 1 1 w",
      "map-zero 3 1 r",
      "unmap 0 4 r",
      "map 256 2 w",
      "map-zero 259 1 r",
    ]);
  });

  it("mremap in place unmaps only what it cuts off", async () => {
    const fields =
      "addr: 0x7f0000000000, old_len: 0x4000, new_len: 0x1000, flags: 0x1, new_addr: 0x0";
    const lines = [write(1, 0), call(4, "mremap", fields), ret(5, "mremap", "0x7f0000000000")];
    expect(await operationsOf(lines)).toEqual(["map 0 1 w", "unmap 1 3 r"]);
  });

  it("a page-table page goes with the last addresses in its 2 MiB that are in use", async () => {
    const reserve = (us: number, bytes: string) => [
      call(us, "mmap", `addr: 0x0, len: ${bytes}, prot: 0x3, flags: 0x22, fd: 0xffffffff`),
      ret(us + 1, "mmap", "0x7f0000000000"),
    ];
    const munmap = (us: number, address: string, bytes: string) => [
      call(us, "munmap", `addr: ${address}, len: ${bytes}`),
      ret(us + 1, "munmap"),
    ];
    const lines = [
      ...[...reserve(1, "0x600000"), write(3, 0), write(4, 600)],
      ...munmap(5, "0x7f0000000000", "0x100000"), // Half of the first 2 MiB …
      ...munmap(7, "0x7f0000100000", "0x200000"), // … the other half and one of the second …
      ...munmap(9, "0x7f0000300000", "0x300000"), // … and all that is left.
    ];
    const { operations } = await read(lines);
    const unmaps = [...operations].filter(({ kind }) => kind === "unmap");
    expect(unmaps.map(({ tables }) => tables)).toEqual([
      0,
      FREES_TABLES | KEEPS_LAST_TABLE,
      FREES_TABLES,
    ]);
  });

  it("madvise frees no page-table pages: the addresses are still in use", async () => {
    const fields = "start: 0x7f0000000000, len_in: 0x200000, behavior: 0x4";
    const { operations } = await read([write(1, 0), call(2, "madvise", fields)]);
    expect([...operations].at(-1)).toMatchObject({ kind: "unmap", tables: 0 });
  });

  it("a thread whose switch is not in the trace runs since its CPU was called", async () => {
    const callsOne = "cpu=1 callsite=x+0x1 func=sched_ttwu_pending csd=0xff01";
    const second = { tid: 11, cpu: 1 };
    const lines = [
      write(1, 0, second),
      at.switchTo(2, 0, second),
      line(10, "csd:csd_queue_cpu", callsOne),
      write(20, 1, second),
      at.enterMunmap(21),
    ];
    const { operations } = await read(lines);
    const ofOne = [...operations].filter(({ cpu }) => cpu === 1);
    expect(ofOne.map(({ kind, atNs }) => `${kind} ${atNs / 1000}`)).toEqual([
      ...["load 0", "map 0", "idle 1", "load 9", "map 19"],
    ]);
  });

  it("operations are in order of time even where lines are not", async () => {
    const order = fc.shuffledSubarray([1, 2, 3, 4, 5, 6], { minLength: 6 });
    await fc.assert(
      fc.asyncProperty(order, async (pages) => {
        const faults = pages.map((page) => write(page, page, { cpu: page % 3 }));
        const { operations } = await read([...faults, at.enterMunmap(9)]);
        const times = [...operations].map(({ atNs }) => atNs);
        expect(times).toEqual([...times].sort((a, b) => a - b));
        expect(times[0]).toBe(0);
      }),
    );
  });
});

describe("workload: context switches", () => {
  const other = { comm: "other", pid: 1, cpu: 0 };
  const unmap = at.enterMunmap(90);

  it("a thread is recognized even if it is switched to before its first own event", async () => {
    const thread = { pid: 10, tid: 15, cpu: 1 };
    const lines = [
      write(1, 0),
      at.switchTo(2, 15, { comm: "swapper", pid: 0, cpu: 1 }),
      write(3, 1, thread),
      at.switchTo(4, 0, thread),
      at.switchTo(5, 99, { comm: "swapper", pid: 0, cpu: 1 }),
      unmap,
    ];
    const { operations } = await read(lines);
    expect(kindsOf(operations.ofCpu(1))).toBe("load map idle other");
  });

  it("a switch between threads of the process, or between others, changes nothing", async () => {
    const lines = [
      write(1, 0),
      write(2, 1, { pid: 10, tid: 15 }),
      at.switchTo(3, 10, { pid: 10, tid: 15 }),
      at.switchTo(4, 50),
      at.switchTo(5, 51, other),
      at.switchTo(6, 10, other),
      unmap,
    ];
    const { operations } = await read(lines);
    expect(kindsOf(operations.ofCpu(0))).toBe("load map map other load unmap");
  });

  it("a CPU that never runs the process has no operations", async () => {
    const lines = [write(1, 0), at.switchTo(2, 77, { comm: "x", pid: 76, cpu: 5 }), unmap];
    const { cpus, cpusSeen } = await read(lines);
    expect({ cpus, cpusSeen }).toEqual({ cpus: [0], cpusSeen: [0, 5] });
  });

  it("without switches a CPU loads the process at its first operation", async () => {
    const { operations, warnings } = await read([write(1, 0), write(2, 1, { cpu: 3 }), unmap]);
    expect(kindsOf(operations)).toBe("load map load map unmap");
    expect(warnings.join()).toMatch(/-e sched:sched_switch/);
  });
});

describe("workload: what is warned of", () => {
  it("two captures one behind the other: time goes back", async () => {
    const filler = Array.from({ length: 300 }, (_, i) => line(1000 + i, "foo:bar", ""));
    const { warnings } = await read([write(1, 0), at.enterMunmap(90), ...filler, write(1, 1)]);
    expect(warnings.join()).toMatch(/time goes back once/);
  });

  it("of a system call only its return was recorded", async () => {
    const { warnings } = await read([
      write(1, 0),
      at.enterMunmap(90),
      line(95, "syscalls:sys_exit_mmap", "0x0"),
    ]);
    expect(warnings.join()).toMatch(/1 syscalls:sys_exit_mmap and no syscalls:sys_enter_mmap/);
  });
});

describe("workload: switches that are missing", () => {
  it("an interrupt that a thread takes says that its CPU runs it", async () => {
    const spinner = { pid: 10, tid: 15, cpu: 1 };
    const lines = [
      write(1, 0),
      write(2, 1, spinner),
      at.switchTo(3, 99, spinner),
      line(4, "irq_vectors:call_function_single_entry", "vector=251", spinner),
      at.enterMunmap(90),
    ];
    const { operations } = await read(lines);
    expect(kindsOf(operations.ofCpu(1))).toBe("load map other load");
  });

  it("munmap-loop: the spinning thread has its CPU while pages are unmapped", async () => {
    const { operations } = await readWorkload(capture("munmap-loop"));
    const unmaps = [...operations].filter(({ kind }) => kind === "unmap");
    const loads = [...operations.ofCpu(1)].filter(({ kind }) => kind === "load");
    expect(loads.some(({ atNs }) => atNs > unmaps[0].atNs && atNs < unmaps[20].atNs)).toBe(true);
  });
});

describe("workload: processes", () => {
  const second = { comm: "db", pid: 20, tid: 20, cpu: 1 };
  const twoProcesses = [
    write(1, 0),
    write(2, 1),
    write(3, 2),
    at.enterMunmap(4, second),
    at.exitMunmap(5, second),
    at.enterMunmap(6, second),
    at.enterMunmap(7),
  ];

  it("the process that flushes most is replayed, the others are listed", async () => {
    const { pid, comm, leftOut } = await read(twoProcesses);
    expect({ pid, comm }).toEqual({ pid: 20, comm: "db" });
    expect(leftOut).toEqual([{ pid: 10, comm: "app", operations: 4 }]);
  });

  it("a pid chooses another; an unknown one is refused with those that there are", async () => {
    const { pid, leftOut } = await read(twoProcesses, 10);
    expect(pid).toBe(10);
    expect(leftOut).toEqual([{ pid: 20, comm: "db", operations: 2 }]);
    await expect(read(twoProcesses, 7)).rejects.toThrow(UsageError);
    await expect(read(twoProcesses, 7)).rejects.toThrow(/no process 7 .*10 \(app\), 20 \(db\)/);
  });

  const fetch = (us: number, address: string, comm: string) =>
    at.fault(us, address, "0x14", { comm }, address);

  it("exec: what the pid did before is left out", async () => {
    const lines = [
      fetch(1, "0x7f0000001000", "bash"),
      at.request(2, 1, { comm: "redis" }),
      fetch(3, "0x7e5500001000", "redis"),
      at.enterMunmap(4, { comm: "redis" }),
    ];
    const { comm, operations, leftOut } = await read(lines);
    expect(comm).toBe("redis");
    expect(kindsOf(operations)).toBe("load map-zero unmap");
    expect(leftOut).toEqual([{ pid: 10, comm: "bash", operations: 1 }]);
  });

  it("a thread that renames itself goes on with what it has mapped", async () => {
    const lines = [
      fetch(1, "0x7f0000001000", "node"),
      fetch(3, "0x7f0000051000", "MainThread"),
      at.enterMunmap(4, { comm: "MainThread" }),
    ];
    const { comm, operations, leftOut } = await read(lines);
    expect(comm).toBe("MainThread");
    expect(kindsOf(operations)).toBe("load map-zero map-zero unmap");
    expect(leftOut).toEqual([]);
  });

  it("a recorded exec needs no guess", async () => {
    const exec = line(2, "sched:sched_process_exec", "filename=/bin/x pid=10 old_pid=10");
    const { leftOut } = await read([write(1, 0), exec, write(3, 1), at.enterMunmap(4)]);
    expect(leftOut).toEqual([{ pid: 10, comm: "app", operations: 1 }]);
  });
});

describe("workload: the captures", () => {
  it("munmap-loop: 201 munmaps of 16 touched pages", async () => {
    const { operations, pid, cpus, leftOut } = await readWorkload(capture("munmap-loop"));
    expect({ pid, cpus, leftOut }).toEqual({ pid: 21_093, cpus: [0, 1], leftOut: [] });
    const unmaps = [...operations].filter(
      ({ kind, cause }) => kind === "unmap" && cause === "munmap",
    );
    expect(unmaps.filter(({ pages }) => pages === 16)).toHaveLength(200);
  });

  it("node-gc: every recorded system call that can drop or protect pages is there", async () => {
    const { operationsByKind, comm } = await readWorkload(capture("node-gc"));
    expect(comm).toBe("node");
    expect(operationsByKind).toMatchObject({ protect: 226, cow: 51 });
  });

  it("redis: the shell it was started from is left out, before its exec too", async () => {
    const { comm, pid, leftOut, durationNs } = await readWorkload(capture("redis"));
    expect({ comm, pid }).toEqual({ comm: "redis-server", pid: 21_215 });
    expect(leftOut.map((left) => `${left.comm} ${left.pid}`)).toEqual([
      "bash 21213",
      "sleep 21216",
      "bash 21215",
      "bash 21216",
    ]);
    expect(Math.round(durationNs / 1e9)).toBe(10);
  });

  it("columns handed to another thread hold the same operations", async () => {
    const { operations } = await readWorkload(capture("munmap-loop"));
    const copy = new TraceOperations(structuredClone(operations.data));
    expect(copy.data.vpns.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect([...copy]).toEqual([...operations]);
    const byCpu = operations.data.cpus.length;
    const counts = Array.from({ length: byCpu }, (_, cpu) => [...operations.ofCpu(cpu)].length);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(operations.length);
  });
});

describe("workload: what it refuses", () => {
  it("without page faults: says which flags are missing", async () => {
    await expect(read([at.enterMunmap(1)])).rejects.toThrow(UsageError);
    await expect(read([at.enterMunmap(1)])).rejects.toThrow(/-e exceptions:page_fault_user/);
  });

  it("without system calls and copies on write: says which flags are missing", async () => {
    await expect(read([write(1, 0)])).rejects.toThrow(/-e syscalls:sys_enter_munmap/);
  });

  it("without processes: says which field is missing", async () => {
    const lines = [write(1, 0), at.enterMunmap(2)].map((text) => text.replace("10/10", "10"));
    await expect(read(lines)).rejects.toThrow(/-F comm,pid,tid/);
  });
});
