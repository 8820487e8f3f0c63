import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  CORES_CHAIN,
  CriticalPath,
  FIRST_IOMMU_CHAIN,
} from "../../dist/src/engine/probe/critical-path.js";
import {
  ACK_RETURN,
  DELIVERY,
  DRAIN,
  FLUSH,
  FREE,
  HANDLER,
  LATE,
  LOCAL,
  LOCK,
  MASKED,
  PTE,
  QUEUED,
  SEGMENT_NAMES,
  SEND,
  SERVING,
  STATUS,
  SUBMIT,
} from "../../dist/src/engine/probe/segments.js";

const IOMMU = FIRST_IOMMU_CHAIN;

/** On the path, in ns, of each segment that is on it. */
function onPath(path: CriticalPath): Record<string, number> {
  const { segments } = path.toData();
  const sums = segments.map(({ onPath: { sum } }, i) => [SEGMENT_NAMES[i], sum] as const);
  return Object.fromEntries(sums.filter(([, sum]) => sum > 0));
}

/** Slack, in ns, of each segment that had some. */
function slack(path: CriticalPath): Record<string, number> {
  const sums = path.toData().segments.map((s, i) => [SEGMENT_NAMES[i], s.slackSumNs] as const);
  return Object.fromEntries(sums.filter(([, sum]) => sum > 0));
}

function total(path: CriticalPath): number {
  return path.toData().segments.reduce((sum, segment) => sum + segment.onPath.sum, 0);
}

/** Forks a chain whose segments follow each other from `forkNs` on; returns when it ends. */
function chainFrom(
  path: CriticalPath,
  chain: number,
  forkNs: number,
  ...pieces: readonly (readonly [segment: number, ns: number])[]
): number {
  path.fork(chain, forkNs);
  for (const [segment, ns] of pieces) path.add(chain, segment, ns);
  return pieces.reduce((endNs, [, ns]) => endNs + ns, forkNs);
}

describe("the critical path of one operation", () => {
  it("the initiator alone, step after step: each step is on it, for as long as it took", () => {
    const path = new CriticalPath();
    path.begin(1000);
    path.mark(LOCK, 1010);
    path.mark(PTE, 1030);
    path.mark(LOCAL, 1060);
    path.settle();
    path.mark(FREE, 1065);
    path.end(1065);
    expect(onPath(path)).toEqual({ lock: 10, pte: 20, local: 30, free: 5 });
    expect(path.latency.sum).toBe(65);
    expect(slack(path)).toEqual({});
  });

  it("a wait for a core: what the core and the wires did stands in place of the waiting", () => {
    const path = new CriticalPath();
    path.begin(0);
    path.mark(SEND, 10);
    const endNs = chainFrom(
      path,
      CORES_CHAIN,
      10,
      [DELIVERY, 100],
      [HANDLER, 50],
      [ACK_RETURN, 20],
    );
    path.join(CORES_CHAIN, endNs, 0, endNs);
    path.settle();
    path.end(endNs);
    expect(onPath(path)).toEqual({ send: 10, delivery: 100, handler: 50, "ack-return": 20 });
    expect(slack(path)).toEqual({});
  });

  it("own work while a binding answer is under way: off the path, with the wait as its slack", () => {
    const path = new CriticalPath();
    path.begin(0);
    path.mark(SEND, 10);
    const endNs = chainFrom(path, CORES_CHAIN, 10, [DELIVERY, 60], [HANDLER, 30]);
    path.mark(LOCAL, 40);
    path.join(CORES_CHAIN, endNs, 0, endNs);
    path.settle();
    path.end(endNs);
    expect(onPath(path)).toEqual({ send: 10, delivery: 60, handler: 30 });
    expect(slack(path)).toEqual({ local: 60 });
  });

  it("an answer that was there before the initiator looked: off the path, with the time it lay there", () => {
    const path = new CriticalPath();
    path.begin(0);
    path.mark(SEND, 10);
    const endNs = chainFrom(path, CORES_CHAIN, 10, [DELIVERY, 20], [HANDLER, 5]);
    path.mark(LOCAL, 100);
    path.join(CORES_CHAIN, endNs, 0, 100);
    path.settle();
    path.end(100);
    expect(onPath(path)).toEqual({ send: 10, local: 90 });
    expect(slack(path)).toEqual({ delivery: 65, handler: 65 });
  });

  it("sends one after the other: only those up to the one that was answered last are on the path", () => {
    const path = new CriticalPath();
    path.begin(0);
    path.mark(SEND, 100);
    const endNs = chainFrom(path, CORES_CHAIN, 30, [DELIVERY, 200], [HANDLER, 20]);
    path.join(CORES_CHAIN, endNs, 0, endNs);
    path.settle();
    path.end(endNs);
    expect(onPath(path)).toEqual({ send: 30, delivery: 200, handler: 20 });
  });
});

