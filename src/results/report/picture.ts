// Parts of specifications that several plots have in common.

import type { Size } from "./labels.ts";
import type { Spec } from "./plot.ts";
import { type Keyed, PANELS_IN_A_ROW, type Panel } from "./scenes.ts";
import { dashOf, policyColour, SHAPES } from "./theme.ts";

/** By name: what stands for it instead, or for what is no policy. */
type Own = ReadonlyMap<string, string>;
const NONE: Own = new Map();

/** All policies of a report, in an order that is the same in every plot. */
export class Policies {
  readonly names: readonly string[];

  constructor(names: Iterable<string>) {
    this.names = [...new Set(names)];
  }

  place(policy: string): number {
    return this.names.indexOf(policy);
  }

  /** Of those that a plot has: what their names stand for, to be shown in a legend. */
  scale(present: ReadonlySet<string>, range: (place: number) => unknown, own = NONE): Spec {
    const policies = this.names.filter((name) => present.has(name));
    const domain = [...new Set([...policies, ...own.keys()])];
    return { domain, range: domain.map((name) => own.get(name) ?? range(this.place(name))) };
  }

  colours(present: ReadonlySet<string>, own = NONE): Spec {
    const scale = this.scale(present, policyColour, own);
    return { field: "policy", type: "nominal", scale, legend: LEGEND };
  }

  shapes(present: ReadonlySet<string>, own = NONE): Spec {
    const scale = this.scale(present, (place) => SHAPES[place % SHAPES.length], own);
    return { field: "policy", type: "nominal", scale, legend: LEGEND };
  }

  dashes(present: ReadonlySet<string>): Spec {
    return { field: "policy", type: "nominal", scale: this.scale(present, dashOf), legend: LEGEND };
  }
}

const LEGEND = {
  title: null,
  orient: "bottom",
  columns: 5,
  symbolStrokeWidth: 2,
  symbolOpacity: 1,
};
const PANEL: Size = { width: 250, height: 190 };
/** A picture of a single panel has more room. */
const SINGLE: Size = { width: 620, height: 300 };

/** What each of so many panels has. */
export function sizeOfEach(panels: number): Size {
  return panels === 1 ? SINGLE : PANEL;
}

/** Small multiples; `values` name their panel. */
export function inPanels(
  panels: readonly Panel<Keyed>[],
  values: readonly object[],
  spec: Spec,
  resolve: Spec = {},
): Spec {
  const data = { values };
  const size = sizeOfEach(panels.length);
  if (panels.length === 1) return { data, ...size, ...spec };
  return {
    data,
    facet: { field: "panel", type: "nominal", sort: panels.map(({ title }) => title) },
    // Four look better as two rows of two.
    columns: panels.length === 4 ? 2 : PANELS_IN_A_ROW,
    spec: { ...size, ...spec },
    // Else the axis of a short last row stands below nothing.
    resolve: { axis: { x: "independent" }, ...resolve },
  };
}

/** Marks carry the policy that they belong to, so that a page can hide them. */
export const OWNER = { field: "policy", type: "nominal" } as const;

/** Logarithmic, with the numbers that occur as ticks where these are few. */
export function sizes(values: readonly number[]): Spec {
  const ticks = [...new Set(values)].sort((a, b) => a - b);
  return {
    scale: { type: "log", base: 2, nice: false },
    axis: ticks.length <= 12 ? { values: ticks, format: "d", grid: true } : { format: "d" },
  };
}

/** Values are far apart if the largest is so many times the least. */
const WIDE = 8;
/** Between marks and the frame, in pixels. */
const PADDING = 20;
const LABEL = "datum.value >= 1000 ? format(datum.value, '~s') : format(datum.value, '~r')";

/** Logarithmic where values are far apart. Its ticks are plain numbers. */
export function amounts(values: readonly number[]): Spec {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  if (least > 0 && most / least > WIDE) {
    return {
      scale: { type: "log", nice: false, padding: PADDING },
      axis: { values: decades(least, most), labelExpr: LABEL },
    };
  }
  return {
    scale: { zero: false, nice: false, padding: PADDING },
    axis: { tickCount: 5, labelExpr: LABEL },
  };
}

/** As `amounts`, with a place for 0. */
export function fromNothing(values: readonly number[]): Spec {
  const positive = values.filter((value) => value > 0);
  const [least, most] = [Math.min(...positive), Math.max(...positive)];
  if (positive.length === 0 || most / least <= WIDE) {
    return {
      scale: { zero: true, nice: false, padding: PADDING },
      axis: { tickCount: 5, labelExpr: LABEL },
    };
  }
  return {
    scale: { type: "symlog", constant: least, nice: false, padding: PADDING },
    axis: { values: [0, ...decades(least, most)], labelExpr: LABEL },
  };
}

/** How scales bend numbers; `symlog` from where it goes on from 0 as if it were linear. */
const BENDS = {
  linear: (value: number) => value,
  log: Math.log,
  symlog: (value: number, constant: number) => Math.log1p(value / constant),
} as const;

interface ScaleOf {
  readonly type?: keyof typeof BENDS;
  readonly zero?: boolean;
  readonly constant?: number;
}

/** Where a value is on the axis that `amounts` or `fromNothing` makes of `values`, in pixels. */
export function placeOn(axis: Spec, values: readonly number[], px: number) {
  const { type = "linear", zero = type === "symlog", constant = 1 } = axis.scale as ScaleOf;
  const bent = (value: number) => BENDS[type](value, constant);
  const from = bent(zero ? 0 : Math.min(...values));
  const length = bent(Math.max(...values)) - from;
  return (value: number): number => {
    const part = length === 0 ? 1 / 2 : (bent(value) - from) / length;
    return PADDING + part * (px - 2 * PADDING);
  };
}

/** Powers of ten from below the least to above the most, with 2 and 5 where these are few. */
function decades(least: number, most: number): number[] {
  const first = Math.floor(Math.log10(least));
  const last = Math.ceil(Math.log10(most));
  const within = last - first <= 2 ? [1, 2, 5] : [1];
  const ticks: number[] = [];
  for (let power = first; power <= last; power++) {
    for (const factor of within) ticks.push(Number(`${factor}e${power}`));
  }
  return ticks.filter((tick) => tick >= least / 2 && tick <= most * 2);
}
