// All kinds of plots, in the order in which a reader asks: how long, how it grows, where it goes,
// what it costs, and whether to believe it.

import type { Inputs } from "./inputs.ts";
import { Policies } from "./picture.ts";
import type { Chapter } from "./plot.ts";
import { batchSizeChapter, familiesOf } from "./plots/batch-size.ts";
import { criticalPathChapter } from "./plots/critical-path.ts";
import { distributionChapter } from "./plots/distribution.ts";
import { fidelityChapter } from "./plots/fidelity.ts";
import { overSizeChapters } from "./plots/over-sizes.ts";
import { paretoChapters } from "./plots/pareto.ts";
import { stressChapter } from "./plots/stress.ts";

/** Those that have something to show. */
export function chaptersOf(inputs: Inputs, policies: Policies): Chapter[] {
  return [
    distributionChapter(inputs, policies),
    ...overSizeChapters(inputs, policies),
    batchSizeChapter(inputs, policies),
    criticalPathChapter(inputs),
    ...paretoChapters(inputs, policies),
    fidelityChapter(inputs, policies),
    stressChapter(inputs),
  ].filter(({ plots }) => plots.length > 0);
}

/** Families that are drawn as one, such as `batch(n)`, come last and go by that name. */
export function policiesOf({ points, paths, ordeals }: Inputs): Policies {
  const names = [...points, ...paths, ...ordeals].map(({ key }) => key.policy);
  return new Policies([...names, ...familiesOf(points)]);
}