describe("two answers under way at once", () => {
  it("the IOMMU's comes last: it is on the path from its submission, the cores' has the rest as slack", () => {
    const path = new CriticalPath();
    path.begin(0);
    path.mark(SUBMIT, 10);
    const iommuNs = chainFrom(path, IOMMU, 10, [QUEUED, 40], [FLUSH, 200], [STATUS, 50]);
    path.mark(SEND, 20);
    const coresNs = chainFrom(path, CORES_CHAIN, 20, [DELIVERY, 80], [HANDLER, 20]);
    path.join(CORES_CHAIN, coresNs, 0, coresNs);
    path.join(IOMMU, iommuNs, 0, iommuNs);
    path.settle();
    path.end(iommuNs);
    expect([coresNs, iommuNs]).toEqual([120, 300]);
    expect(onPath(path)).toEqual({ submit: 10, queued: 40, flush: 200, status: 50 });
    expect(slack(path)).toEqual({ send: 180, delivery: 180, handler: 180 });
  });

  it("the cores' comes last: the IOMMU's was there when the initiator looked", () => {
    const path = new CriticalPath();
    path.begin(0);
    path.mark(SUBMIT, 10);
    const iommuNs = chainFrom(path, IOMMU, 10, [FLUSH, 100], [DRAIN, 90]);
    path.mark(SEND, 20);
    const coresNs = chainFrom(path, CORES_CHAIN, 20, [DELIVERY, 80], [MASKED, 200]);
    path.join(CORES_CHAIN, coresNs, 0, coresNs);
    path.join(IOMMU, iommuNs, 0, coresNs);
    path.settle();
    path.end(coresNs);
    expect(onPath(path)).toEqual({ submit: 10, send: 10, delivery: 80, masked: 200 });
    expect(slack(path)).toEqual({ flush: 100, drain: 100 });
  });

  it("own work between the two waits: it could have taken as long as the second wait", () => {
    const path = new CriticalPath();
    path.begin(0);
    path.mark(SUBMIT, 10);
    const iommuNs = chainFrom(path, IOMMU, 10, [FLUSH, 190]);
    const coresNs = chainFrom(path, CORES_CHAIN, 10, [DELIVERY, 90]);
    path.join(CORES_CHAIN, coresNs, 0, coresNs);
    path.mark(LOCAL, 150);
    path.join(IOMMU, iommuNs, 0, iommuNs);
    path.settle();
    path.end(iommuNs);
    expect(onPath(path)).toEqual({ submit: 10, flush: 190 });
    expect(slack(path)).toEqual({ delivery: 50, local: 50 });
  });

  it("the IOMMU is asked after the cores have answered: both are on the path", () => {
    const path = new CriticalPath();
    path.begin(0);
    path.mark(SEND, 10);
    const coresNs = chainFrom(path, CORES_CHAIN, 10, [DELIVERY, 90]);
    path.join(CORES_CHAIN, coresNs, 0, coresNs);
    path.mark(SUBMIT, 120);
    const iommuNs = chainFrom(path, IOMMU, 120, [FLUSH, 800]);
    path.join(IOMMU, iommuNs, 0, iommuNs);
    path.settle();
    path.end(iommuNs);
    expect(onPath(path)).toEqual({ send: 10, delivery: 90, submit: 20, flush: 800 });
  });
});

