// An actor's time on threads, by a clock that the test moves: what is on time, what is late, and
// who says so.

import { describe, expect, it } from "vitest";
import { ThreadCpu, type ThreadOptions } from "../../dist/src/engine/executor/threads.js";
import { Aborted } from "../../dist/src/engine/machine/control.js";
import { createMachine, type Machine } from "../../dist/src/engine/machine/machine.js";
import { FLUSH_PAGES } from "../../dist/src/engine/machine/mailboxes.js";
import { shapeWith } from "./shapes.js";

const EPOCH_NS = 1_000_000;
const NEVER = Number.POSITIVE_INFINITY;

/** Core 1 of a machine, whose clock reads `hostNs` behind its epoch and stands still. */
class Bench {
  readonly machine: Machine = createMachine(shapeWith(), true);
  readonly cpu: ThreadCpu;
  hostNs = 0;
  /** Each read of the clock moves it so far. */
  stepNs = 0;
  /** What happens while the clock is read. */
  onRead = (): void => {};

  constructor(options: Partial<ThreadOptions> = {}) {
    this.cpu = new ThreadCpu(1, this.machine, {
      hostNowNs: () => {
        this.hostNs += this.stepNs;
        this.onRead();
        return EPOCH_NS + this.hostNs;
      },
      epochNs: EPOCH_NS,
      dilation: 1,
      parks: false,
      untimed: false,
      followsClock: false,
      catchesUp: false,
      ...options,
    });
  }

  /** An interrupt for core 1, due at `dueNs`. */
  interrupt(dueNs: number): void {
    const { mailboxes } = this.machine;
    mailboxes.post(1, mailboxes.reserve(1), FLUSH_PAGES, 0, 0, 7, 1, 0, dueNs, dueNs);
  }

  /** The cursor, and by how much the last wait ended late. */
  get times(): number[] {
    return [this.cpu.now(), this.cpu.lateNs];
  }
}

describe("sleep", () => {
  it("what was spun for since before it was due: ends at its time, however the clock was read", () => {
    const bench = new Bench();
    bench.hostNs = 90;
    bench.cpu.sleep(100);
    expect(bench.times).toEqual([0, 0]); // Still waiting.
    bench.hostNs = 160;
    bench.cpu.sleep(100);
    expect(bench.times).toEqual([100, 0]);
  });

  it("what is noticed after it was due: an initiator goes on by the clock, and is late", () => {
    const bench = new Bench();
    bench.cpu.sleep(NEVER);
    bench.hostNs = 250;
    bench.cpu.sleep(100);
    expect(bench.times).toEqual([250, 150]);
  });

  it("the same of who only answers: it goes on as of the due time, and whoever waits will see", () => {
    const bench = new Bench({ catchesUp: true });
    bench.cpu.sleep(NEVER);
    bench.hostNs = 250;
    bench.cpu.sleep(100);
    expect(bench.times).toEqual([100, 0]);
    expect(bench.cpu.effectNs(20)).toBe(120);
  });

  it("what was due before the actor was done with something else: nobody is early", () => {
    const bench = new Bench({ catchesUp: true });
    bench.cpu.spend(400);
    bench.hostNs = 500;
    bench.cpu.sleep(100);
    expect(bench.times).toEqual([400, 0]);
  });

  it("dilated: everybody goes on as of the due time, but sends nothing before it is sent", () => {
    const bench = new Bench({ dilation: 10 });
    bench.hostNs = 2500;
    bench.cpu.sleep(100);
    expect(bench.times).toEqual([100, 0]);
    expect(bench.cpu.effectNs(20)).toBe(250);
  });

  it("where nothing takes time: who answers reads no clock, who initiates follows it", () => {
    const answering = new Bench({ untimed: true });
    answering.stepNs = Number.NaN;
    answering.cpu.sleep(100);
    expect(answering.times).toEqual([100, 0]);
    expect(answering.hostNs).toBe(0);
    const initiating = new Bench({ followsClock: true });
    initiating.hostNs = 80;
    initiating.cpu.sleep(NEVER);
    expect(initiating.times).toEqual([80, 80]);
  });
});

describe("run", () => {
  it("nothing comes: ends by the clock", () => {
    const bench = new Bench();
    bench.stepNs = 70;
    bench.cpu.run(200);
    expect(bench.cpu.leftNs).toBe(0);
    expect(bench.times).toEqual([210, 0]);
  });

  it("an interrupt that is known before it is due: cuts the work short at its time", () => {
    const bench = new Bench();
    bench.interrupt(150);
    bench.stepNs = 40;
    bench.cpu.run(1000);
    expect(bench.times).toEqual([150, 0]);
    expect(bench.cpu.leftNs).toBe(850);
  });

  it("one that is there too late: by the clock if the core initiates, in time if it answers", () => {
    for (const catchesUp of [false, true]) {
      const bench = new Bench({ catchesUp });
      bench.interrupt(150);
      bench.hostNs = 400;
      bench.cpu.run(1000);
      expect(bench.times).toEqual(catchesUp ? [150, 0] : [400, 250]);
      expect(bench.cpu.leftNs).toBe(catchesUp ? 850 : 600);
    }
  });

  it("one that comes while the clock says that the work is done: the same", () => {
    for (const catchesUp of [false, true]) {
      const bench = new Bench({ catchesUp });
      bench.stepNs = 1300;
      bench.onRead = () => bench.interrupt(900);
      bench.cpu.run(1000);
      expect(bench.times).toEqual(catchesUp ? [900, 0] : [1300, 400]);
      expect(bench.cpu.leftNs).toBe(catchesUp ? 100 : 0);
    }
  });

  it("one that was not there after it was due: all since then is late, and nothing was masked", () => {
    const bench = new Bench({ catchesUp: true });
    bench.stepNs = 100;
    for (let i = 0; i < 20; i++) {
      bench.cpu.run(100);
      bench.cpu.spend(10);
    }
    const found = bench.cpu.now();
    bench.interrupt(500);
    bench.cpu.run(100);
    expect(bench.times).toEqual([found, found - 500]);
  });

  it("one that falls due while the core does something else: it is masked, and not late", () => {
    const bench = new Bench({ catchesUp: true });
    bench.stepNs = 100;
    bench.cpu.run(100);
    bench.interrupt(150);
    bench.cpu.spend(80);
    bench.cpu.run(100);
    expect(bench.times).toEqual([180, 0]);
  });
});

describe("the host's clock", () => {
  it("work runs ahead of it by 1 µs at most", () => {
    const bench = new Bench();
    bench.stepNs = 100;
    bench.cpu.spend(900);
    expect(bench.hostNs).toBe(0);
    bench.cpu.spend(900);
    expect(bench.cpu.now()).toBe(1800);
    expect(bench.hostNs).toBe(800);
  });

  it("a run that was ended: whoever waits leaves", () => {
    const bench = new Bench();
    bench.machine.control.abort();
    expect(() => {
      for (let i = 0; i < 1000; i++) bench.cpu.sleep(NEVER);
    }).toThrow(Aborted);
  });
});
