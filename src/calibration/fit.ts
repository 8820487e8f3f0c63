// From measured cells to the steps of a machine.
//
// measured                             says
// without a peer, in one call          call + pages·(page + 2·invalidation), from 34 pages on
//                                      call + pages·page + 2·flush: so all four come apart
// without a peer, a call for each page the same call without what only the first one pays
// with one spinning peer, 1 and 34     what a send adds: send, delivery, entry and acknowledgement
// pages in one call                    together, as both sides flush at the same time
//
// Nothing else is fitted to, so that everything else can be predicted.

import { UsageError } from "../engine/errors.ts";
import { planOf } from "../engine/policy/plan.ts";
import { LINUX_X86 } from "../engine/policy/presets/linux.ts";
import { Random } from "../engine/random.ts";
import { type Cell, type CellTimes, type Estimate, SENDS_PER_CALL } from "./cell.ts";
import { DRAWS, draw, estimate } from "./estimates.ts";
import { type Equation, leastSquares } from "./least-squares.ts";

/** Above so many pages a call flushes everything. */
export const { fullAbovePages: CEILING_PAGES } = planOf(LINUX_X86);

/** Pages of the fitted cells with a peer: one invalidation, and the first full flush. */
const SPINNING_PAGES = [1, CEILING_PAGES + 1];

/**
 * With more pages than this each takes longer, as caches and the kernel's lists of free pages hold
 * no more of them: no constant cost says that.
 */
const MOST_PAGES = 128;

export const STEPS = ["first", "call", "page", "invalidation", "flush"] as const;
export type Step = (typeof STEPS)[number];

/** Which steps may come from elsewhere, those that cells tell least of first. */
const MAY_BE_KNOWN = ["flush", "invalidation", "page"] as const satisfies readonly Step[];
/** ns that hold where the cells do not say. */
export type KnownSteps = Readonly<Record<(typeof MAY_BE_KNOWN)[number], number>>;

/** What the cells say, in ns. Undefined: not to be told from nothing. */
export type Fit = Readonly<Record<Step, Estimate | undefined>> & {
  /** What one send adds where the peer spins. */
  readonly send: Estimate;
};

/** Whether a profile, and the null model, is fitted to the cell; others are to be predicted. */
export function isFitted({ state, peers, pages, calls }: Cell): boolean {
  if (state === "none") return pages <= MOST_PAGES;
  return state === "spinning" && peers === 1 && calls === 1 && SPINNING_PAGES.includes(pages);
}

/**
 * Steps that the cells do not tell apart, or that noise has hidden, are left open; what `known` has
 * is taken for them, since what the others take depends on that. Throws a UsageError if cells are
 * missing.
 */
export function fitCells(cells: readonly CellTimes[], known: KnownSteps, seed: number): Fit {
  const random = new Random(seed);
  const peerless = cells.filter(({ cell }) => cell.state === "none" && isFitted(cell));
  const steps = fitSteps(peerless, known, random);
  return { ...steps, send: fitSend(cells, random) };
}

function fitSteps(
  cells: readonly CellTimes[],
  known: KnownSteps,
  random: Random,
): Record<Step, Estimate | undefined> {
  const fixed = new Map<Step, number>();
  for (;;) {
    const found = solveSteps(cells, fixed, random);
    const hidden = MAY_BE_KNOWN.find((step) => !fixed.has(step) && isHidden(found?.[step]));
    if (hidden !== undefined) fixed.set(hidden, known[hidden]);
    else if (found === undefined) throw missingCells();
    else return found;
  }
}

/** Noise, or what cells are missing, may make nothing of it. */
function isHidden(step: Estimate | undefined): boolean {
  return step === undefined || step.lowNs <= 0;
}

/** The steps that are not fixed; undefined if the cells leave one of them open. */
function solveSteps(
  cells: readonly CellTimes[],
  fixed: ReadonlyMap<Step, number>,
  random: Random,
): Record<Step, Estimate | undefined> | undefined {
  const open = STEPS.filter((step) => !fixed.has(step));
  const solve = (nsOf: (times: CellTimes) => number): number[] | undefined => {
    return leastSquares(cells.map((times) => equation(times.cell, nsOf(times), open, fixed)));
  };
  const solved = solve(({ p50 }) => p50.ns);
  if (solved === undefined) return undefined;
  const draws = Array.from({ length: DRAWS }, () => solve(({ p50 }) => draw(p50, random)));
  const drawnOf = (step: Step) => draws.map((drawn) => drawn?.[open.indexOf(step)] ?? Number.NaN);
  const estimateOf = (step: Step): Estimate | undefined => {
    return fixed.has(step) ? undefined : estimate(solved[open.indexOf(step)], drawnOf(step));
  };
  return {
    first: estimateOf("first"),
    call: estimateOf("call"),
    page: estimateOf("page"),
    invalidation: estimateOf("invalidation"),
    flush: estimateOf("flush"),
  };
}

/** A cell without a peer in terms of the steps that are open. */
function equation(
  { pages, calls }: Cell,
  ns: number,
  open: readonly Step[],
  fixed: ReadonlyMap<Step, number>,
): Equation {
  const isFull = pages / calls > CEILING_PAGES;
  const times: Record<Step, number> = {
    first: 1,
    call: calls,
    page: pages,
    invalidation: isFull ? 0 : SENDS_PER_CALL * pages,
    flush: isFull ? SENDS_PER_CALL * calls : 0,
  };
  let value = ns;
  for (const [step, stepNs] of fixed) value -= times[step] * stepNs;
  // A cell of 5 µs says as much as one of 2 ms.
  return { columns: open.map((step) => times[step]), value, scale: ns };
}

function fitSend(cells: readonly CellTimes[], random: Random): Estimate {
  const excesses = cells
    .filter(({ cell }) => cell.state === "spinning" && isFitted(cell))
    .flatMap(({ excess }) => excess ?? []);
  if (excesses.length === 0) throw missingCells();
  // What is known twice as well counts four times.
  const weights = excesses.map(({ lowNs, highNs }) => {
    const width = Math.max(1, highNs - lowNs);
    return 1 / (width * width);
  });
  const whole = weights.reduce((sum, weight) => sum + weight, 0) * SENDS_PER_CALL;
  const mean = (values: readonly number[]): number => {
    return values.reduce((sum, ns, i) => sum + weights[i] * ns, 0) / whole;
  };
  const draws = Array.from({ length: DRAWS }, () => mean(excesses.map((e) => draw(e, random))));
  const send = estimate(mean(excesses.map(({ ns }) => ns)), draws);
  if (send.ns <= 0) {
    throw new UsageError(
      "a spinning peer adds nothing to a shootdown here: are there two CPUs, both free? " +
        "Calibrate again when the machine is idle",
    );
  }
  return send;
}

function missingCells(): UsageError {
  return new UsageError(
    "too few cells to fit a profile to: without a peer it takes 1, 33 and 34 pages in one call " +
      "and some in a call for each page, with one spinning peer 1 or 34 pages in one call",
  );
}
