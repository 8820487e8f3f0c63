// The executor of virtual time by itself: who goes first, what cuts work short, how it ends.

import { describe, expect, it } from "vitest";
import { NoProgressError } from "../../dist/src/engine/errors.js";
import type { Cpu, Protocol } from "../../dist/src/engine/executor/cpu.js";
import { VirtualExecutor } from "../../dist/src/engine/executor/virtual.js";
import { WAIT_ACK } from "../../dist/src/engine/machine/actors.js";
import { createMachine, type Machine } from "../../dist/src/engine/machine/machine.js";
import { POKE } from "../../dist/src/engine/machine/mailboxes.js";
import { Random } from "../../dist/src/engine/random.js";
import { shapeWith } from "./shapes.js";

const NEVER_NS = Number.POSITIVE_INFINITY;

type Script = (cpu: Cpu, machine: Machine, log: (what: string) => void) => Protocol<void>;

/** Runs one script a core; what they log, each with its actor and time. */
function played(scripts: readonly Script[], jitter?: Random): string[] {
  const machine = createMachine(shapeWith({ cores: scripts.length, iommus: 0, devices: 0 }), false);
  const executor = new VirtualExecutor(machine, machine.mailboxes, jitter);
  const lines: string[] = [];
  executor.complete(
    executor.cpus.map((cpu, core) =>
      scripts[core](cpu, machine, (what) => lines.push(`${what} ${core} at ${cpu.now()}`)),
    ),
  );
  return lines;
}

describe("the virtual executor", () => {
  it("points of two actors: in order of time, among equals the lower actor first", () => {
    const steps = (...gaps: number[]): Script =>
      function* (cpu, _, log) {
        for (const ns of gaps) {
          cpu.spend(ns);
          if (cpu.point()) yield;
          log("step");
        }
      };
    expect(played([steps(10, 30), steps(10, 5)])).toEqual([
      "step 0 at 10",
      "step 1 at 10",
      "step 1 at 15",
      "step 0 at 40",
    ]);
  });

  it("a point before what others need time to reach: no turn of theirs is waited for", () => {
    const ahead = (ns: number): Script =>
      function* (cpu, _, log) {
        if (cpu.sleep(10)) yield;
        cpu.spend(ns);
        if (cpu.point(300)) yield;
        log("step");
      };
    const other: Script = function* (cpu, _, log) {
      if (cpu.sleep(20)) yield;
      log("step");
    };
    // From 10 on, when its turn came: before 310 nothing of the other can reach it.
    expect(played([ahead(299), other])).toEqual(["step 0 at 309", "step 1 at 20"]);
    expect(played([ahead(300), other])).toEqual(["step 1 at 20", "step 0 at 310"]);
  });

  it("work: an interrupt that is due before its end cuts it short, and the rest is known", () => {
    const works: Script = function* (cpu, _, log) {
      if (cpu.run(1000)) yield;
      log(`${cpu.leftNs} left`);
    };
    const interrupts: Script = function* (cpu, { mailboxes }) {
      if (cpu.sleep(100)) yield;
      mailboxes.post(0, mailboxes.reserve(0), POKE, 1, 0, 0, 0, 0, 0, 400);
      cpu.ring(0, 400);
    };
    expect(played([works, interrupts])).toEqual(["600 left 0 at 400"]);
  });

  it("sleep: until its time, or until it is rung for something earlier", () => {
    const sleeps: Script = function* (cpu, _, log) {
      if (cpu.sleep(50)) yield;
      log("woke");
      if (cpu.sleep(NEVER_NS)) yield;
      log("woke");
    };
    const rings: Script = function* (cpu) {
      if (cpu.sleep(70)) yield;
      cpu.ring(0, 90);
    };
    expect(played([sleeps, rings])).toEqual(["woke 0 at 50", "woke 0 at 90"]);
  });

  it("sleep for an answer: those of others do not wake it, rings do", () => {
    const sleeps: Script = function* (cpu, _, log) {
      if (cpu.sleep(NEVER_NS, 2)) yield;
      log("woke");
      if (cpu.sleep(NEVER_NS, 2)) yield;
      log("woke");
      if (cpu.sleep(1000)) yield;
      log("woke");
    };
    const answers = (atNs: number, says: (cpu: Cpu) => void): Script =>
      function* (cpu) {
        if (cpu.sleep(atNs)) yield;
        says(cpu);
      };
    const scripts = [
      sleeps,
      answers(10, (cpu) => cpu.answer(0, 20)), // Not awaited.
      answers(30, (cpu) => cpu.answer(0, 40)),
      answers(50, (cpu) => cpu.ring(0, 60)),
      answers(70, (cpu) => cpu.answer(0, 80)), // No answer is awaited.
    ];
    expect(played(scripts)).toEqual(["woke 0 at 40", "woke 0 at 60", "woke 0 at 1000"]);
  });

  it("a ring while it is awake: kept, so that its next sleep ends then", () => {
    const busy: Script = function* (cpu, _, log) {
      cpu.spend(100);
      if (cpu.point()) yield;
      if (cpu.sleep(NEVER_NS)) yield;
      log("woke");
    };
    const rings: Script = function* (cpu) {
      if (cpu.point()) yield;
      cpu.ring(0, 30);
    };
    expect(played([busy, rings])).toEqual(["woke 0 at 100"]);
  });

  it("nobody can go on: ends with the table of who waits for whom", () => {
    const waits: Script = function* (cpu, { actors }) {
      actors.waits(cpu.id, WAIT_ACK, 1);
      if (cpu.sleep(NEVER_NS)) yield;
    };
    const ends: Script = function* () {};
    const run = (): string[] => played([waits, ends]);
    expect(run).toThrow(NoProgressError);
    expect(run).toThrow("core 0 waits for acknowledgement of core 1");
  });

  it("nobody can go on: the table says where each actor stands", () => {
    const waits: Script = function* (cpu, { actors }) {
      actors.waits(cpu.id, WAIT_ACK, 0);
      cpu.spend(123);
      if (cpu.sleep(NEVER_NS)) yield;
    };
    expect(() => played([waits])).toThrow("at 123 ns");
  });

  it("jitter: the same seed gives the same order, other seeds give others", () => {
    const steps: Script = function* (cpu, _, log) {
      for (let step = 0; step < 20; step++) {
        cpu.spend(10);
        if (cpu.point()) yield;
        log("step");
      }
    };
    const run = (seed?: number): string => {
      return played(
        [steps, steps, steps],
        seed === undefined ? undefined : new Random(seed),
      ).join();
    };
    expect(run(1)).toBe(run(1));
    expect(new Set([run(), run(1), run(2), run(3)]).size).toBe(4);
  });
});
