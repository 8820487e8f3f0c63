// How good predictions are: those of a profile beside what a host or a kernel measured, and virtual
// time beside threads.

import { medianSorted } from "simple-statistics";
import { STEP_PREFIX } from "../../columns/calibration.ts";
import { plural } from "../../plural.ts";
import { SUMMARY, VALIDATION } from "../../tables.ts";
import { cell, microsCell, percent } from "../format.ts";
import { type Inputs, medianOver, type Prediction, type ReportPoint } from "../inputs.ts";
import { amounts, fromNothing, inPanels, OWNER, type Policies } from "../picture.ts";
import type { Chapter, Plot, Spec } from "../plot.ts";
import { byScene, groupBy, panelsOf, type Scene, sourcesOf } from "../scenes.ts";
import { MUTED } from "../theme.ts";

/** A point that both executors ran. */
interface Pair {
  readonly key: ReportPoint["key"];
  readonly virtualNs: number;
  readonly threadsNs: number;
}

interface Guess {
  readonly by: string;
  readonly predictedUs: number;
  readonly measuredUs: number;
}

const PREDICTED = "predicted";
const FITTED = "fitted to it";
const STRAIGHT_LINE = "straight line";
const COLOURS = { [PREDICTED]: "@first", [FITTED]: "@second", [STRAIGHT_LINE]: MUTED };

/** What both executors' points have in common; dilation and operations may differ. */
const SAME_COLUMNS = [
  ...["folder", "profile", "workload", "policy", "cores", "idle_cores", "other_cores"],
  ...["masked_ns", "iommus", "devices", "pages", "rate", "arrivals"],
] as const;

export function fidelityChapter(inputs: Inputs, policies: Policies): Chapter {
  const ofProfiles = groupBy(inputs.predictions, ({ folder }) => folder);
  const pairs = [...byScene(pairsOf(inputs.points))];
  return {
    name: "fidelity",
    title: "Fidelity",
    reading:
      "What was predicted against what was measured; on the line both are the same. Above it " +
      "the measurement took longer.",
    plots: [
      ...ofProfiles.map((own) => ofPredictions(own, inputs, ofProfiles.length > 1)),
      ...pairs.map(([scene, own]) => ofExecutors(scene, own, inputs, policies)),
    ],
  };
}

function ofPredictions(
  predictions: readonly Prediction[],
  inputs: Inputs,
  hasOthers: boolean,
): Plot {
  const [{ folder }] = predictions;
  const guesses = predictions.flatMap(({ isFitted, predictedNs, nullNs, measuredNs }): Guess[] => {
    const measuredUs = measuredNs / 1000;
    const own = { by: isFitted ? FITTED : PREDICTED, predictedUs: predictedNs / 1000, measuredUs };
    if (nullNs === undefined) return [own];
    return [own, { by: STRAIGHT_LINE, predictedUs: nullNs / 1000, measuredUs }];
  });
  const present = Object.keys(COLOURS).filter((by) => guesses.some((guess) => guess.by === by));
  const scale = {
    domain: present,
    range: present.map((by) => COLOURS[by as keyof typeof COLOURS]),
  };
  const legend = { title: null, orient: "bottom" };
  return {
    scene: {
      values: { folder, executor: "", profile: "", workload: "" },
      title: hasOthers ? folder : "a profile beside what was measured",
    },
    spec: scatter(guesses, {
      color: { field: "by", type: "nominal", scale, legend },
      shape: {
        field: "by",
        type: "nominal",
        scale: { domain: present, range: ["circle", "square", "cross"].slice(0, present.length) },
        legend,
      },
    }),
    sentence: predictionSentence(predictions),
    table: {
      caption: "Predicted and measured times",
      columns: [
        { title: "cell", align: "left" },
        { title: "fitted", align: "left" },
        { title: "predicted µs", align: "right" },
        { title: "straight line µs", align: "right" },
        { title: "measured µs", align: "right" },
        { title: "error", align: "right" },
      ],
      rows: predictions.map(({ cell: name, isFitted, predictedNs, nullNs, measuredNs, error }) => ({
        policy: undefined,
        cells: [
          ...[name, isFitted ? "yes" : "no"],
          ...[predictedNs, nullNs, measuredNs].map(microsCell),
          cell(error, percent),
        ],
      })),
    },
    sources: sourcesOf(inputs.folders, new Set([folder]), VALIDATION.file),
  };
}

