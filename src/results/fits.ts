// What results say together: laws fitted to points that differ in one size only, or in how much
// their policy gathers.
//
// over    model       latency, as a median                source of the law
// cores   linear      a + b·n                             each core is told and answers in turn
// cores   usl         a + b·(n − 1) + c·n·(n − 1)         universal scalability law: throughput is
//                                                         n / (1 + σ(n−1) + κn(n−1)) of one core's,
//                                                         so that latency is its inverse times n,
//                                                         with σ = b/a and κ = c/a (Gunther,
//                                                         Guerrilla Capacity Planning, 2007)
// pages   amortized   of one page: a + b/n                b is paid once for all pages
// batch   amortized   of one page, on average and with    b is paid once for the n pages that a
//                     what comes later: a + b/n           policy gathers, as in batch(n)

import { mean } from "simple-statistics";
import { batchSizeOf, describeInFamily, outlastsOperations, pageCostNs } from "./batch-size.ts";
import type { FitRow } from "./columns/fits.ts";
import type { KeyRow } from "./columns/keys.ts";
import { type Coefficient, type Observation, regress, type Term } from "./regression.ts";
import { keyRow, type MeasuredPoint, rounded } from "./rows.ts";

/** Fewer sizes than this fit anything. */
const LEAST_SIZES = 4;
/** A law that is off by more, relative to a median, says nothing of where it crosses another. */
const LARGEST_RESIDUAL = 0.5;

type Size = "cores" | "pages" | "batch";

interface Model {
  readonly name: "linear" | "usl" | "amortized";
  readonly over: Size;
  readonly terms: readonly Term[];
  /** Where the curve turns; undefined if it does not. */
  readonly knee: (values: readonly number[]) => number | undefined;
}

const AMORTIZED = {
  name: "amortized",
  terms: [() => 1, (n: number) => 1 / n],
  // From here on gathering more saves less than half of what is left.
  knee: ([a, b]: readonly number[]) => (a > 0 && b > 0 ? b / a : undefined),
} as const;

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
  { ...AMORTIZED, over: "pages" },
  { ...AMORTIZED, over: "batch" },
];

/** Points that differ in one size, or in one number of their policy. */
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

/** What a fit is compared with: a law of the same model. */
interface Reference {
  readonly policy: string;
  readonly values: readonly number[];
}

/** A row for each series that is long enough, and each model that may describe it. */
export function fitRows(points: readonly MeasuredPoint[]): FitRow[] {
  return MODELS.flatMap((model) => {
    const fits = seriesOf(points, model).flatMap((series) => fitOf(series, model));
    return fits.map((fit) => {
      const isBatch = model.over === "batch";
      return rowOf(fit, isBatch ? strictBeside(fit, points) : referenceOf(fit, fits));
    });
  });
}

function seriesOf(points: readonly MeasuredPoint[], { over }: Model): Series[] {
  const found = new Map<string, Series>();
  for (const measured of points) {
    const sized = over === "batch" ? inBatches(measured) : inSizes(measured, over);
    if (sized === undefined || sized.y === 0) continue;
    const { key, x, y, part = "" } = sized;
    const { dilation } = measured.point;
    const name = `${placeName(key, dilation, over)} ${key.policy} ${part}`;
    const series = found.get(name) ?? { key, dilation, observations: [] };
    series.observations.push({ x, y });
    found.set(name, series);
  }
  return [...found.values()].filter(({ observations }) => {
    return new Set(observations.map(({ x }) => x)).size >= LEAST_SIZES;
  });
}

/** A point as a part of a series: what it has in common with the others, and its place there. */
interface Sized extends Observation {
  readonly key: KeyRow;
  /** Where a law changes on the way: before or after. */
  readonly part?: "ranged" | "full";
}

function inSizes(measured: MeasuredPoint, over: "cores" | "pages"): Sized | undefined {
  const key = keyRow(measured);
  const x = Number(key[over] ?? 0);
  const p50 = measured.result.latency.quantile(0.5) ?? 0;
  return x === 0 ? undefined : { key, x, y: over === "pages" ? p50 / x : p50 };
}

/**
 * A batch that is larger than the operation is cut off by its end, and says nothing new. From the
 * policy's ceiling on a full flush takes the place of one for each page: that has a law of its own.
 */