describe("a wait that ends after its answer was there", () => {
  it.each([
    ["the host's part is late, the rest went into serving others", 25, { late: 25, serving: 10 }],
    ["all of it the host's", 35, { late: 35 }],
    ["none of it the host's", 0, { serving: 35 }],
    [
      "the host is said to have been later than the wait was: no more than the wait",
      90,
      { late: 35 },
    ],
  ])("%s", (_name, lateNs, expected) => {
    const path = new CriticalPath();
    path.begin(0);
    path.mark(SEND, 10);
    const endNs = chainFrom(path, CORES_CHAIN, 10, [DELIVERY, 90]);
    path.join(CORES_CHAIN, endNs, lateNs, endNs + 35);
    path.settle();
    path.end(endNs + 35);
    expect(onPath(path)).toEqual({ send: 10, delivery: 90, ...expected });
    expect(path.late.sum).toBe(Math.min(lateNs, 35));
  });

  it("an answer that was there before, and then somebody else's interrupt: that is serving", () => {
    const path = new CriticalPath();
    path.begin(0);
    const endNs = chainFrom(path, CORES_CHAIN, 0, [DELIVERY, 20]);
    path.mark(LOCAL, 50);
    path.join(CORES_CHAIN, endNs, 0, 90);
    path.settle();
    path.end(90);
    expect(onPath(path)).toEqual({ local: 50, serving: 40 });
    expect(path.toData().segments[SERVING].onPath.count).toBe(1);
  });
});

describe("operations", () => {
  it("two shootdowns in one operation: one sample, with the sum of both", () => {
    const path = new CriticalPath();
    path.begin(0);
    for (const startNs of [0, 100]) {
      path.mark(SEND, startNs + 10);
      const endNs = chainFrom(path, CORES_CHAIN, startNs + 10, [DELIVERY, 70], [HANDLER, 20]);
      path.join(CORES_CHAIN, endNs, 0, endNs);
      path.settle();
    }
    path.end(200);
    expect(onPath(path)).toEqual({ send: 20, delivery: 140, handler: 40 });
    expect(path.toData().segments[HANDLER].onPath.count).toBe(1);
    expect(path.latency.count).toBe(1);
  });

  it("thousands of steps and shootdowns in one operation: nothing is lost when it grows", () => {
    const path = new CriticalPath();
    path.begin(0);
    let nowNs = 0;
    for (let i = 0; i < 1000; i++) {
      nowNs += 3;
      path.mark(i % 2 === 0 ? PTE : LOCK, nowNs);
    }
    for (let i = 0; i < 500; i++) {
      const endNs = chainFrom(path, IOMMU, nowNs, [FLUSH, 7]);
      path.join(IOMMU, endNs, 0, endNs);
      path.settle();
      nowNs = endNs;
    }
    path.end(nowNs);
    expect(onPath(path)).toEqual({ lock: 1500, pte: 1500, flush: 3500 });
    expect(path.latency.sum).toBe(6500);
  });

  it("several operations: a sample each, and only of segments that were on their path", () => {
    const path = new CriticalPath();
    for (const [beganNs, kind] of [
      [0, PTE],
      [500, PTE],
      [900, LOCK],
    ]) {
      path.begin(beganNs);
      path.mark(kind, beganNs + 10);
      path.end(beganNs + 10);
    }
    const { segments, latency, late } = path.toData();
    expect([segments[PTE].onPath.count, segments[LOCK].onPath.count]).toEqual([2, 1]);
    expect(segments[LATE].onPath.count).toBe(0);
    expect([latency.count, late.count]).toEqual([3, 3]);
  });

  it("an operation that is given up for another: its segments are no samples, not even of nothing", () => {
    const path = new CriticalPath();
    path.begin(0);
    path.mark(LOCK, 10);
    path.settle();
    path.begin(20);
    path.mark(PTE, 30);
    path.end(30);
    const { segments } = path.toData();
    expect([segments[LOCK].onPath.count, segments[PTE].onPath.count]).toEqual([0, 1]);
  });

  it("a recorder that is switched off: latencies, and nothing else", () => {
    const path = new CriticalPath();
    path.enabled = false;
    path.begin(0);
    path.mark(SEND, 10);
    const endNs = chainFrom(path, CORES_CHAIN, 10, [DELIVERY, 90]);
    path.join(CORES_CHAIN, endNs, 5, endNs);
    path.settle();
    path.end(130);
    expect(path.latency.sum).toBe(130);
    expect([path.late.count, total(path)]).toEqual([0, 0]);
    expect(slack(path)).toEqual({});
  });

  it("forgotten after the warm-up: as if it had not been", () => {
    const path = new CriticalPath();
    path.begin(0);
    path.mark(PTE, 10);
    path.settle();
    path.reset();
    expect(path.toData()).toEqual(new CriticalPath().toData());
  });
});

