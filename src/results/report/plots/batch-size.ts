// What a page costs by how many of them a policy gathers before it flushes, beside policies that
// gather none: how much there is to gain, from which size on, and where it ends.

import type { When } from "../../../engine/policy/policy.ts";
import { parseWhen } from "../../../engine/policy/words.ts";
import { type BatchSize, batchSizeOf, pageCostNs } from "../../batch-size.ts";
import { FITS, SUMMARY } from "../../tables.ts";
import { cell, significant } from "../format.ts";
import {
  type BatchLaw,
  type Inputs,
  type KeyedRow,
  medianOver,
  type ReportPoint,
} from "../inputs.ts";
import { amounts, inPanels, OWNER, type Policies, sizes } from "../picture.ts";
import type { Chapter, Plot, Spec } from "../plot.ts";
import { byScene, drawn, leftOut, type Panel, panelsOf, type Scene, sourcesOf } from "../scenes.ts";
import { MUTED } from "../theme.ts";

/** What a page costs, in ns. */
interface Cost {
  readonly key: KeyedRow;
  /** `batch(n)`; of a policy that gathers none, its name. */
  readonly family: string;
  /** How many it gathers; undefined where that is none. */
  readonly n: number | undefined;
  readonly ns: number;
}

/** All that a panel shows. */
interface BatchPanel {
  readonly title: string;
  readonly name: string;
  readonly families: readonly Cost[];
  readonly levels: readonly Cost[];
  readonly laws: readonly BatchLaw[];
}

/** Where a law comes below a level. */
interface Crossing {
  readonly family: string;
  readonly level: string;
  readonly n: number;
  readonly ns: number;
}

/** What is drawn at one place; lines have several. */
interface Mark {
  readonly panel: string;
  readonly what: "point" | "level" | "law" | "crossing";
  readonly policy: string;
  readonly n: number;
  readonly us: number;
  /** Which law, of a policy that has several. */
  readonly part: number;
}

/** A law is drawn with so many lines. */
const STEPS = 40;
/** A law that only just comes below a level where it begins has always been there. */
const BEYOND = 1.02;
/** What a ring is, in the legend. */
const CHEAPER = "from here on less than dashed";
/**
 * Marks that are outlines alone, as legends fill what they can: two dashes for a dashed line, and a
 * ring, which goes there and back.
 */
const DASHES = "M-1.2,0H-.35M.35,0H1.2";
const RING = "M-1,0A1,1,0,1,1,1,0A1,1,0,1,1,-1,0A1,1,0,1,0,1,0A1,1,0,1,0,-1,0Z";
const COLUMNS = ["machine", "policy", "pages gathered", "µs a page", "law µs", "less than"];

/** Names of families with more than one size. */
export function familiesOf(points: readonly ReportPoint[]): string[] {
  const numbers = new Map<string, Set<number>>();
  for (const { key } of points) {
    const size = sizeOf(key);
    if (size === undefined) continue;
    numbers.set(size.family, (numbers.get(size.family) ?? new Set()).add(size.n));
  }
  return [...numbers].filter(([, own]) => own.size > 1).map(([family]) => family);
}

export function batchSizeChapter(inputs: Inputs, policies: Policies): Chapter {
  const families = new Set(familiesOf(inputs.points));
  const costs = inputs.points.flatMap((point) => costOf(point, families));
  const plots = families.size === 0 ? [] : [...byScene([...costs, ...inputs.laws])];
  return {
    name: "batch-size",
    title: "Cost over what a policy gathers",
    reading:
      "What a page costs on average, flushes that come later included, by how many pages the " +
      "policy gathers. Lines are the law a + b / n that was fitted: b is what n pages share. " +
      "Dashed: policies that gather none; a ring where a law comes below one of them.",
    plots: plots.flatMap(([scene, own]) => plotOf(scene, own, inputs, policies)),
  };
}