function inBatches(measured: MeasuredPoint): Sized | undefined {
  const key = keyRow(measured);
  const { policy } = measured.point;
  const size = batchSizeOf(policy);
  const y = pageCostOf(measured);
  if (size === undefined || y === undefined) return undefined;
  if (size.n > measured.pages! && !outlastsOperations(size)) return undefined;
  const [when_cores, when_iommu] = [policy.whenCores, policy.whenIommu].map((half) => {
    return describeInFamily(half, size);
  });
  const part = measured.result.cores.fullFlushes > 0 ? "full" : "ranged";
  return { key: { ...key, when_cores, when_iommu, policy: size.family }, x: size.n, y, part };
}

/** Undefined where operations have no pages. */
function pageCostOf({ pages, result }: MeasuredPoint): number | undefined {
  const { latency, cores } = result;
  if (pages === undefined || latency.mean === undefined) return undefined;
  return pageCostNs(latency.mean, cores.backgroundNs / cores.operations, pages);
}

/** All that a series has in common, and that it has in common with those of other policies. */
function othersOf(key: KeyRow, over: Size): unknown[] {
  const { experiment, executor, profile, workload } = key;
  const { idle_cores, other_cores, masked_every_ns, masked_ns, iommus, devices } = key;
  const cores = over === "cores" ? undefined : key.cores;
  const pages = over === "pages" ? undefined : key.pages;
  const sizes = [idle_cores, other_cores, masked_every_ns, masked_ns, iommus, devices];
  return [experiment, executor, profile, workload, ...sizes, cores, pages, key.rate, key.arrivals];
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

/** `strict` in the same place, or else the first policy there. */
function referenceOf(fit: Fit, fits: readonly Fit[]): Reference | undefined {
  const place = placeOf(fit);
  const there = fits.filter((other) => placeOf(other) === place);
  const found = there.find(({ series }) => series.key.policy === "strict") ?? there[0];
  if (found === fit) return undefined;
  const values = found.coefficients.map(({ value }) => value);
  return { policy: `${found.series.key.policy}`, values };
}

/** `strict` gathers nothing: what a page costs there is the same for every n. */
function strictBeside(fit: Fit, points: readonly MeasuredPoint[]): Reference | undefined {
  const place = placeOf(fit);
  const costs = points
    .filter(({ point }) => point.policy.name === "strict")
    .filter((measured) => {
      return placeName(keyRow(measured), measured.point.dilation, "batch") === place;
    })
    .flatMap((measured) => pageCostOf(measured) ?? []);
  return costs.length === 0 ? undefined : { policy: "strict", values: [mean(costs), 0] };
}

function placeOf({ series, model }: Fit): string {
  return placeName(series.key, series.dilation, model.over);
}

/** The same for series that may be compared with each other. */
function placeName(key: KeyRow, dilation: number, over: Size): string {
  return JSON.stringify([othersOf(key, over), dilation]);
}

function rowOf(fit: Fit, reference: Reference | undefined): FitRow {
  const { series, model, coefficients, residuals } = fit;
  const { key, dilation, observations } = series;
  const [a, b, c] = coefficients;
  const isUsl = model.name === "usl";
  const sizes = observations.map(({ x }) => x);
  const squares = residuals.reduce((sum, residual) => sum + residual * residual, 0);
  return {
    ...key,
    ...(model.over === "pages" && { pages: undefined }),
    ...(model.over === "cores" && { cores: undefined, responders: undefined }),
    dilation,
    over: model.over,
    model: model.name,
    sizes: new Set(sizes).size,
    n_min: Math.min(...sizes),
    n_max: Math.max(...sizes),
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
    break_even: reference && breakEven(fit, reference, Math.min(...sizes)),
    break_even_with: reference?.policy,
  };
}

/**
 * The size from which on this one costs less, if the laws hold; none below `least`, the smallest
 * that was measured; undefined if it never does, or if this law is that far off somewhere that
 * nothing follows from it.
 */
function breakEven(
  { model, coefficients, residuals }: Fit,
  { values }: Reference,
  least: number,
): number | undefined {
  if (model.name === "usl") return undefined; // Two of these may cross twice.
  if (residuals.some((residual) => Math.abs(residual) > LARGEST_RESIDUAL)) return undefined;
  const [a, b] = coefficients.map(({ value }, i) => value - values[i]);
  // linear: a + b·n < 0; amortized: a + b/n < 0.
  const [forever, once] = model.name === "linear" ? [b, a] : [a, b];
  if (forever > 0 || (forever === 0 && once >= 0)) return undefined;
  return forever === 0 ? least : rounded(Math.max(least, -once / forever));
}

/** For what is small: to six decimals. */
function fine(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
