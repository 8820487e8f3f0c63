// What came of policies under stress: how much they got done, and how often an old translation was
// used.

import { VERDICTS } from "../../../engine/check/sums.ts";
import { plural } from "../../plural.ts";
import { STRESS } from "../../tables.ts";
import { counted, significant } from "../format.ts";
import type { Inputs, Ordeal } from "../inputs.ts";
import { amounts, fromNothing, OWNER } from "../picture.ts";
import type { Chapter, Plot, Spec } from "../plot.ts";
import { byScene, type Scene, sourcesOf } from "../scenes.ts";
import { LETTER_WIDTH, VEGA_LETTER_WIDTH } from "../theme.ts";

const VERDICT_SHAPES = ["circle", "diamond", "cross"];
const ROW_HEIGHT = 15;
const WIDTH = 260;
const PADDING = { left: 5, right: 5, top: 5, bottom: 5 };

export function stressChapter(inputs: Inputs): Chapter {
  return {
    name: "stress",
    title: "Under stress",
    reading:
      "All cores at random operations, with injected faults. Left: operations a second, in " +
      "modelled time. Right: of a thousand operations, accesses through a translation whose end " +
      "had been promised. Deferring policies have these by design: exposed is not unsafe.",
    plots: [...byScene(inputs.ordeals)].flatMap(([scene, own]) => {
      // Of one whose only round lost a worker there is nothing to show.
      const ended = own.filter(({ opsPerS }) => opsPerS !== undefined);
      return ended.length === 0 ? [] : plotOf(scene, ended, inputs);
    }),
  };
}

function plotOf(scene: Scene, ordeals: readonly Ordeal[], inputs: Inputs): Plot {
  return {
    scene,
    spec: specOf(ordeals),
    sentence: sentenceOf(ordeals),
    table: {
      caption: "Policies under stress",
      columns: [
        { title: "policy", align: "left" },
        ...[
          "operations",
          "operations/s",
          "shootdowns",
          "faults",
          "late accesses",
          "stale uses",
        ].map((title) => ({ title, align: "right" }) as const),
        { title: "verdict", align: "left" },
      ],
      rows: ordeals.map(({ key, ...of }) => ({
        policy: key.policy,
        cells: [
          ...[key.policy, `${of.operations}`, of.opsPerS?.toFixed(0) ?? "", `${of.shootdowns}`],
          ...[`${of.faults}`, `${of.lateAccesses}`, `${of.staleUses}`, of.verdict],
        ],
      })),
    },
    sources: sourcesOf(inputs.folders, new Set([scene.values.folder]), STRESS.file),
  };
}

function specOf(ordeals: readonly Ordeal[]): Spec {
  const values = ordeals.map((ordeal) => {
    const { key, opsPerS, verdict } = ordeal;
    return { policy: key.policy, verdict, opsPerS, late: latePerThousand(ordeal) };
  });
  const y = {
    field: "policy",
    type: "nominal",
    sort: values.map((one) => one.policy),
    title: null,
  };
  const owned = verdictsOf(values.map(({ verdict }) => verdict));
  const rates = values.flatMap(({ opsPerS }) => opsPerS ?? []);
  const rate = { field: "opsPerS", title: "operations/s", ...amounts(rates) };
  const late = {
    field: "late",
    title: "late accesses, of 1,000 operations",
    ...fromNothing(values.map((one) => one.late)),
  };
  const longest = Math.max(...values.map(({ policy }) => policy.length));
  const sideOf = (labels: Spec, x: Spec): Spec => ({
    width: WIDTH,
    height: { step: ROW_HEIGHT },
    mark: { type: "point", filled: true, size: 60, opacity: 1 },
    encoding: {
      y: { ...y, axis: { ...labels, ticks: false, grid: true } },
      x: { type: "quantitative", ...x },
      ...owned,
    },
  });
  return {
    data: { values },
    // Vega leaves more room for names than they take: as much less in front of them.
    padding: { ...PADDING, left: PADDING.left - longest * (VEGA_LETTER_WIDTH - LETTER_WIDTH) },
    hconcat: [sideOf({}, rate), sideOf({ labels: false }, late)],
  };
}

/** Colour and shape say the same, to be told apart by all; those that occur have a legend. */
function verdictsOf(verdicts: readonly string[]): Spec {
  const domain = VERDICTS.filter((verdict) => verdicts.includes(verdict));
  const channel = (range: readonly string[]): Spec => ({
    field: "verdict",
    type: "nominal",
    scale: { domain, range },
    legend: { title: null, orient: "bottom" },
  });
  return {
    color: channel(domain.map((verdict) => `@${verdict}`)),
    shape: channel(domain.map((verdict) => VERDICT_SHAPES[VERDICTS.indexOf(verdict)])),
    description: OWNER,
  };
}

function sentenceOf(ordeals: readonly Ordeal[]): string {
  const count = (verdict: string) => ordeals.filter((one) => one.verdict === verdict).length;
  const counts = VERDICTS.filter((verdict) => count(verdict) > 0).map((verdict) => {
    return `${count(verdict)} ${verdict}`;
  });
  const sum = (of: (one: Ordeal) => number) => ordeals.reduce((all, one) => all + of(one), 0);
  const work =
    `${counted(sum(({ operations }) => operations))} operations and ` +
    `${counted(sum(({ faults }) => faults))} faults`;
  const unsafe = ordeals.filter(({ verdict }) => verdict === "unsafe").map(({ key }) => key.policy);
  const found = unsafe.length === 0 ? "" : `; unsafe: ${unsafe.join(", ")}`;
  const worst = ordeals.toSorted((a, b) => latePerThousand(b) - latePerThousand(a))[0];
  const late = latePerThousand(worst);
  const most =
    late === 0
      ? "nothing was accessed late"
      : `most late accesses are those of ${worst.key.policy}, ${significant(late)} in a thousand ` +
        "operations";
  const who = plural(ordeals.length, "policy", "policies");
  return `Of ${who}, after ${work}: ${counts.join(", ")}${found}; ${most}.`;
}

function latePerThousand({ lateAccesses, operations }: Ordeal): number {
  return operations === 0 ? 0 : (1000 * lateAccesses) / operations;
}