function costOf(point: ReportPoint, families: ReadonlySet<string>): Cost[] {
  const { key } = point;
  const meanNs = medianOver(point, "latency_ns_mean");
  const pages = Number(key.pages ?? "");
  if (meanNs === undefined || !(pages > 0)) return [];
  const ns = pageCostNs(meanNs, medianOver(point, "background_ns_per_op") ?? 0, pages);
  const size = sizeOf(key);
  if (size === undefined) return [{ key, family: key.policy, n: undefined, ns }];
  return families.has(size.family) ? [{ key, family: size.family, n: size.n, ns }] : [];
}

function sizeOf({ policy, when_cores, when_iommu }: KeyedRow): BatchSize | undefined {
  const [whenCores, whenIommu] = [whenOf(when_cores), whenOf(when_iommu)];
  return batchSizeOf({ name: policy, whenCores, whenIommu });
}

/** A real kernel's cells are empty: what it gathers is not known. */
function whenOf(cell = ""): When {
  return cell === "" ? { kind: "each" } : parseWhen(cell);
}

function plotOf(
  scene: Scene,
  items: readonly (Cost | BatchLaw)[],
  inputs: Inputs,
  policies: Policies,
): Plot[] {
  const panels = panelsOf(items)
    .map(batchPanelOf)
    .filter(({ families }) => new Set(families.map(({ n }) => n)).size > 1);
  if (panels.length === 0) return [];
  const crossings = panels.map(crossingsOf);
  return [
    {
      scene,
      spec: specOf(drawn(panels), policies),
      sentence: sentenceOf(panels.at(-1)!, crossings.at(-1)!) + leftOut(panels.length),
      table: {
        caption: "What a page costs, by how many the policy gathers",
        columns: COLUMNS.map((title, i) => {
          return { title, align: i >= 2 && i <= 4 ? "right" : "left" };
        }),
        rows: panels.flatMap(rowsOf),
      },
      sources: [SUMMARY, ...(panels.some(({ laws }) => laws.length > 0) ? [FITS] : [])].flatMap(
        ({ file }) => sourcesOf(inputs.folders, new Set([scene.values.folder]), file),
      ),
    },
  ];
}

function batchPanelOf({ title, name, items }: Panel<Cost | BatchLaw>): BatchPanel {
  const costs = items.filter((item): item is Cost => "ns" in item);
  return {
    title,
    name,
    families: costs.filter(({ n }) => n !== undefined),
    levels: costs.filter(({ n }) => n === undefined),
    laws: items.filter((item): item is BatchLaw => "fromN" in item),
  };
}

function specOf(panels: readonly BatchPanel[], policies: Policies): Spec {
  const values = panels.flatMap((panel) => marksOf(panel));
  const spec = { encoding: axesOf(values), layer: layersOf(values, policies) };
  const keyed = panels.map((panel) => ({ ...panel, items: panel.families }));
  return inPanels(keyed, values, spec);
}

function axesOf(values: readonly Mark[]): Spec {
  const points = values.filter(({ what }) => what !== "law");
  return {
    x: {
      field: "n",
      type: "quantitative",
      title: "pages gathered, n",
      ...sizes(points.filter(({ what }) => what === "point").map(({ n }) => n)),
    },
    y: {
      field: "us",
      type: "quantitative",
      title: "time per page (µs)",
      ...amounts(points.map(({ us }) => us)),
    },
    description: OWNER,
  };
}

/** The first lies below the others. */
function layersOf(values: readonly Mark[], policies: Policies): Spec[] {
  const only = (what: Mark["what"]) => [{ filter: { field: "what", equal: what } }];
  const present = new Set(values.map(({ policy }) => policy));
  const dashed = values.filter(({ what }) => what === "level").map(({ policy }) => policy);
  const rings = values.some(({ what }) => what === "crossing") ? [CHEAPER] : [];
  const as = (mark: string) => (name: string) => [name, mark] as const;
  const color = policies.colours(present, new Map(rings.map(as(MUTED))));
  const shapes = [...dashed.map(as(DASHES)), ...rings.map(as(RING))];
  const shape = policies.shapes(present, new Map(shapes));
  return [
    {
      transform: only("level"),
      mark: { type: "line", strokeWidth: 1.5, strokeDash: [5, 3] },
      encoding: { color },
    },
    {
      transform: only("law"),
      mark: { type: "line", strokeWidth: 1.5 },
      encoding: { color, detail: { field: "part", type: "nominal" } },
    },
    {
      transform: only("point"),
      mark: { type: "point", filled: true, size: 50, opacity: 1 },
      encoding: { color, shape },
    },
    {
      transform: only("crossing"),
      mark: { type: "point", filled: true, size: 110, opacity: 1, stroke: MUTED, strokeWidth: 1.5 },
      encoding: { color: { datum: CHEAPER }, shape: { datum: CHEAPER } },
    },
  ];
}

