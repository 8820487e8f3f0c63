// What was predicted beside what was measured: of each cell with peers, what these add; and the
// step that a full flush makes.

import { STEP_PREFIX } from "../results/columns/calibration.ts";
import { type Cell, type CellTimes, cellName, FIRST_FULL_PAGES } from "./cell.ts";
import type { ModelTimes } from "./cell-model.ts";
import { withoutPeers } from "./cell-model.ts";
import { isFitted } from "./fit.ts";
import type { FitRecord } from "./fitted-profile.ts";
import { lineExcessNs } from "./null-model.ts";

export interface Prediction {
  readonly name: string;
  /** Undefined for a step between two cells, and for what a trace shows. */
  readonly cell: Cell | undefined;
  /** Whether the profile was fitted to it, so that it says nothing of how good the profile is. */
  readonly fitted: boolean;
  readonly predictedNs: number;
  /** By the straight line; undefined where it says nothing. */
  readonly nullNs: number | undefined;
  readonly measuredNs: number;
  /** Predicted less measured, as a part of `scaleNs`; undefined where that is 0. */
  readonly error: number | undefined;
  readonly nullError: number | undefined;
}

export function predictions(
  measured: readonly CellTimes[],
  model: ModelTimes,
  fit: FitRecord,
): Prediction[] {
  return [...excesses(measured, model, fit), ...steps(measured, model, fit)];
}

/** What peers add to a cell. */
function excesses(
  measured: readonly CellTimes[],
  model: ModelTimes,
  { from, line }: FitRecord,
): Prediction[] {
  return measured.flatMap(({ cell, excess }) => {
    if (cell.state === "none" || excess === undefined) return [];
    const name = cellName(cell);
    const modelNs = model.get(name);
    const aloneNs = model.get(cellName(withoutPeers(cell)));
    if (modelNs === undefined || aloneNs === undefined) return [];
    return prediction(
      name,
      cell,
      from === "cells" && isFitted(cell),
      { predictedNs: modelNs - aloneNs, nullNs: lineExcessNs(line, cell), measuredNs: excess.ns },
      Math.abs(scaleNs(cell, excess.ns, measured)),
    );
  });
}

/**
 * What an error is a part of: of what was measured. A peer that sleeps adds next to nothing, of
 * which nothing could be a sensible part: there, of what one that spins adds.
 */
function scaleNs(cell: Cell, excessNs: number, measured: readonly CellTimes[]): number {
  if (cell.state === "spinning") return excessNs;
  const awake = measured.find(({ cell: { state, peers, pages, calls } }) => {
    return state === "spinning" && peers === 1 && pages === cell.pages && calls === cell.calls;
  });
  return awake?.excess?.ns ?? 0;
}

/** From the largest call that flushes page by page to the next, which flushes everything. */
function steps(
  measured: readonly CellTimes[],
  model: ModelTimes,
  { from, line }: FitRecord,
): Prediction[] {
  const [fewer, more] = [FIRST_FULL_PAGES - 1, FIRST_FULL_PAGES].map((pages) => {
    return measured.filter(({ cell }) => cell.pages === pages && cell.calls === 1);
  });
  return fewer.flatMap((below) => {
    const { state, peers } = below.cell;
    const above = more.find(({ cell }) => cell.state === state && cell.peers === peers);
    const belowNs = model.get(cellName(below.cell));
    const aboveNs = above && model.get(cellName(above.cell));
    if (above === undefined || belowNs === undefined || aboveNs === undefined) return [];
    const measuredNs = above.step?.ns ?? above.p50.ns - below.p50.ns;
    return prediction(
      `${STEP_PREFIX}${state === "none" ? state : `${state}-${peers}`}`,
      undefined,
      from === "cells" && isFitted(below.cell) && isFitted(above.cell),
      { predictedNs: aboveNs - belowNs, nullNs: line.perPageNs, measuredNs },
      Math.abs(measuredNs),
    );
  });
}

function prediction(
  name: string,
  cell: Cell | undefined,
  fitted: boolean,
  times: { readonly predictedNs: number; readonly nullNs: number; readonly measuredNs: number },
  scaleNs: number,
): Prediction {
  const errorOf = (ns: number) => (scaleNs > 0 ? (ns - times.measuredNs) / scaleNs : undefined);
  const { predictedNs, nullNs } = times;
  return { name, cell, fitted, ...times, error: errorOf(predictedNs), nullError: errorOf(nullNs) };
}
