// The order in which cells are measured. A round takes a batch of every cell; those that are
// compared with each other follow each other directly, in an order drawn anew each time, so that
// what drifts on this host (its clock rate, its other programs) is the same for all of them.

import type { Random } from "../engine/random.ts";
import type { Sample } from "../workers/calibration/requests.ts";
import { type Cell, cellName } from "./cell.ts";
import type { Initiator } from "./initiator-process.ts";
import { cellsOf, groupsOf, type Plan, samplesPerBatch } from "./plan.ts";

/** Who takes pages away: in a process without other threads that run, and in one with peers. */
export interface Initiators {
  readonly alone: Initiator;
  readonly crowd: Initiator;
}

/** All batches of one cell, by round. */
export interface CellRounds {
  readonly cell: Cell;
  readonly rounds: readonly (readonly Sample[])[];
}

/** What is known while it lasts. */
export interface Standing {
  readonly rounds: number;
  readonly plannedRounds: number;
  readonly samples: number;
  readonly dropped: number;
}

export interface Circumstances {
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Milliseconds since some time. */
  readonly nowMs: () => number;
  /** Between two groups of cells, while nothing is being timed. */
  readonly onStanding: (standing: Standing) => void;
}

/** The cells in the plan's order. Ends early, with what is done, when the signal fires. */
export async function measureCells(
  plan: Plan,
  initiators: Initiators,
  circumstances: Circumstances,
): Promise<CellRounds[]> {
  const { random, signal, nowMs, onStanding } = circumstances;
  const rounds = new Map<string, Sample[][]>();
  const endMs = nowMs() + plan.budgetMs;
  const standing = { rounds: 0, plannedRounds: plan.rounds, samples: 0, dropped: 0 };
  const isOver = () => signal.aborted || nowMs() >= endMs;
  for (let round = -plan.warmupRounds; round < plan.rounds && !isOver(); round++) {
    for (const group of random.shuffled(groupsOf(plan))) {
      if (isOver()) break;
      for (const cell of random.shuffled(group)) {
        const batch = await takeBatch(plan, initiators, cell);
        if (round < 0) continue;
        const name = cellName(cell);
        if (!rounds.has(name)) rounds.set(name, []);
        rounds.get(name)![round] = [...batch];
        standing.samples += batch.length;
        standing.dropped += batch.filter(({ verdict }) => verdict !== "kept").length;
      }
      onStanding({ ...standing });
    }
    if (round >= 0) standing.rounds++;
  }
  return plan.work
    .flatMap((work) => cellsOf(plan, work))
    .map((cell) => ({ cell, rounds: rounds.get(cellName(cell)) ?? [] }));
}

function takeBatch(
  plan: Plan,
  { alone, crowd }: Initiators,
  { state, peers, pages, calls }: Cell,
): Promise<readonly Sample[]> {
  const initiator = state === "none" ? alone : crowd;
  const spinning = state === "spinning" ? peers : 0;
  const samples = samplesPerBatch(plan, { pages, calls });
  return initiator.batch({ pages, calls, spinning, samples });
}
