// How long operations took: the whole distribution of each policy, with the tail drawn out.

import type { Distribution } from "../../compare/distribution.ts";
import { plural } from "../../plural.ts";
import { DISTRIBUTIONS } from "../../tables.ts";
import { cell, fold, micros, microsCell, percent } from "../format.ts";
import type { Inputs, ReportPoint } from "../inputs.ts";
import { amounts, inPanels, OWNER, type Policies } from "../picture.ts";
import type { Chapter, Plot, Spec } from "../plot.ts";
import { byScene, drawn, leftOut, type Panel, panelsOf, type Scene, sourcesOf } from "../scenes.ts";

type Distributed = ReportPoint & { readonly distribution: Distribution };

const PER_DECADE = 16;
/** What is worth a word: p99 over the median. */
const LONG_TAIL = 1.05;
const PERCENTILES = [0.5, 0.9, 0.99, 0.999];
/** Of how many operations the axis names the slowest one. */
const ONE_IN = [1, 2, 10, 100, 1000, 10_000, 100_000, 1_000_000];

export function distributionChapter(inputs: Inputs, policies: Policies): Chapter {
  const points = inputs.points.filter(
    (point): point is Distributed => point.distribution !== undefined,
  );
  return {
    name: "distribution",
    title: "Latency distribution",
    reading:
      "The part of the operations that took no longer than so many µs. The upper half of the " +
      "axis is the tail: each step is ten times rarer. Further left is better.",
    plots: [...byScene(points)].map(([scene, own]) => plotOf(scene, own, inputs, policies)),
  };
}

function plotOf(
  scene: Scene,
  points: readonly Distributed[],
  inputs: Inputs,
  policies: Policies,
): Plot {
  const panels = panelsOf(points);
  const shown = drawn(panels);
  const columns = ["min", "p50", "p90", "p99", "p99.9", "max"].map((title) => `${title} µs`);
  return {
    scene,
    spec: specOf(shown, policies),
    sentence: sentenceOf(panels) + leftOut(panels.length),
    table: {
      caption: "Latency of an operation: all repetitions of a point together",
      columns: [
        { title: "machine", align: "left" },
        { title: "policy", align: "left" },
        { title: "operations", align: "right" },
        ...columns.map((title) => ({ title, align: "right" }) as const),
      ],
      rows: panels.flatMap(({ name, items }) => items.map((item) => rowOf(name, item))),
    },
    sources: sourcesOf(inputs.folders, new Set([scene.values.folder]), DISTRIBUTIONS.file),
  };
}

function rowOf(panel: string, { key, distribution }: Distributed) {
  const { values, total } = distribution;
  const percentiles = PERCENTILES.map((part) => distribution.quantile(part));
  const times = [values[0], ...percentiles, values.at(-1)];
  return {
    policy: key.policy,
    cells: [panel, key.policy, cell(total), ...times.map(microsCell)],
  };
}

function specOf(panels: readonly Panel<Distributed>[], policies: Policies): Spec {
  const present = new Set(panels.flatMap(({ items }) => items.map(({ key }) => key.policy)));
  const values = panels.flatMap(({ title, items }) =>
    items.flatMap(({ key, distribution }) =>
      curveOf(distribution).map((place) => ({ panel: title, policy: key.policy, ...place })),
    ),
  );
  const most = Math.max(...values.map(({ oneIn }) => oneIn));
  return inPanels(panels, values, {
    mark: { type: "line", strokeWidth: 2 },
    encoding: {
      x: {
        field: "us",
        type: "quantitative",
        title: "latency (µs)",
        ...amounts(values.map(({ us }) => us)),
      },
      y: {
        field: "oneIn",
        type: "quantitative",
        title: "operations",
        scale: { type: "log", nice: false, domainMin: 1 },
        axis: {
          values: ONE_IN.filter((count) => count <= most),
          labelExpr: "datum.value == 1 ? '0 %' : format(100 - 100 / datum.value, '~g') + ' %'",
        },
      },
      color: policies.colours(present),
      strokeDash: policies.dashes(present),
      order: { field: "oneIn" },
      description: OWNER,
    },
  });
}

/** From the shortest operation (`oneIn` 1) to the longest (`oneIn` all), evenly on a log axis. */
function curveOf(distribution: Distribution): { us: number; oneIn: number }[] {
  const { total } = distribution;
  const steps = Math.max(1, Math.ceil(Math.log10(total) * PER_DECADE));
  const curve: { us: number; oneIn: number }[] = [];
  for (let i = 0; i <= steps; i++) {
    const oneIn = total ** (i / steps);
    const ns = distribution.quantile(1 - 1 / oneIn);
    curve.push({ us: Math.max(ns, 1) / 1000, oneIn: Number(oneIn.toPrecision(4)) });
  }
  return curve;
}

/** Who is fastest how often, and whose tail is longest. */
function sentenceOf(panels: readonly Panel<Distributed>[]): string {
  const wins = new Map<string, number>();
  for (const { items } of panels) {
    const fastest = items.toSorted((a, b) => medianOf(a) - medianOf(b))[0].key.policy;
    wins.set(fastest, (wins.get(fastest) ?? 0) + 1);
  }
  const [best, count] = [...wins].sort(([, a], [, b]) => b - a)[0];
  const all = panels.flatMap(({ title, items }) => items.map((item) => ({ title, item })));
  const worst = all.toSorted((a, b) => tailOf(b.item) - tailOf(a.item))[0];
  const where = worst.title === "" ? "" : ` at ${worst.title}`;
  const medians = all.map(({ item }) => medianOf(item)).sort((a, b) => a - b);
  const tail =
    tailOf(worst.item) < LONG_TAIL
      ? `no p99 is ${percent(LONG_TAIL - 1)} above its median`
      : `the longest tail is that of ${worst.item.key.policy}${where}, whose p99 is ` +
        `${micros(worst.item.distribution.quantile(0.99))}, ${fold(tailOf(worst.item))} its median`;
  return (
    `Medians go from ${micros(medians[0])} to ${micros(medians.at(-1)!)}; the lowest is that of ` +
    `${best}${panels.length === 1 ? "" : ` on ${count} of ${plural(panels.length, "machine")}`}, ` +
    `and ${tail}.`
  );
}

function medianOf({ distribution }: Distributed): number {
  return distribution.quantile(0.5);
}

function tailOf(point: Distributed): number {
  return point.distribution.quantile(0.99) / Math.max(1, medianOf(point));
}
