// In which order runs take place: at random, so that what drifts on a host (its temperature, other
// programs) falls on all points alike and not on those that stand last; but points that differ only
// in their policy one after the other, as these are what a reader compares.

import { Random } from "../../engine/random.ts";
import type { Point } from "../../workers/point.ts";
import type { PlannedPoint } from "../experiments/expand.ts";

/** One run of one point. */
export interface Run {
  /** Which point, in the order of the results. */
  readonly place: number;
  readonly planned: PlannedPoint;
  /** From 1. */
  readonly repetition: number;
  /** From 0: the runs of a repetition, whose operations count as one sample. */
  readonly round: number;
  /** The point is run once more, to see what that changes (noise.ts), and for nothing else. */
  readonly isAgain: boolean;
}

/** No actor's: those have their numbers. Rounds go on from here. */
const ROUND_STREAM = 0x10000;
const AGAIN_STREAM = ROUND_STREAM - 1;

/** The point of a run, with the seed that only this run has. */
export function pointOf({ planned: { point }, repetition, round, isAgain }: Run): Point {
  const seed = point.seed + repetition - 1;
  if (round === 0 && !isAgain) return { ...point, seed };
  const stream = isAgain ? AGAIN_STREAM - round : ROUND_STREAM + round;
  return { ...point, seed: new Random(seed, stream).next() };
}

/** Runs in random order, those together that differ in nothing but their policy. */
export function inRandomOrder(runs: readonly Run[], random: Random): Run[] {
  const blocks = new Map<string, Run[]>();
  for (const run of runs) {
    const key = allButPolicy(run.planned);
    blocks.set(key, [...(blocks.get(key) ?? []), run]);
  }
  return shuffled([...blocks.values()], random).flatMap((block) => shuffled(block, random));
}

/** The items of both, `others` at random places. */
export function mixedIn<Item>(
  items: readonly Item[],
  others: readonly Item[],
  random: Random,
): Item[] {
  const mixed = [...items];
  for (const other of others) mixed.splice(random.below(mixed.length + 1), 0, other);
  return mixed;
}

/** All orders are equally likely (Fisher and Yates). */
export function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}

function allButPolicy({ experiment, workload, pages, point }: PlannedPoint): string {
  const { executor, profile, cores, iommus, devices, dilation } = point;
  const { initiators, idleCores, otherCores, maskedNs, arrivalNs, fixedArrivals } = point.workload;
  const sizes = [
    cores,
    iommus,
    devices,
    dilation,
    initiators,
    idleCores,
    otherCores,
    maskedNs,
    arrivalNs,
    fixedArrivals,
  ];
  return [experiment, workload, pages, executor, profile.name, ...sizes].join(" ");
}
