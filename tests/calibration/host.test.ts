import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cpusInOrder, parseCpuList } from "../../dist/src/calibration/cpus.js";
import { sendsIn } from "../../dist/src/calibration/cross-check.js";
import { notesOf } from "../../dist/src/calibration/notes.js";
import { refuseTooFew, warningsOf } from "../../dist/src/calibration/quality.js";
import { requireAbilities } from "../../dist/src/calibration/requirements.js";
import { UsageError } from "../../dist/src/engine/errors.js";

const ABLE = { platform: "linux", cpus: 2, resizesBuffers: true, waitsOnSharedMemory: true };

describe("what a host must have", () => {
  it("Linux with two CPUs and a Node that can: enough", () => {
    expect(() => requireAbilities(ABLE)).not.toThrow();
  });

  it.each([
    [{ platform: "darwin" }, /this is darwin: .*Run it on Linux/],
    [{ cpus: 1 }, /may use one CPU: .*Allow it two/],
    [{ resizesBuffers: false }, /resize is missing: .*Use Node 20/],
    [{ waitsOnSharedMemory: false }, /cannot wait on a SharedArrayBuffer: .*Run Node without/],
  ])("%j: says what is missing, why, and what to do", (missing, message) => {
    const attempt = () => requireAbilities({ ...ABLE, ...missing });
    expect(attempt).toThrow(UsageError); // Exit status 2.
    expect(attempt).toThrow(message);
  });

  it("several things missing: all are named at once", () => {
    const attempt = () => requireAbilities({ ...ABLE, platform: "win32", cpus: 1 });
    expect(attempt).toThrow(/win32.*one CPU/s);
  });
});

describe("too much was dropped", () => {
  const drops = { samples: 100, initiator: 30, peer: 45 };

  it("most cells short of samples: refused, with the counts and what to do", () => {
    const quality = { drops, plannedCells: 3, short: ["a", "b"] };
    expect(() => refuseTooFew(quality)).toThrow(UsageError);
    expect(() => refuseTooFew(quality)).toThrow(/75 of 100 samples.*30.*45.*stop them/s);
  });

  it("some cells short: named in a warning; so is a great share of drops", () => {
    const quality = { drops, plannedCells: 10, short: ["a", "b", "c", "d"] };
    expect(() => refuseTooFew(quality)).not.toThrow();
    expect(warningsOf(quality)).toEqual([
      expect.stringMatching(/^75 of 100 samples were dropped/),
      expect.stringMatching(/too few samples are left of a, b, c and 1 more/),
    ]);
  });

  it("little dropped, nothing short: nothing is said", () => {
    const calm = { drops: { samples: 100, initiator: 1, peer: 2 }, plannedCells: 10, short: [] };
    expect(warningsOf(calm)).toEqual([]);
  });
});

describe("what could not be done", () => {
  it("no taskset, no schedstat, no perf: each with what it means", () => {
    const check = { sendsPerCall: undefined, why: "spawn perf ENOENT" };
    const notes = notesOf({ isPinned: false, seesWaits: false, check }).join("\n");
    expect(notes).toMatch(/no taskset.*Install util-linux/);
    expect(notes).toMatch(/schedstat.*not dropped/);
    expect(notes).toMatch(/not counted by the kernel: spawn perf ENOENT/);
  });

  it("the kernel counts something else than two sends a call: said", () => {
    const notes = (sendsPerCall: number) =>
      notesOf({ isPinned: true, seesWaits: true, check: { sendsPerCall } }).join("\n");
    expect(notes(1.0)).toContain("1.00 sends a call instead of 2");
    expect(notes(2.02)).not.toContain("sends a call");
  });

  it("the report of perf stat: its count, or none", () => {
    expect(sendsIn("401,,tlb:tlb_flush,1204567,100.00,,\n")).toBe(401);
    expect(sendsIn("<not counted>,,tlb:tlb_flush,0,100.00,,\n")).toBeUndefined();
    expect(sendsIn("event syntax error: 'tlb:tlb_flush'\n")).toBeUndefined();
  });
});

describe("which CPUs", () => {
  it("cpuset's list format: read as it is written", () => {
    expect(parseCpuList("0-3,8\n")).toEqual([0, 1, 2, 3, 8]);
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(300), { minLength: 1 }), (cpus) => {
        expect(parseCpuList(cpus.join(","))).toEqual(cpus);
      }),
    );
  });

  it("two threads of a core: the second one comes after all cores", () => {
    const siblingsOf = (cpu: number) => [cpu % 4, (cpu % 4) + 4];
    expect(cpusInOrder([0, 1, 4, 5, 2], siblingsOf)).toEqual([0, 1, 2, 4, 5]);
  });
});
