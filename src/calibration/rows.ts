// What was measured as rows of calibration.csv, what was predicted as rows of validation.csv.

import type { CalibrationRow, ValidationRow } from "../results/columns/calibration.ts";
import { rounded } from "../results/rows.ts";
import { type CellTimes, cellName } from "./cell.ts";
import type { Prediction } from "./predictions.ts";

export function calibrationRow(times: CellTimes): CalibrationRow {
  const { cell, samples, dropped, p50, excess } = times;
  return {
    cell: cellName(cell),
    peers: cell.peers,
    state: cell.state,
    pages: cell.pages,
    calls: cell.calls,
    samples,
    dropped,
    ns_min: Math.round(times.minNs),
    ns_p50: Math.round(p50.ns),
    ns_p50_low: Math.round(p50.lowNs),
    ns_p50_high: Math.round(p50.highNs),
    ns_p90: Math.round(times.p90Ns),
    ns_p99: Math.round(times.p99Ns),
    excess_ns: excess && Math.round(excess.ns),
    excess_ns_low: excess && Math.round(excess.lowNs),
    excess_ns_high: excess && Math.round(excess.highNs),
  };
}

/** A prediction as a row of validation.csv. */
export function validationRow(prediction: Prediction): ValidationRow {
  const { name, fitted, predictedNs, nullNs, measuredNs, error, nullError } = prediction;
  return {
    cell: name,
    fitted,
    predicted_ns: Math.round(predictedNs),
    null_ns: nullNs === undefined ? undefined : Math.round(nullNs),
    measured_ns: Math.round(measuredNs),
    error: rounded(error),
    null_error: rounded(nullError),
  };
}