/** One wait: a chain of some pieces, forked during the own work that stands before it. */
const answer = fc.record({
  workNs: fc.nat(50),
  pieces: fc.array(fc.nat(100), { minLength: 1, maxLength: 5 }),
  lateNs: fc.nat(20),
  servingNs: fc.nat(20),
  afterNs: fc.nat(30),
});
const shootdown = fc.record({
  own: fc.array(fc.nat(40), { maxLength: 3 }),
  overlapped: fc.boolean(),
  answers: fc.array(answer, { maxLength: 4 }),
});

type Shootdown = typeof shootdown extends fc.Arbitrary<infer T> ? T : never;

/** Plays one shootdown from `startNs` on; returns when it is over. */
function play(
  path: CriticalPath,
  startNs: number,
  { own, overlapped, answers }: Shootdown,
): number {
  let nowNs = startNs;
  const work = (kind: number, ns: number) => {
    nowNs += ns;
    path.mark(kind, nowNs);
  };
  const ends: number[] = [];
  const ask = (chain: number) => {
    const { workNs, pieces } = answers[chain];
    work(chain === CORES_CHAIN ? SEND : SUBMIT, workNs);
    const kinds = [DELIVERY, MASKED, HANDLER, FLUSH, STATUS];
    ends[chain] = chainFrom(path, chain, nowNs, ...pieces.map((ns, i) => [kinds[i], ns] as const));
  };
  const wait = (chain: number) => {
    const { lateNs, servingNs, afterNs } = answers[chain];
    const wasThere = ends[chain] <= nowNs;
    nowNs = wasThere ? nowNs + servingNs : ends[chain] + lateNs + servingNs;
    path.join(chain, ends[chain], wasThere ? 0 : lateNs, nowNs);
    work(FREE, afterNs);
  };
  own.forEach((ns, i) => {
    work(i % 2 === 0 ? LOCK : PTE, ns);
  });
  if (overlapped) for (const chain of answers.keys()) ask(chain);
  for (const chain of answers.keys()) {
    if (!overlapped) ask(chain);
    wait(chain);
  }
  path.settle();
  return nowNs;
}

describe("any time line", () => {
  it("the segments on the path: add up to the latency, to the nanosecond", () => {
    fc.assert(
      fc.property(fc.array(shootdown, { minLength: 1, maxLength: 5 }), (shootdowns) => {
        const path = new CriticalPath();
        path.begin(700);
        let nowNs = 700;
        for (const one of shootdowns) nowNs = play(path, nowNs, one);
        path.end(nowNs);
        expect(total(path)).toBe(nowNs - 700);
        expect(path.latency.sum).toBe(nowNs - 700);
      }),
      { numRuns: 200 },
    );
  });

  it("no slack is negative, and none is longer than the operation", () => {
    fc.assert(
      fc.property(shootdown, (one) => {
        const path = new CriticalPath();
        path.begin(0);
        const latencyNs = play(path, 0, one);
        path.end(latencyNs);
        for (const { slackSumNs, slackCount } of path.toData().segments) {
          expect(slackSumNs).toBeGreaterThanOrEqual(0);
          expect(slackSumNs).toBeLessThanOrEqual(slackCount * latencyNs);
        }
      }),
      { numRuns: 200 },
    );
  });
});
