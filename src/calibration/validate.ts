// A fitted profile put to the test: what is predicted with it beside what was measured.

import { VirtualPool } from "../workers/virtual-pool.ts";
import type { FinishedShootdown, TraceOperationsData } from "../workloads/traces/index.ts";
import type { CellTimes } from "./cell.ts";
import { modelCells } from "./cell-model.ts";
import type { FittedProfile } from "./fitted-profile.ts";
import { type Merits, meritsOf } from "./merit.ts";
import { type Prediction, predictions } from "./predictions.ts";
import { replayPoint, tellingsOf, tracePredictions } from "./trace-predictions.ts";
import { isComplete } from "./trace-profile.ts";

export interface Validation {
  readonly predictions: readonly Prediction[];
  /** Undefined where nothing was held out. */
  readonly merits: Merits | undefined;
}

/** Predicts cells that were measured. */
export async function validateCells(
  fitted: FittedProfile,
  measured: readonly CellTimes[],
  seed: number,
): Promise<Validation> {
  const pool = new VirtualPool(measured.length);
  try {
    const cells = measured.map(({ cell }) => cell);
    const model = await modelCells(cells, fitted, seed, pool);
    const predicted = predictions(measured, model, fitted.fit);
    return { predictions: predicted, merits: meritsOf(predicted) };
  } finally {
    await pool.close();
  }
}

export interface TraceValidation {
  readonly predictions: readonly Prediction[];
  /** Flush requests, IPIs and shootdowns that told somebody: replayed, and recorded. */
  readonly counts: TraceCounts;
}

export interface TraceCounts {
  readonly requests: number;
  readonly recordedRequests: number;
  readonly ipis: number;
  readonly recordedIpis: number;
  readonly tellings: number;
  /** Of which the trace has every segment. */
  readonly recordedTellings: number;
}

/** Predicts a trace: `shootdowns` are the recorded kernel's for the replayed process. */
export async function validateTrace(
  fitted: FittedProfile,
  operations: TraceOperationsData,
  shootdowns: readonly FinishedShootdown[],
  isFittedTo: boolean,
  seed: number,
): Promise<TraceValidation> {
  const pool = new VirtualPool(1);
  try {
    const result = await pool.run(replayPoint(operations, fitted, seed));
    return {
      predictions: tracePredictions(shootdowns, result, fitted, isFittedTo),
      counts: {
        requests: result.cores.requests,
        recordedRequests: shootdowns.length,
        ipis: result.cores.ipis,
        recordedIpis: shootdowns.reduce((sum, { targets }) => sum + targets, 0),
        tellings: tellingsOf(result),
        recordedTellings: shootdowns.filter(isComplete).length,
      },
    };
  } finally {
    await pool.close();
  }
}
