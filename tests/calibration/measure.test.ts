import { describe, expect, it } from "vitest";
import { cellName } from "../../dist/src/calibration/cell.js";
import type { Initiator } from "../../dist/src/calibration/initiator-process.js";
import { measureCells } from "../../dist/src/calibration/measure.js";
import { cellsOf, groupsOf, type Plan, planFor } from "../../dist/src/calibration/plan.js";
import { Random } from "../../dist/src/engine/random.js";
import type { BatchRequest } from "../../dist/src/workers/calibration/requests.js";

type Asked = Omit<BatchRequest, "kind"> & { readonly who: string };

/** Two initiators that answer at once, and what they were asked, in order. */
function recording(onAsked: (asked: readonly Asked[]) => void = () => {}) {
  const asked: Asked[] = [];
  const initiator = (who: string): Initiator => ({
    async batch(request) {
      asked.push({ who, ...request });
      onAsked(asked);
      const sample = { ns: asked.length, verdict: "kept" as const, stolenNs: 0 };
      return Array.from({ length: request.samples }, () => sample);
    },
    async host() {
      return { clockNs: [], roundTripNs: [], wakeUpNs: [] };
    },
  });
  return { asked, initiators: { alone: initiator("alone"), crowd: initiator("crowd") } };
}

const circumstances = (signal = new AbortController().signal) => ({
  random: new Random(42),
  signal,
  nowMs: () => 0,
  onStanding: () => {},
});

/** Of one kind of work each, these groups: without 34 pages. */
const work = planFor(2, true).work.filter(({ pages }) => pages !== 34);
const PLAN: Plan = { ...planFor(2, true), work, rounds: 3, warmupRounds: 1 };
const CELLS = PLAN.work.flatMap((work) => cellsOf(PLAN, work));

describe("the plan", () => {
  it("on two CPUs: none, asleep and spinning with one peer, for every number of pages and calls", () => {
    const plan = planFor(2, false);
    const names = plan.work.flatMap((work) => cellsOf(plan, work)).map(cellName);
    expect(names).toHaveLength(33);
    expect(names.slice(0, 3)).toEqual([
      "none/1/one-call",
      "asleep-1/1/one-call",
      "spinning-1/1/one-call",
    ]);
    expect(new Set(names).size).toBe(33);
    for (const pages of [1, 10, 33, 34, 100, 512])
      expect(names).toContain(`none/${pages}/one-call`);
    expect(names).toContain("spinning-1/512/call-per-page");
  });

  it("on more: as many peers as the CPUs allow, doubling", () => {
    expect(planFor(9, false).spinning).toEqual([1, 2, 4, 8]);
    expect(planFor(8, false).spinning).toEqual([1, 2, 4]);
    const [work] = planFor(8, false).work;
    const asleep = cellsOf(planFor(8, false), work).filter(({ state }) => state === "asleep");
    expect(asleep.map(({ peers }) => peers)).toEqual([4]);
  });
});

describe("what is compared", () => {
  it("the same work with other peers; and 33 with 34 pages in one call, where full flushes begin", () => {
    const groups = groupsOf(planFor(2, false)).map((cells) => cells.map(cellName));
    expect(groups.flat()).toHaveLength(33);
    expect(groups.map(({ length }) => length).toSorted()).toEqual([3, 3, 3, 3, 3, 3, 3, 3, 3, 6]);
    expect(groups.find(({ length }) => length === 6)).toEqual([
      "none/33/one-call",
      "asleep-1/33/one-call",
      "spinning-1/33/one-call",
      "none/34/one-call",
      "asleep-1/34/one-call",
      "spinning-1/34/one-call",
    ]);
  });
});

describe("the order of measuring", () => {
  it("a round: a batch of every cell, those of a group directly after each other", async () => {
    const { asked, initiators } = recording();
    const measured = await measureCells(PLAN, initiators, circumstances());
    expect(measured.map(({ cell }) => cell)).toEqual(CELLS);
    expect(asked).toHaveLength(4 * CELLS.length);
    const works = asked.map(({ pages, calls }) => `${pages}/${calls}`);
    for (let at = 0; at < works.length; at += 3) {
      expect(new Set(works.slice(at, at + 3)).size).toBe(1);
    }
    for (let round = 0; round < 4; round++) {
      const part = works.slice(round * CELLS.length, (round + 1) * CELLS.length);
      expect(new Set(part).size).toBe(PLAN.work.length);
    }
  });

  it("without a peer: measured where there is none", async () => {
    const { asked, initiators } = recording();
    await measureCells(PLAN, initiators, circumstances());
    const alone = asked.filter(({ who }) => who === "alone");
    expect(alone).toHaveLength(asked.length / 3);
    expect(asked.filter(({ spinning }) => spinning === 1)).toHaveLength(asked.length / 3);
    expect(alone.every(({ spinning }) => spinning === 0)).toBe(true);
  });

  it("warm-up: measured, not kept", async () => {
    const { initiators } = recording();
    const measured = await measureCells(PLAN, initiators, circumstances());
    const all = measured.flatMap(({ rounds }) => rounds.flat().map(({ ns }) => ns));
    expect(Math.min(...all)).toBe(CELLS.length + 1);
    for (const { rounds } of measured) expect(rounds).toHaveLength(3);
  });

  it("the same seed: the same order; another: another", async () => {
    const orders = await Promise.all(
      [42, 42, 43].map(async (seed) => {
        const { asked, initiators } = recording();
        await measureCells(PLAN, initiators, { ...circumstances(), random: new Random(seed) });
        return JSON.stringify(asked);
      }),
    );
    expect(orders[1]).toBe(orders[0]);
    expect(orders[2]).not.toBe(orders[0]);
  });
});

describe("the end of measuring", () => {
  it("interrupted: what is done is kept, and nothing more is asked", async () => {
    const interrupt = new AbortController();
    const most = 2 * CELLS.length + 4;
    const { asked, initiators } = recording((all) => {
      if (all.length === most) interrupt.abort();
    });
    const measured = await measureCells(PLAN, initiators, circumstances(interrupt.signal));
    expect(asked).toHaveLength(2 * CELLS.length + 6); // To the end of that group.
    const batches = measured.flatMap(({ rounds }) => rounds).length;
    expect(batches).toBe(CELLS.length + 6);
  });

  it("out of time: the same", async () => {
    let nowMs = 0;
    const { asked, initiators } = recording(() => {
      nowMs += 100;
    });
    const plan = { ...PLAN, budgetMs: 1000 };
    await measureCells(plan, initiators, { ...circumstances(), nowMs: () => nowMs });
    expect(asked).toHaveLength(12);
  });

  it("progress: told between two groups, with what was dropped", async () => {
    const { initiators } = recording();
    const standings: number[] = [];
    await measureCells(PLAN, initiators, {
      ...circumstances(),
      onStanding: ({ rounds, dropped }) => standings.push(rounds + dropped),
    });
    expect(standings).toHaveLength(4 * PLAN.work.length);
    expect(standings.at(-1)).toBe(2);
  });
});
