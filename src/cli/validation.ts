// A validation as people read it: a row for each prediction, and in one line how good they are.

import { median } from "simple-statistics";
import type { Merit, Merits } from "../calibration/merit.ts";
import type { Prediction } from "../calibration/predictions.ts";
import type { TraceValidation } from "../calibration/validate.ts";
import { type Heading, renderTable } from "./render.ts";

const right = { align: "right" } as const;

const HEADINGS: readonly Heading[] = [
  { title: "cell", align: "left" },
  { title: "", align: "left" },
  { title: "predicted µs", ...right },
  { title: "null µs", ...right },
  { title: "measured µs", ...right },
  { title: "error", ...right },
  { title: "null error", ...right },
];

export function validationTable(predictions: readonly Prediction[]): string {
  const rows = predictions.map((prediction) => {
    const { name, fitted, predictedNs, nullNs, measuredNs, error, nullError } = prediction;
    return [
      name,
      fitted ? "fitted" : "",
      micros(predictedNs),
      micros(nullNs),
      micros(measuredNs),
      signedPercent(error),
      signedPercent(nullError),
    ];
  });
  return renderTable(HEADINGS, rows);
}

/** The figures of merit, those of the null model in brackets. */
export function meritLine(merits: Merits | undefined): string {
  if (merits === undefined) return "no cell was held out: there is nothing to say of predictions";
  const { executor, line, executorSpinning, lineSpinning, orderings } = merits;
  const { count, measured, predicted } = orderings;
  return (
    `${executor.cells} cells held out: median error ${percent(executor.medianError)} ` +
    `(null model ${percent(line.medianError)}), worst ${percent(executor.worstError)} ` +
    `(${percent(line.worstError)}), within 25 % ${percent(executor.near)} ` +
    `(${percent(line.near)}), rank correlation ${correlation(executor)} (${correlation(line)}); ` +
    `of the ${executorSpinning.cells} with peers that spin: median error ` +
    `${percent(executorSpinning.medianError)} (${percent(lineSpinning.medianError)}); ` +
    `orderings of ${count}: ${measured} measured, ${predicted} predicted (${orderings.line})`
  );
}

/** The same of a trace. */
export function traceLine({ predictions, counts }: TraceValidation): string {
  const total = predictions.find(({ name }) => name === TOTAL);
  const segments = predictions.filter(({ name }) => name !== TOTAL);
  const errors = segments.flatMap(({ error }) => (error === undefined ? [] : [Math.abs(error)]));
  const { requests, recordedRequests, ipis, recordedIpis, tellings, recordedTellings } = counts;
  return (
    `time of ${recordedTellings} shootdowns that told somebody: ${signedPercent(total?.error)} ` +
    `(null model ${signedPercent(total?.nullError)}); segments: median error ` +
    `${percent(errors.length === 0 ? undefined : median(errors))}, worst ` +
    `${percent(errors.length === 0 ? undefined : Math.max(...errors))}; ` +
    `flush requests ${requests} (recorded ${recordedRequests}), IPIs ${ipis} (${recordedIpis}), ` +
    `shootdowns that told somebody ${tellings} (${recordedTellings})`
  );
}

const TOTAL = "total/telling";

function correlation({ rankCorrelation }: Merit): string {
  return rankCorrelation === undefined ? "none" : rankCorrelation.toFixed(2);
}

function micros(ns: number | undefined): string {
  return ns === undefined ? "" : (ns / 1000).toFixed(2);
}

function percent(part: number | undefined): string {
  return part === undefined || Number.isNaN(part) ? "unknown" : `${Math.round(100 * part)} %`;
}

function signedPercent(part: number | undefined): string {
  if (part === undefined) return "";
  const rounded = Math.round(100 * part);
  return `${rounded > 0 ? "+" : ""}${rounded} %`;
}
