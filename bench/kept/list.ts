// The list of kept runs in results/README.md: each with what its plot says of itself.

import { UsageError } from "../../src/engine/errors.ts";
import { PAGE } from "../../src/results/report/report.ts";
import { plotOf } from "./plots.ts";
import type { KeptRun } from "./runs.ts";

export const LIST = "results/README.md";
const BEGIN = "<!-- Written by `npm run kept`, from here … -->";
const END = "<!-- … to here. -->";

/** A run, what it shows, of which scene if it has several, and which computer made it. */
export type ListedRun = KeptRun & { readonly sentence: string; readonly computer: string };

/** @throws UsageError where the run's folder cannot be read, or lacks the plot. */
export function listed(run: KeptRun, folder: string): ListedRun {
  const { plot, computer } = plotOf(run, folder);
  const { title } = plot.scene;
  const sentence = title === "" ? plot.sentence : `${title}: ${plot.sentence}`;
  return { ...run, sentence, computer };
}

/** `text`, of results/README.md, with the list in its place. */
export function withList(text: string, runs: readonly ListedRun[]): string {
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (from < 0 || to < from) {
    throw new UsageError(`${LIST} has no place for the list: put ${BEGIN} and ${END} around it`);
  }
  return `${text.slice(0, from + BEGIN.length)}\n${listOf(runs)}\n${text.slice(to)}`;
}

function listOf(runs: readonly ListedRun[]): string {
  const rows = runs.map(({ name, command, sentence, computer }) => {
    const shows = sentence.replaceAll("|", "\\|");
    const links = `[${name}](kept/${name}), [page](kept/${name}/${PAGE})`;
    return `| ${links} | \`shootdown ${command.join(" ")}\` | ${computer} | ${shows} |`;
  });
  return ["| run | made by | on | shows |", "| --- | --- | --- | --- |", ...rows].join("\n");
}
