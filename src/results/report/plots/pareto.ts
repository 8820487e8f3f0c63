// What throughput costs: policies by operations a second, and by memory held back or by how long an
// old translation could be used. Those that no other beats in both are the front.

import { plural } from "../../plural.ts";
import { SUMMARY } from "../../tables.ts";
import { counted, percent, significant } from "../format.ts";
import { type Inputs, medianOver, type ReportPoint } from "../inputs.ts";
import { type Beside, placed, type Size, type Spot } from "../labels.ts";
import {
  amounts,
  fromNothing,
  inPanels,
  OWNER,
  type Policies,
  placeOn,
  sizeOfEach,
} from "../picture.ts";
import type { Chapter, Plot, Spec } from "../plot.ts";
import { byScene, drawn, leftOut, type Panel, panelsOf, type Scene, sourcesOf } from "../scenes.ts";
import { MUTED } from "../theme.ts";

interface Price {
  readonly name: string;
  readonly title: string;
  readonly reading: string;
  /** Of the axis, with its unit. */
  readonly axis: string;
  /** For sentences, behind a number. */
  readonly unit: string;
  /** How sentences write it. */
  readonly say: (amount: number) => string;
  of(point: ReportPoint): number | undefined;
}

interface Offer {
  readonly key: ReportPoint["key"];
  readonly opsPerS: number;
  readonly price: number;
}

interface RankedOffer extends Offer {
  readonly isOnFront: boolean;
}

/** What is worth a word. */
const MORE = 1.02;
const READING =
  "Lower and further right is better. Full marks: nobody beats them in both; they have names " +
  "where there is room.";

const PRICES: readonly Price[] = [
  {
    name: "held-memory",
    title: "Held memory against throughput",
    reading: `Most pages that were unmapped and not yet reusable at any one time. ${READING}`,
    axis: "pages held, at most",
    unit: "pages held",
    say: counted,
    of: (point) => medianOver(point, "held_pages_max"),
  },
  {
    name: "exposure",
    title: "Exposure against throughput",
    reading:
      "How long an old translation could still be used after its operation had returned, at " +
      `most. ${READING}`,
    axis: "exposure, at most (µs)",
    unit: "µs of exposure",
    say: significant,
    of(point) {
      const ns = medianOver(point, "exposure_ns_max");
      return ns === undefined ? undefined : ns / 1000;
    },
  },
];

export function paretoChapters(inputs: Inputs, policies: Policies): Chapter[] {
  return PRICES.map((price) => {
    const { name, title, reading } = price;
    const offers = inputs.points.flatMap((point) => offerOf(price, point));
    const plots = [...byScene(offers)].flatMap(([scene, own]) => {
      const panels = panelsOf(own).filter(({ items }) => items.length > 1);
      // Where all pay the same there is nothing to weigh.
      if (panels.length === 0 || new Set(own.map((offer) => offer.price)).size < 2) return [];
      return plotOf(price, scene, panels, inputs, policies);
    });
    return { name, title, reading, plots };
  });
}

function offerOf(price: Price, point: ReportPoint): Offer[] {
  const [opsPerS, paid] = [medianOver(point, "ops_per_s"), price.of(point)];
  if (opsPerS === undefined || paid === undefined || opsPerS <= 0) return [];
  return [{ key: point.key, opsPerS, price: paid }];
}

function plotOf(
  price: Price,
  scene: Scene,
  panels: readonly Panel<Offer>[],
  inputs: Inputs,
  policies: Policies,
): Plot {
  const ranked = panels.map((panel) => ({ ...panel, items: rank(panel.items) }));
  return {
    scene,
    spec: specOf(price, drawn(ranked), policies),
    sentence: sentenceOf(price, ranked) + leftOut(ranked.length),
    table: {
      caption: price.title,
      columns: [
        { title: "machine", align: "left" },
        { title: "policy", align: "left" },
        { title: "operations/s", align: "right" },
        { title: price.axis, align: "right" },
        { title: "on the front", align: "left" },
      ],
      rows: ranked.flatMap(({ name, items }) =>
        items.map(({ key, opsPerS, price: paid, isOnFront }) => ({
          policy: key.policy,
          cells: [name, key.policy, opsPerS.toFixed(0), `${paid}`, isOnFront ? "yes" : "no"],
        })),
      ),
    },
    sources: sourcesOf(inputs.folders, new Set([scene.values.folder]), SUMMARY.file),
  };
}

function specOf(price: Price, panels: readonly Panel<RankedOffer>[], policies: Policies): Spec {
  const offers = panels.flatMap(({ items }) => items);
  const rates = offers.map(({ opsPerS }) => opsPerS);
  const paid = offers.map((offer) => offer.price);
  const x = { field: "opsPerS", type: "quantitative", title: "operations/s", ...amounts(rates) };
  const y = { field: "price", type: "quantitative", title: price.axis, ...fromNothing(paid) };
  const size = sizeOfEach(panels.length);
  const right = placeOn(x, rates, size.width);
  const up = placeOn(y, paid, size.height);
  const spotOf = (offer: Offer): Spot => {
    return { x: right(offer.opsPerS), y: size.height - up(offer.price) };
  };
  const values = panels.flatMap(({ title, items }) => {
    const labels = labelsOf(items, spotOf, size);
    return items.map((offer) => {
      const { key, opsPerS, isOnFront } = offer;
      const own = { panel: title, policy: key.policy, opsPerS, price: offer.price, isOnFront };
      return { ...own, ...labels.get(offer) };
    });
  });
  return inPanels(panels, values, { encoding: { x, y }, layer: layersOf(values, policies) });
}