/** As validate counts: steps are no times of their own, and shown only. */
function predictionSentence(predictions: readonly Prediction[]): string {
  const times = predictions.filter(({ cell }) => !cell.startsWith(STEP_PREFIX));
  const open = times.filter(({ isFitted }) => !isFitted);
  const judged = open.length > 0 ? open : times;
  const own = judged.flatMap(({ error }) => error ?? []);
  const line = judged.flatMap(({ nullError }) => nullError ?? []);
  if (own.length === 0) return "Nothing that was measured is above 0, so that no error has a size.";
  const which =
    open.length > 0 ? "that the profile was not fitted to" : "that the profile was fitted to";
  const beside =
    line.length === 0 ? "" : `, and the straight line by ${percent(medianError(line))}`;
  return (
    `Of ${plural(own.length, "time")} ${which} it is off by ${percent(medianError(own))} at the ` +
    `median${beside}.`
  );
}

function ofExecutors(
  scene: Scene,
  pairs: readonly Pair[],
  inputs: Inputs,
  policies: Policies,
): Plot {
  const guesses = pairs.map(({ key, virtualNs, threadsNs }) => ({
    policy: key.policy,
    predictedUs: virtualNs / 1000,
    measuredUs: threadsNs / 1000,
  }));
  const present = new Set(pairs.map(({ key }) => key.policy));
  const errors = pairs.flatMap(({ virtualNs, threadsNs }) => errorOf(virtualNs, threadsNs) ?? []);
  const close = errors.filter((error) => Math.abs(error) <= CLOSE).length;
  const title = ["virtual time beside threads", scene.title].filter((part) => part !== "");
  return {
    scene: { ...scene, title: title.join(" · ") },
    spec: scatter(guesses, {
      color: policies.colours(present),
      shape: policies.shapes(present),
      description: OWNER,
    }),
    sentence:
      `Virtual time is within ${percent(CLOSE)} of threads in ${close} of ` +
      `${plural(pairs.length, "median")}; the median difference is ` +
      `${percent(medianError(errors))}.`,
    table: {
      caption: "Median latencies of points that both executors ran",
      columns: [
        { title: "machine", align: "left" },
        { title: "policy", align: "left" },
        { title: "virtual µs", align: "right" },
        { title: "threads µs", align: "right" },
        { title: "error", align: "right" },
      ],
      rows: panelsOf(pairs).flatMap(({ name, items }) =>
        items.map(({ key, virtualNs, threadsNs }) => ({
          policy: key.policy,
          cells: [
            ...[name, key.policy, microsCell(virtualNs), microsCell(threadsNs)],
            cell(errorOf(virtualNs, threadsNs), percent),
          ],
        })),
      ),
    },
    sources: sourcesOf(inputs.folders, new Set([scene.values.folder]), SUMMARY.file),
  };
}

/** What executors are held to. */
const CLOSE = 0.1;

function pairsOf(points: readonly ReportPoint[]): Pair[] {
  const groups = groupBy(points, ({ key }) => SAME_COLUMNS.map((name) => key[name]).join("\n"));
  return groups.flatMap((own) => {
    const [virtualNs, threadsNs] = ["virtual", "threads"].map((executor) => {
      const point = own.find(({ key }) => key.executor === executor);
      const isUsable = point !== undefined && point.rows[0].oversubscribed !== "true";
      return isUsable ? medianOver(point, "latency_ns_p50") : undefined;
    });
    if (virtualNs === undefined || threadsNs === undefined) return [];
    return [{ key: { ...own[0].key, executor: "" }, virtualNs, threadsNs }];
  });
}

function scatter(values: readonly Omit<Guess, "by">[], encoding: Spec): Spec {
  const all = values.flatMap(({ predictedUs, measuredUs }) => [predictedUs, measuredUs]);
  const ends = [Math.min(...all), Math.max(...all)];
  const scale = ends[0] > 0 ? amounts(all) : fromNothing(all);
  return inPanels([{ title: "", name: "", items: [] }], values, {
    layer: [
      {
        data: { values: ends.map((us) => ({ predictedUs: us, measuredUs: us })) },
        mark: { type: "line", color: MUTED, strokeWidth: 1 },
        encoding: axes(scale),
      },
      {
        mark: { type: "point", size: 60, strokeWidth: 1.5, opacity: 1 },
        encoding: { ...axes(scale), ...encoding },
      },
    ],
  });
}

function axes(scale: Spec): Spec {
  return {
    x: { field: "predictedUs", type: "quantitative", title: "predicted (µs)", ...scale },
    y: { field: "measuredUs", type: "quantitative", title: "measured (µs)", ...scale },
  };
}

function errorOf(predicted: number, measured: number): number | undefined {
  return measured > 0 ? (predicted - measured) / measured : undefined;
}

function medianError(errors: readonly number[]): number {
  if (errors.length === 0) return 0;
  return medianSorted(errors.map(Math.abs).sort((a, b) => a - b));
}
