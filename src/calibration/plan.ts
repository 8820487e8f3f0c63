// What is measured, and how often.

import { type Cell, FIRST_FULL_PAGES } from "./cell.ts";

/** 33 and 34 lie on the two sides of Linux's limit for a full flush (arch/x86/mm/tlb.c). */
const PAGES = [1, 10, 33, 34, 100, 512];
const QUICK_PAGES = [1, 33, 34, 100];
/** A thread takes 8 MB and some 50 ms to start. */
const MOST_PEERS = 64;
/** Of a batch, however long each takes. */
const FEWEST_SAMPLES = 4;

/** Pages, and in how many calls they are taken away. */
export interface Work {
  readonly pages: number;
  readonly calls: number;
}

export interface Plan {
  readonly work: readonly Work[];
  /** Numbers of peers that spin, ascending. */
  readonly spinning: readonly number[];
  /** Rounds that count; each takes a batch of every cell. */
  readonly rounds: number;
  /** Rounds before, while code is still being compiled. */
  readonly warmupRounds: number;
  /** No round begins later. */
  readonly budgetMs: number;
  /** Samples of a batch whose calls are one each. */
  readonly batchSamples: number;
  /** Of each other time of the host. */
  readonly hostSamples: number;
  /** Fewer samples of a cell do not count. */
  readonly leastSamples: number;
}

/** For a host with so many CPUs, of which the initiator has one. */
export function planFor(cpus: number, isQuick: boolean): Plan {
  const pages = isQuick ? QUICK_PAGES : PAGES;
  const work = pages.flatMap((count) => [
    { pages: count, calls: 1 },
    ...(count > 1 ? [{ pages: count, calls: count }] : []),
  ]);
  const spinning = powersOfTwo(Math.min(cpus - 1, MOST_PEERS));
  return isQuick
    ? {
        work,
        spinning,
        rounds: 3,
        warmupRounds: 1,
        budgetMs: 4_000,
        batchSamples: 8,
        hostSamples: 20,
        leastSamples: 1,
      }
    : {
        work,
        spinning,
        rounds: 60,
        warmupRounds: 2,
        budgetMs: 60_000,
        batchSamples: 16,
        hostSamples: 300,
        leastSamples: 10,
      };
}

/** Those up to `most`: 1, 2, 4 … */
function powersOfTwo(most: number): number[] {
  const powers: number[] = [];
  for (let power = 1; power <= most; power *= 2) powers.push(power);
  return powers;
}

/** The cells of one kind of work: without a peer, with all of them asleep, with some spinning. */
export function cellsOf({ spinning }: Plan, { pages, calls }: Work): Cell[] {
  const most = Math.max(...spinning);
  return [
    { state: "none", peers: 0, pages, calls },
    { state: "asleep", peers: most, pages, calls },
    ...spinning.map((peers) => ({ state: "spinning", peers, pages, calls }) as const),
  ];
}

/**
 * Cells that are compared with each other: of the same work, and on the two sides of the limit for
 * a full flush.
 */
export function groupsOf(plan: Plan): Cell[][] {
  const groups = new Map<string, Cell[]>();
  for (const work of plan.work) {
    const { pages, calls } = work;
    const isFirstFull = pages === FIRST_FULL_PAGES && calls === 1;
    const key = isFirstFull ? `${pages - 1}/1` : `${pages}/${calls}`;
    groups.set(key, [...(groups.get(key) ?? []), ...cellsOf(plan, work)]);
  }
  return [...groups.values()];
}

/** Fewer where a sample has many calls, each of which takes as long as a whole sample of one. */
export function samplesPerBatch({ batchSamples }: Plan, { calls }: Work): number {
  return Math.max(FEWEST_SAMPLES, Math.ceil(batchSamples / Math.sqrt(calls)));
}
