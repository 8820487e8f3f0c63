// What results say together: laws fitted to the medians of points that differ in one size only.
//
// over    model       median latency                      source of the law
// cores   linear      a + b·n                             each core is told and answers in turn
// cores   usl         a + b·(n − 1) + c·n·(n − 1)         universal scalability law: throughput is
//                                                         n / (1 + σ(n−1) + κn(n−1)) of one core's,
//                                                         so that latency is its inverse times n,
//                                                         with σ = b/a and κ = c/a (Gunther,
//                                                         Guerrilla Capacity Planning, 2007)
// pages   amortized   of one page: a + b/n                b is paid once for all pages

import type { FitRow } from "./columns/fits.ts";
import type { KeyRow } from "./columns/keys.ts";
import { type Coefficient, type Observation, regress, type Term } from "./regression.ts";
import { keyRow, type MeasuredPoint, rounded } from "./rows.ts";

/** Fewer sizes than this fit anything. */
const LEAST_SIZES = 4;

interface Model {
  readonly name: "linear" | "usl" | "amortized";
  readonly over: "cores" | "pages";
  readonly terms: readonly Term[];
  /** Where the curve turns; undefined if it does not. */
  readonly knee: (values: readonly number[]) => number | undefined;
}

const MODELS: readonly Model[] = [
  {
    name: "linear",
    over: "cores",
    terms: [() => 1, (n) => n],
    // From here on cores cost more than all else.
    knee: ([a, b]) => (a > 0 && b > 0 ? a / b : undefined),
  },
  {
    name: "usl",
    over: "cores",
    terms: [() => 1, (n) => n - 1, (n) => n * (n - 1)],
    // From here on more cores get less done in all.
    knee: ([a, b, c]) => (c > 0 && a > b ? Math.sqrt((a - b) / c) : undefined),
  },
  {
    name: "amortized",
    over: "pages",
    terms: [() => 1, (n) => 1 / n],
    // From here on gathering more saves less than half of what is left.
    knee: ([a, b]) => (a > 0 && b > 0 ? b / a : undefined),
  },
];

/** Points that differ in one size only. */
interface Series {
  readonly key: KeyRow;
  readonly dilation: number;
  readonly observations: Observation[];
}

interface Fit {
  readonly series: Series;
  readonly model: Model;
  readonly coefficients: readonly Coefficient[];
  readonly residuals: readonly number[];
}

/** A row for each series that is long enough, and each model that may describe it. */
export function fitRows(points: readonly MeasuredPoint[]): FitRow[] {
  return MODELS.flatMap((model) => {
    const fits = seriesOf(points, model).flatMap((series) => fitOf(series, model));
    return fits.map((fit) => rowOf(fit, referenceOf(fit, fits)));
  });
}

function seriesOf(points: readonly MeasuredPoint[], { over }: Model): Series[] {
  const found = new Map<string, Series>();
  for (const measured of points) {
    const key = keyRow(measured);
    const { dilation } = measured.point;
    const n = Number(key[over] ?? 0);
    const p50 = measured.result.latency.quantile(0.5) ?? 0;
    if (n === 0 || p50 === 0) continue;
    const name = JSON.stringify([othersOf(key, over), key.policy, dilation]);
    const series = found.get(name) ?? { key, dilation, observations: [] };
    series.observations.push({ x: n, y: over === "pages" ? p50 / n : p50 });
    found.set(name, series);
  }
  return [...found.values()].filter(({ observations }) => {
    return new Set(observations.map(({ x }) => x)).size >= LEAST_SIZES;
  });
}

/** All that a series has in common, and that it has in common with those of other policies. */
function othersOf(key: KeyRow, over: Model["over"]): unknown[] {
  const { experiment, executor, profile, workload } = key;
  const { idle_cores, other_cores, masked_every_ns, masked_ns, iommus, devices } = key;
  const other = over === "cores" ? key.pages : key.cores;
  const sizes = [idle_cores, other_cores, masked_every_ns, masked_ns, iommus, devices, other];
  return [experiment, executor, profile, workload, ...sizes, key.rate, key.arrivals];
}

/** A coefficient below 0 means nothing: its term is left out, and the rest is fitted again. */
function fitOf(series: Series, model: Model): Fit[] {
  let used = model.terms.map((_, i) => i);
  for (;;) {
    const { coefficients, residuals } = regress(
      series.observations,
      used.map((i) => model.terms[i]),
    );
    const worst = coefficients.reduce((least, { value }, i) => {
      return value < 0 && value < (coefficients[least]?.value ?? 0) ? i : least;
    }, -1);
    if (worst < 0 || used.length === 1) {
      const all = model.terms.map((_, i) => coefficients[used.indexOf(i)] ?? ABSENT);
      return [{ series, model, coefficients: all, residuals }];
    }
    used = used.filter((_, i) => i !== worst);
  }
}

const ABSENT: Coefficient = { value: 0, low: 0, high: 0 };

/** What a fit is compared with: `strict` in the same place, or else the first policy there. */
function referenceOf(fit: Fit, fits: readonly Fit[]): Fit | undefined {
  const place = placeOf(fit);
  const there = fits.filter((other) => placeOf(other) === place);
  const reference = there.find(({ series }) => series.key.policy === "strict") ?? there[0];
  return reference === fit ? undefined : reference;
}

function placeOf({ series, model }: Fit): string {
  return JSON.stringify([othersOf(series.key, model.over), series.dilation]);
}

function rowOf(fit: Fit, reference: Fit | undefined): FitRow {
  const { series, model, coefficients, residuals } = fit;
  const { key, dilation, observations } = series;
  const [a, b, c] = coefficients;
  const isUsl = model.name === "usl";
  const squares = residuals.reduce((sum, residual) => sum + residual * residual, 0);
  return {
    ...key,
    [model.over]: undefined,
    ...(model.over === "cores" && { responders: undefined }),
    dilation,
    over: model.over,
    model: model.name,
    sizes: new Set(observations.map(({ x }) => x)).size,
    a_ns: rounded(a.value),
    a_ns_low: rounded(a.low),
    a_ns_high: rounded(a.high),
    b_ns: rounded(b.value),
    b_ns_low: rounded(b.low),
    b_ns_high: rounded(b.high),
    c_ns: isUsl ? fine(c.value) : undefined,
    c_ns_low: isUsl ? fine(c.low) : undefined,
    c_ns_high: isUsl ? fine(c.high) : undefined,
    residual_rms: fine(Math.sqrt(squares / residuals.length)),
    residual_max: fine(Math.max(...residuals.map(Math.abs))),
    knee: rounded(model.knee(coefficients.map(({ value }) => value))),
    break_even: reference && breakEven(fit, reference),
    break_even_with: reference && String(reference.series.key.policy),
  };
}

/** The size from which on this one costs less, if the laws hold; undefined if it never does. */
function breakEven({ model, coefficients }: Fit, reference: Fit): number | undefined {
  if (model.name === "usl") return undefined; // Two of these may cross twice.
  const [a, b] = coefficients.map(({ value }, i) => value - reference.coefficients[i].value);
  // linear: a + b·n < 0; amortized: a + b/n < 0.
  const [forever, once] = model.name === "linear" ? [b, a] : [a, b];
  if (forever > 0 || (forever === 0 && once >= 0)) return undefined;
  return forever === 0 ? 1 : rounded(Math.max(1, -once / forever));
}

/** For what is small: to six decimals. */
function fine(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