function marksOf(panel: BatchPanel): Mark[] {
  const { title, families, levels, laws } = panel;
  const all = families.map(({ n }) => n!);
  const ends = [Math.min(...all), Math.max(...all)];
  const mark = (what: Mark["what"], policy: string, n: number, ns: number, part = 0): Mark => {
    return { panel: title, what, policy, n, us: ns / 1000, part };
  };
  return [
    ...families.map(({ family, n, ns }) => mark("point", family, n!, ns)),
    ...levels.flatMap(({ family, ns }) => ends.map((n) => mark("level", family, n, ns))),
    ...laws.flatMap((law, part) => {
      return placesOf(law).map((n) => mark("law", law.key.policy, n, costAt(law, n), part));
    }),
    ...crossingsOf(panel).map(({ family, n, ns }) => mark("crossing", family, n, ns)),
  ];
}

/** Evenly on a logarithmic axis. */
function placesOf({ fromN, toN }: BatchLaw): number[] {
  const ratio = toN / fromN;
  return Array.from({ length: STEPS + 1 }, (_, i) => fromN * ratio ** (i / STEPS));
}

function costAt({ aNs, bNs }: BatchLaw, n: number): number {
  return aNs + bNs / n;
}

/** Those within the sizes that a law was fitted to. */
function crossingsOf({ levels, laws }: BatchPanel): Crossing[] {
  return laws.flatMap((law) =>
    levels.flatMap(({ family: level, ns }) => {
      const n = law.bNs / (ns - law.aNs);
      if (!(n > law.fromN * BEYOND && n <= law.toN)) return [];
      return { family: law.key.policy, level, n, ns };
    }),
  );
}

function rowsOf({ name, families, levels, laws }: BatchPanel) {
  return [
    ...levels.map(({ key, ns }) => ({
      policy: key.policy,
      cells: [name, key.policy, "", exactMicros(ns), "", ""],
    })),
    ...families.map(({ key, family, n, ns }) => {
      const law = laws.find(({ key: own, fromN, toN }) => {
        return own.policy === family && n! >= fromN && n! <= toN;
      });
      const beaten = levels.filter((level) => ns < level.ns).map((level) => level.family);
      return {
        policy: family,
        cells: [
          ...[name, key.policy, `${n}`, exactMicros(ns)],
          cell(law && costAt(law, n!), exactMicros),
          beaten.join(", "),
        ],
      };
    }),
  ];
}

/** The laws of the largest machine, and from when on they pay; without, what its sizes save. */
function sentenceOf({ title, families, laws }: BatchPanel, crossings: readonly Crossing[]): string {
  const where = title === "" ? "" : ` (${title})`;
  const cheapest = families.toSorted((a, b) => a.ns - b.ns)[0];
  const price = significant(cheapest.ns / 1000);
  const least = `${cheapest.key.policy} has the cheapest page, ${price} µs`;
  if (laws.length === 0) return `Of what gathers${where}, ${least}.`;
  const costs = laws.map(({ key, aNs, bNs, fromN, toN }) => {
    const law = `${significant(aNs / 1000)} + ${significant(bNs / 1000)} / n µs`;
    return `${law} under ${key.policy}, from ${fromN} to ${toN}`;
  });
  const pays = crossings.map(({ family, level, n }) => {
    return `${family} costs less than ${level} from ${significant(n)} on`;
  });
  return `A page costs ${costs.join("; ")}${where}. ${[...pays, least].join("; ")}.`;
}

/** For differences that three digits would hide. */
function exactMicros(ns: number): string {
  return (ns / 1000).toFixed(4);
}
