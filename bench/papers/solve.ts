// Finds the value of a workload's parameter at which a baseline is what was published: by false
// position, as most metrics are close to straight lines of it, and by bisection where that stalls.

const MOST_STEPS = 24;

export interface Range {
  readonly low: number;
  readonly high: number;
}

/**
 * The whole number from `low` to `high` at which `measure`, which must be monotone, is nearest to
 * `target`, or as near as this part of it, or as so many steps come; an end of the range if the
 * target lies beyond it.
 */
export async function solve(
  measure: (value: number) => Promise<number>,
  target: number,
  { low, high }: Range,
  tolerance: number,
  mostSteps = MOST_STEPS,
): Promise<number> {
  let [from, to] = [low, high];
  let [fromError, toError] = [(await measure(low)) - target, (await measure(high)) - target];
  if (Math.sign(fromError) === Math.sign(toError)) {
    return Math.abs(fromError) <= Math.abs(toError) ? low : high;
  }
  let best = Math.abs(fromError) <= Math.abs(toError) ? low : high;
  let bestError = Math.min(Math.abs(fromError), Math.abs(toError));
  for (let step = 0; step < mostSteps && to - from > 1; step++) {
    if (bestError <= tolerance * Math.abs(target)) break;
    const straight = from + ((to - from) * fromError) / (fromError - toError);
    const next = step % 3 === 2 ? (from + to) / 2 : straight;
    const value = Math.min(to - 1, Math.max(from + 1, Math.round(next)));
    const error = (await measure(value)) - target;
    if (Math.abs(error) < bestError) [best, bestError] = [value, Math.abs(error)];
    if (Math.sign(error) === Math.sign(fromError)) [from, fromError] = [value, error];
    else [to, toError] = [value, error];
  }
  return best;
}
