// The page: one file that needs no other and no network.

import { plural } from "../plural.ts";
import { FILTER_SCRIPT } from "./filters.ts";
import { Html, html } from "./html.ts";
import { computerOf, type Folder } from "./inputs.ts";
import type { Policies } from "./picture.ts";
import type { Chapter, Plot, PlotTable } from "./plot.ts";
import { SCENE_COLUMNS, type SceneColumn } from "./scenes.ts";
import { styleOf } from "./style.ts";

/** A plot with its picture, and the name of its files without their ending. */
export interface DrawnPlot extends Plot {
  readonly title: string;
  readonly inline: string;
  readonly file: string;
}

export interface DrawnChapter extends Chapter {
  readonly plots: readonly DrawnPlot[];
}

/** Nothing from anywhere: what is not in the page is refused by the browser itself. */
const SECURITY =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

const CHOICE_LABELS: Readonly<Record<SceneColumn, string>> = {
  folder: "run",
  executor: "executor",
  profile: "machine",
  workload: "workload",
};

export function pageOf(
  folders: readonly Folder[],
  chapters: readonly DrawnChapter[],
  policies: Policies,
): string {
  const names = folders.map(({ name }) => name).join(", ");
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${SECURITY}">
<link rel="icon" href="data:,">
<title>shootdown: ${names}</title>
<style>${new Html(styleOf(policies.names.length))}</style>
</head>
<body>
<a class="skip" href="#plots">to the plots</a>
<header>
<h1>shootdown: ${names}</h1>
${folders.map(folderOf)}
</header>
<nav aria-label="Plots"><ul>
${chapters.map(({ name, title }) => html`<li><a href="#${name}">${title}</a></li>\n`)}
</ul></nav>
${formOf(chapters, policies)}
<main id="plots" tabindex="-1">
${chapters.map(chapterOf)}
</main>
<script>${new Html(FILTER_SCRIPT)}</script>
</body>
</html>
`.text;
}

function folderOf(folder: Folder): Html {
  const { path, manifest } = folder;
  const { command, package: built, seed, started, warnings, interrupted } = manifest;
  const facts = [
    ["folder", path],
    ["command", command.length === 0 ? "" : `shootdown ${command.join(" ")}`],
    ["version", built?.version ?? ""],
    ["started", started],
    ["computer", computerOf(folder)],
    ["seed", seed === null ? "" : `${seed}`],
    ["interrupted", interrupted ? "yes: points may be missing" : ""],
  ].filter(([, value]) => value !== "");
  const list = facts.map(([name, value]) => html`<dt>${name}</dt><dd><code>${value}</code></dd>\n`);
  return html`<dl>\n${list}</dl>\n${warnings.length === 0 ? [] : warningsOf(warnings)}`;
}

function warningsOf(warnings: readonly string[]): Html {
  const items = warnings.map((warning) => html`<li>${warning}</li>\n`);
  return html`<details class="warnings" open>
<summary>${plural(warnings.length, "warning")} of this run</summary>
<ul>\n${items}</ul></details>\n`;
}

function formOf(chapters: readonly DrawnChapter[], { names }: Policies): Html {
  const boxes = names.map(
    (name, i) => html`<label><input type="checkbox" name="policy" value="${i}" checked>
<span class="swatch" style="background:var(--policy-${i})"></span>${name}</label>\n`,
  );
  const scenes = chapters.flatMap(({ plots }) => plots.map(({ scene }) => scene));
  const selects = SCENE_COLUMNS.flatMap((column) => {
    const values = new Set(scenes.map(({ values: own }) => own[column]));
    values.delete("");
    return values.size > 1 ? choiceOf(column, [...values]) : [];
  });
  return html`<form id="filters" aria-label="What is shown" hidden>
<fieldset><legend>Policies</legend>
${boxes}</fieldset>
<div class="choices">
${selects}<button type="button" id="none">no policy</button>
<button type="button" id="everything">everything</button>
<span class="count" id="shown" role="status"></span>
</div>
</form>`;
}

function choiceOf(column: SceneColumn, values: readonly string[]): Html {
  const options = values.map((value) => html`<option value="${value}">${value}</option>`);
  return html`<label>${CHOICE_LABELS[column]}
<select name="${column}" autocomplete="off"><option value="">all</option>${options}</select>
</label>\n`;
}

function chapterOf({ name, title, reading, plots }: DrawnChapter): Html {
  return html`<section id="${name}" aria-labelledby="${name}-title">
<h2 id="${name}-title">${title}</h2>
<p class="reading">${reading}</p>
${plots.map(plotOf)}
</section>\n`;
}

function plotOf({ scene, title, sentence, inline, file, table, sources }: DrawnPlot): Html {
  const { folder, executor, profile, workload } = scene.values;
  const heading = scene.title === "" ? [] : html`<h3>${scene.title}</h3>\n`;
  const files = sources.map((source) => html`<code>${source}</code> `);
  return html`<article data-folder="${folder}" data-executor="${executor}"
 data-profile="${profile}" data-workload="${workload}">
${heading}<figure>
<div class="picture" tabindex="0" role="group" aria-label="Picture: ${title}">
${new Html(inline)}
</div>
<figcaption>${sentence}</figcaption>
</figure>
${tableOf(table, title)}
<p class="sources">From ${files}· <a href="${file}.svg">SVG</a> ·
<a href="${file}.png">PNG</a></p>
</article>\n`;
}

function tableOf({ caption, columns, rows }: PlotTable, title: string): Html {
  const head = columns.map(
    ({ title: name, align }) => html`<th scope="col"${classOf(align)}>${name}</th>`,
  );
  const body = rows.map(({ policy, cells }) => {
    const owner = policy === undefined ? [] : html` data-policy="${policy}"`;
    const own = cells.map((cell, i) => {
      return i === 0
        ? html`<th scope="row">${cell}</th>`
        : html`<td${classOf(columns[i].align)}>${cell}</td>`;
    });
    return html`<tr${owner}>${own}</tr>\n`;
  });
  return html`<details><summary>Data (${plural(rows.length, "row")})</summary>
<div class="scroll" tabindex="0" role="group" aria-label="Data: ${title}">
<table><caption>${caption}</caption>
<thead><tr>${head}</tr></thead>
<tbody>
${body}</tbody></table></div></details>`;
}

function classOf(align: "left" | "right"): Html {
  return new Html(align === "right" ? ' class="number"' : "");
}
