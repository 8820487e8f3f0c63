// From samples to what a cell takes. Samples of one round have their weather in common, so what is
// drawn again for an interval is whole rounds (a cluster bootstrap).

import { median, quantileSorted } from "simple-statistics";
import type { Random } from "../engine/random.ts";
import { type CellTimes, type Estimate, SENDS_PER_CALL } from "./cell.ts";
import type { CellRounds } from "./measure.ts";

const RESAMPLES = 400;
const LOWEST = 0.025;
const HIGHEST = 0.975;

/**
 * Undefined for a cell without samples. `base` is the same work without a peer, `below` the same
 * peers with one page less if that makes a step.
 */
export function cellTimes(
  { cell, rounds }: CellRounds,
  base: CellRounds,
  random: Random,
  below?: CellRounds,
): CellTimes | undefined {
  const kept = rounds.map(keptNs);
  const all = kept.flat().sort((a, b) => a - b);
  if (all.length === 0) return undefined;
  const taken = rounds.reduce((sum, samples) => sum + samples.length, 0);
  const over = (other: CellRounds) => difference(kept, other.rounds.map(keptNs), random);
  const step = below && over(below);
  return {
    cell,
    samples: all.length,
    dropped: taken - all.length,
    minNs: all[0],
    p50: estimate(kept.filter(isFilled), (drawn) => median(drawn.flat()), random),
    p90Ns: quantileSorted(all, 0.9),
    p99Ns: quantileSorted(all, 0.99),
    excess: cell.state === "none" ? undefined : over(base),
    ...(step && { step }),
  };
}

/** The median of single values, each of which stands for itself; undefined if there are none. */
export function medianOf(values: readonly number[], random: Random): Estimate | undefined {
  if (values.length === 0) return undefined;
  return estimate(values, (drawn) => median([...drawn]), random);
}

/** What a send took from each CPU that was told: one value a round of cells with spinning peers. */
export function stolenPerSend(cells: readonly CellRounds[], random: Random): Estimate | undefined {
  const spinning = cells.filter(({ cell }) => cell.state === "spinning");
  const values = spinning.flatMap(({ cell, rounds }) =>
    rounds.flatMap((samples) => {
      const kept = samples.filter(({ verdict }) => verdict === "kept");
      const stolenNs = kept.reduce((sum, sample) => sum + sample.stolenNs, 0);
      const answers = kept.length * cell.calls * SENDS_PER_CALL * cell.peers;
      return answers === 0 ? [] : [stolenNs / answers];
    }),
  );
  return medianOf(values, random);
}

/** Round by round: what drifts between rounds is in neither. */
function difference(
  rounds: readonly (readonly number[])[],
  base: readonly (readonly number[])[],
  random: Random,
): Estimate | undefined {
  const differences = rounds.flatMap((ns, round) => {
    const baseNs = base[round] ?? [];
    return isFilled(ns) && isFilled(baseNs) ? [median([...ns]) - median([...baseNs])] : [];
  });
  return medianOf(differences, random);
}

/** A statistic of `drawn`, and where it lies if these are drawn again and again, as many. */
function estimate<Item>(
  items: readonly Item[],
  statistic: (drawn: readonly Item[]) => number,
  random: Random,
): Estimate {
  const again = Array.from({ length: RESAMPLES }, () =>
    statistic(items.map(() => items[random.below(items.length)])),
  ).sort((a, b) => a - b);
  return {
    ns: statistic(items),
    lowNs: quantileSorted(again, LOWEST),
    highNs: quantileSorted(again, HIGHEST),
  };
}

function keptNs(samples: CellRounds["rounds"][number]): number[] {
  return samples.filter(({ verdict }) => verdict === "kept").map(({ ns }) => ns);
}

function isFilled(values: readonly number[]): boolean {
  return values.length > 0;
}