function layersOf(values: readonly { readonly policy: string }[], policies: Policies): Spec[] {
  const present = new Set(values.map(({ policy }) => policy));
  const front = [{ filter: "datum.isOnFront" }];
  const color = policies.colours(present);
  const owned = { color, shape: policies.shapes(present), description: OWNER };
  const beside = { align: fieldOf("align"), dx: fieldOf("dx"), dy: fieldOf("dy") };
  return [
    {
      transform: front,
      mark: { type: "line", interpolate: "step-before", color: MUTED, strokeDash: [3, 3] },
      encoding: { order: { field: "opsPerS" } },
    },
    {
      transform: [{ filter: "!datum.isOnFront" }],
      mark: { type: "point", size: 60, strokeWidth: 1.5, opacity: 1 },
      encoding: owned,
    },
    {
      transform: front,
      mark: { type: "point", filled: true, size: 80, opacity: 1 },
      encoding: owned,
    },
    {
      transform: [{ filter: "datum.label != null" }],
      // Clipped, as Vega takes it for wider than it is and would make the panel wider.
      mark: { type: "text", clip: true, ...beside },
      encoding: { text: { field: "label" }, description: OWNER },
    },
  ];
}

function fieldOf(name: string): Spec {
  return { expr: `datum.${name}` };
}

type Label = Beside & { readonly label: string };

/** Of the front those that have room, in the order in which its line goes. */
function labelsOf(
  offers: readonly RankedOffer[],
  spotOf: (offer: Offer) => Spot,
  size: Size,
): Map<Offer, Label> {
  const front = offers.filter(({ isOnFront }) => isOnFront).sort((a, b) => a.opsPerS - b.opsPerS);
  const spots = front.map(spotOf);
  const line = spots.flatMap((to, i) => (i === 0 ? [to] : [{ x: spots[i - 1].x, y: to.y }, to]));
  const named = front.filter((offer, i) => i === 0 || !areTogether(offer, front[i - 1]));
  const names = named.map((offer) => ({ ...spotOf(offer), name: labelOf(offer, front) }));
  const places = placed(names, offers.map(spotOf), line, size);
  const labels = new Map<Offer, Label>();
  named.forEach((offer, i) => {
    const place = places[i];
    if (place !== undefined) labels.set(offer, { ...place, label: names[i].name });
  });
  return labels;
}

/** Where several are at one place the first has the label for all. */
function labelOf(offer: Offer, front: readonly Offer[]): string {
  const more = front.filter((other) => areTogether(other, offer)).length - 1;
  return more === 0 ? offer.key.policy : `${offer.key.policy} and ${more} more`;
}

function areTogether(a: Offer, b: Offer): boolean {
  return a.opsPerS === b.opsPerS && a.price === b.price;
}

/** Who is on the front: no other has as many operations for a lower price, or more for the same. */
function rank(offers: readonly Offer[]): RankedOffer[] {
  return offers.map((offer) => {
    const isBeaten = offers.some(
      ({ opsPerS, price }) =>
        opsPerS >= offer.opsPerS &&
        price <= offer.price &&
        (opsPerS > offer.opsPerS || price < offer.price),
    );
    return { ...offer, isOnFront: !isBeaten };
  });
}

/** Who is on the front how often, and what the fastest pays over the cheapest. */
function sentenceOf({ unit, say }: Price, panels: readonly Panel<RankedOffer>[]): string {
  const times = new Map<string, number>();
  for (const { key, isOnFront } of panels.flatMap(({ items }) => items)) {
    times.set(key.policy, (times.get(key.policy) ?? 0) + (isOnFront ? 1 : 0));
  }
  const onFront = [...times].filter(([, count]) => count > 0).sort(([, a], [, b]) => b - a);
  const never = [...times].filter(([, count]) => count === 0).map(([policy]) => policy);
  const names = onFront.map(([policy, count]) => {
    return panels.length === 1 ? policy : `${policy} (${count})`;
  });
  const of = panels.length === 1 ? "" : ` of ${plural(panels.length, "machine")}`;
  const beaten = never.length === 0 ? "" : `; never: ${never.join(", ")}`;
  const last = panels.at(-1)!;
  const front = last.items.filter(({ isOnFront }) => isOnFront);
  const fastest = front.toSorted((a, b) => b.opsPerS - a.opsPerS)[0];
  const cheapest = front.toSorted((a, b) => a.price - b.price)[0];
  const where = last.title === "" ? "" : ` (${last.title})`;
  const gain = fastest.opsPerS / cheapest.opsPerS;
  const pays =
    fastest.price === cheapest.price || gain < MORE
      ? `no other is ${percent(MORE - 1)} faster than ${cheapest.key.policy}, the cheapest${where}`
      : `the fastest, ${fastest.key.policy}, has ${significant(gain)} times the throughput of ` +
        `${cheapest.key.policy} for ${say(fastest.price)} ${unit} instead of ` +
        `${say(cheapest.price)}${where}`;
  return `On the front${of}: ${names.join(", ")}${beaten}; ${pays}.`;
}
