// Where the time of an operation goes: the segments of its critical path, and below them how much
// later others could have ended.

import { plural } from "../../plural.ts";
import { CRITICAL_PATH } from "../../tables.ts";
import { micros, microsCell, percent, significant } from "../format.ts";
import type { Inputs, PathSegment, PointPath } from "../inputs.ts";
import { inPanels, OWNER } from "../picture.ts";
import type { Chapter, Plot, Spec } from "../plot.ts";
import { byScene, drawn, leftOut, type Panel, panelsOf, type Scene, sourcesOf } from "../scenes.ts";
import { inSegmentOrder, PAPER, segmentColour } from "../theme.ts";

type PathPanel = Panel<PointPath>;

const ON_PATH = "on the critical path";
const SLACK = "slack";
const PALE = 0.6;
const BAR_HEIGHT = 34;
/** Beside a bar so many times longer one has no parts that can be seen. */
const FAR = 10;

export function criticalPathChapter(inputs: Inputs): Chapter {
  return {
    name: "critical-path",
    title: "Critical path",
    reading:
      "The segments that decided when the initiator could go on; together they are the mean " +
      "latency. The pale bar below has slack: how much later a segment could have ended without " +
      "delaying the initiator. Panels have one scale, unless their longest bars differ more than " +
      `${FAR}-fold: then each has its own, and says so.`,
    plots: [...byScene(inputs.paths)].map(([scene, own]) => plotOf(scene, own, inputs)),
  };
}

function plotOf(scene: Scene, paths: readonly PointPath[], inputs: Inputs): Plot {
  const panels = panelsOf(paths);
  return {
    scene,
    spec: specOf(drawn(panels)),
    sentence: sentenceOf(panels) + leftOut(panels.length),
    table: {
      caption: "Segments of the critical path, mean over the operations",
      columns: [
        { title: "machine", align: "left" },
        { title: "policy", align: "left" },
        { title: "segment", align: "left" },
        { title: "mean µs", align: "right" },
        { title: "share", align: "right" },
        { title: "slack µs", align: "right" },
      ],
      rows: panels.flatMap(({ name, items }) => items.flatMap((item) => rowsOf(name, item))),
    },
    sources: sourcesOf(inputs.folders, new Set([scene.values.folder]), CRITICAL_PATH.file),
  };
}

function rowsOf(panel: string, { key, segments }: PointPath) {
  const whole = segments.reduce((sum, { meanNs }) => sum + meanNs, 0);
  return inOrder(segments).map(({ name, meanNs, slackNs }) => {
    const share = whole > 0 ? percent(meanNs / whole) : "";
    return {
      policy: key.policy,
      cells: [panel, key.policy, name, microsCell(meanNs), share, microsCell(slackNs)],
    };
  });
}

function specOf(panels: readonly PathPanel[]): Spec {
  const values = panels.flatMap(({ title, items }) =>
    items.flatMap(({ key, segments }) =>
      inOrder(segments).flatMap(({ name, meanNs, slackNs }, place) => {
        const bar = { panel: title, policy: key.policy, segment: name, place };
        return [
          { ...bar, us: meanNs / 1000, what: ON_PATH },
          { ...bar, us: slackNs / 1000, what: SLACK },
        ].filter(({ us }) => us > 0);
      }),
    ),
  );
  const domain = inSegmentOrder(values.map(({ segment }) => segment));
  const rows = [...new Set(values.map(({ policy }) => policy))];
  const isShared = haveOneScale(panels);
  const spec = {
    height: rows.length * BAR_HEIGHT,
    mark: { type: "bar", stroke: PAPER, strokeWidth: 0.5 },
    encoding: {
      y: { field: "policy", type: "nominal", title: null, sort: rows, axis: { ticks: false } },
      yOffset: { field: "what", type: "nominal", sort: [ON_PATH, SLACK] },
      x: {
        field: "us",
        type: "quantitative",
        stack: "zero",
        title: isShared ? "µs" : "µs, on a scale of its own",
        axis: { tickCount: 5 },
      },
      color: {
        field: "segment",
        type: "nominal",
        scale: { domain, range: domain.map(segmentColour) },
        legend: { title: null, orient: "bottom", columns: 6 },
      },
      opacity: { condition: { test: `datum.what == '${SLACK}'`, value: PALE }, value: 1 },
      order: { field: "place", type: "quantitative" },
      description: OWNER,
    },
  };
  return inPanels(panels, values, spec, isShared ? {} : { scale: { x: "independent" } });
}

/** Whether bars of all panels can be compared on one scale: the longest of each can be seen. */
function haveOneScale(panels: readonly PathPanel[]): boolean {
  const longest = panels.map(({ items }) => Math.max(...items.flatMap(barsOf)));
  return Math.max(...longest) <= FAR * Math.min(...longest);
}

/** How long both bars of a path are. */
function barsOf(path: PointPath): number[] {
  return [lengthOf(path), path.segments.reduce((sum, { slackNs }) => sum + slackNs, 0)];
}

/** Which segment is largest most often, and where there is most slack. */
function sentenceOf(panels: readonly PathPanel[]): string {
  const wins = new Map<string, number>();
  const slack = { us: 0, segment: "", policy: "" };
  let bars = 0;
  for (const { key, segments } of panels.flatMap(({ items }) => items)) {
    bars++;
    const largest = segments.toSorted((a, b) => b.meanNs - a.meanNs)[0].name;
    wins.set(largest, (wins.get(largest) ?? 0) + 1);
    for (const { name, slackNs } of segments) {
      if (slackNs / 1000 <= slack.us) continue;
      Object.assign(slack, { us: slackNs / 1000, segment: name, policy: key.policy });
    }
  }
  const [[first, count], second] = [...wins].sort(([, a], [, b]) => b - a);
  const next = second === undefined ? "" : `, then ${second[0]} (${second[1]})`;
  const whose = `that of ${slack.segment} under ${slack.policy}`;
  const most =
    slack.us > 0 ? `the most slack, ${significant(slack.us)} µs, is ${whose}` : "nothing has slack";
  const longest = panels
    .flatMap(({ items }) => items)
    .toSorted((a, b) => lengthOf(b) - lengthOf(a))[0];
  return (
    `${first} is the largest segment in ${count} of ${plural(bars, "path")}${next}; the longest ` +
    `path is that of ${longest.key.policy}, ${micros(lengthOf(longest))}, and ${most}.`
  );
}

function lengthOf({ segments }: PointPath): number {
  return segments.reduce((sum, { meanNs }) => sum + meanNs, 0);
}

function inOrder(segments: readonly PathSegment[]): PathSegment[] {
  const order = inSegmentOrder(segments.map(({ name }) => name));
  return segments.toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
}
