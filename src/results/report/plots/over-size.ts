// A number of each policy over one size of the machine or of the work: latency and throughput over
// cores, time a page over pages.

import { SUMMARY } from "../../tables.ts";
import { cell, fold, percent, significant } from "../format.ts";
import type { Inputs, ReportPoint } from "../inputs.ts";
import { amounts, inPanels, OWNER, type Policies, sizes } from "../picture.ts";
import type { Chapter, Plot } from "../plot.ts";
import {
  byScene,
  drawn,
  groupBy,
  leftOut,
  type PanelColumn,
  panelsOf,
  type Scene,
  sourcesOf,
} from "../scenes.ts";

export interface OverSize {
  readonly name: string;
  readonly title: string;
  readonly reading: string;
  readonly size: PanelColumn;
  /** What one and several of them are called. */
  readonly sizeNames: readonly [string, string];
  readonly measures: readonly Measure[];
}

/** The first one is drawn as lines that sentences are about, others as thin ones. */
export interface Measure {
  /** With its unit: `p50 (µs)`. */
  readonly title: string;
  /** For sentences: `median`. */
  readonly name: string;
  readonly unit: string;
  of(point: ReportPoint): number | undefined;
}

interface Sized {
  readonly key: ReportPoint["key"];
  readonly size: number;
  /** As `measures`; the first is there. */
  readonly values: readonly (number | undefined)[];
}

/** A policy of a panel, from its smallest to its largest size. */
interface Growth {
  readonly policy: string;
  readonly panel: string;
  readonly from: Sized;
  readonly to: Sized;
  readonly ratio: number;
}

const THIN = 0.6;
/** What changes by less, as a part of it, stays. */
const LEVEL = 0.02;

export function overSizeChapter(kind: OverSize, inputs: Inputs, policies: Policies): Chapter {
  const items = inputs.points.flatMap((point) => sizedOf(kind, point));
  const plots = [...byScene(items)].flatMap(([scene, own]) => {
    if (new Set(own.map(({ size }) => size)).size < 2) return [];
    return plotOf(kind, scene, own, inputs, policies);
  });
  return { name: kind.name, title: kind.title, reading: kind.reading, plots };
}

function sizedOf({ size: column, measures }: OverSize, point: ReportPoint): Sized[] {
  const size = Number(point.key[column] ?? "");
  const values = measures.map((measure) => measure.of(point));
  if (!(size > 0) || !(values[0]! > 0)) return [];
  return [{ key: point.key, size, values }];
}

function plotOf(
  kind: OverSize,
  scene: Scene,
  items: readonly Sized[],
  inputs: Inputs,
  policies: Policies,
): Plot[] {
  const panels = panelsOf(items, [kind.size]).filter(
    (panel) => new Set(panel.items.map(({ size }) => size)).size > 1,
  );
  if (panels.length === 0) return [];
  const present = new Set(panels.flatMap((panel) => panel.items.map(({ key }) => key.policy)));
  const values = drawn(panels).flatMap(({ title, items: own }) =>
    own.flatMap(({ key, size, values: all }) =>
      all.flatMap((value, i) => {
        if (value === undefined || value <= 0) return [];
        return { panel: title, policy: key.policy, size, value, measure: kind.measures[i].title };
      }),
    ),
  );
  const [first, ...others] = kind.measures;
  const x = {
    field: "size",
    type: "quantitative",
    title: kind.sizeNames[1],
    ...sizes(values.map(({ size }) => size)),
  };
  const y = {
    field: "value",
    type: "quantitative",
    title: first.title,
    ...amounts(values.map(({ value }) => value)),
  };
  const color = policies.colours(present);
  const main = { filter: { field: "measure", equal: first.title } };
  return [
    {
      scene,
      spec: inPanels(drawn(panels), values, {
        encoding: { x, y, color, description: OWNER },
        layer: [
          ...others.map(({ title }) => ({
            transform: [{ filter: { field: "measure", equal: title } }],
            mark: { type: "line", strokeWidth: 1, opacity: THIN, strokeDash: [3, 3] },
          })),
          {
            transform: [main],
            mark: { type: "line", strokeWidth: 2 },
            encoding: { strokeDash: policies.dashes(present) },
          },
          {
            transform: [main],
            mark: { type: "point", filled: true, size: 50, opacity: 1 },
            encoding: { shape: policies.shapes(present) },
          },
        ],
      }),
      sentence: sentenceOf(kind, growthsOf(panels)) + leftOut(panels.length),
      table: {
        caption: `${kind.title}: medians over repetitions`,
        columns: [
          { title: "machine", align: "left" },
          { title: "policy", align: "left" },
          { title: kind.sizeNames[1], align: "right" },
          ...kind.measures.map(({ title }) => ({ title, align: "right" }) as const),
        ],
        rows: panels.flatMap(({ name, items: own }) =>
          own.map(({ key, size, values: all }) => ({
            policy: key.policy,
            cells: [name, key.policy, `${size}`, ...all.map((value) => cell(value, digits))],
          })),
        ),
      },
      sources: sourcesOf(inputs.folders, new Set([scene.values.folder]), SUMMARY.file),
    },
  ];
}

function growthsOf(panels: readonly { title: string; items: readonly Sized[] }[]): Growth[] {
  return panels.flatMap(({ title, items }) =>
    groupBy(items, ({ key }) => key.policy).flatMap((own) => {
      const sorted = own.toSorted((a, b) => a.size - b.size);
      const [from, to] = [sorted[0], sorted.at(-1)!];
      if (from.size === to.size) return [];
      const ratio = to.values[0]! / from.values[0]!;
      return { policy: from.key.policy, panel: title, from, to, ratio };
    }),
  );
}

/** Whose number changes most with the size, and whose least; or most one way and the other. */
function sentenceOf({ measures, sizeNames }: OverSize, growths: readonly Growth[]): string {
  const sorted = growths.toSorted(
    (a, b) => Math.abs(Math.log(b.ratio)) - Math.abs(Math.log(a.ratio)),
  );
  const [{ name, unit }] = measures;
  const describe = (growth: Growth) => {
    const { policy, panel, from, to, ratio } = growth;
    const where = panel === "" ? "" : ` (${panel})`;
    const [first, last] = [from, to].map(({ values }) => significant(values[0]!));
    if (isLevel(growth)) return `${policy}${where} stays at ${last}${unit}`;
    const change = ratio >= 1 ? `grows ${fold(ratio)}` : `falls to 1/${significant(1 / ratio)}`;
    return `${policy}${where} ${change}, from ${first} to ${last}${unit}`;
  };
  const [most] = sorted;
  const least = sorted.at(-1)!;
  const sizes = `From ${most.from.size} to ${most.to.size} ${sizeNames[1]}`;
  if (isLevel(most)) return `${sizes} no ${name} changes by more than ${percent(LEVEL)}.`;
  const range = `${sizes} the ${name} of`;
  if (sorted.length === 1) return `${range} ${describe(most)}.`;
  const opposite = sorted.find((growth) => {
    return !isLevel(growth) && growth.ratio > 1 !== most.ratio > 1;
  });
  if (opposite !== undefined) {
    return `${range} ${describe(most)}, and that of ${describe(opposite)}: the most either way.`;
  }
  return `${range} ${describe(most)}, which is the most; that of ${describe(least)}.`;
}

function isLevel({ ratio }: Growth): boolean {
  return Math.abs(Math.log(ratio)) < LEVEL;
}

function digits(value: number): string {
  return `${Number(value.toPrecision(5))}`;
}
