// The list of kept runs in results/README.md: each with what its plot says of itself.

import { PAGE } from "../../src/results/report/report.ts";
import type { KeptRun } from "./runs.ts";

const BEGIN = "<!-- Written by `npm run kept`, from here … -->";
const END = "<!-- … to here. -->";

/** A run, and what it shows. */
export type ListedRun = KeptRun & { readonly sentence: string };

/** `text` with the list in its place. */
export function withList(text: string, runs: readonly ListedRun[]): string {
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`no "${BEGIN}" before a "${END}"`);
  return `${text.slice(0, from + BEGIN.length)}\n${listOf(runs)}\n${text.slice(to)}`;
}

function listOf(runs: readonly ListedRun[]): string {
  const rows = runs.map(({ name, command, sentence }) => {
    const shows = sentence.replaceAll("|", "\\|");
    const links = `[${name}](kept/${name}), [page](kept/${name}/${PAGE})`;
    return `| ${links} | \`shootdown ${command.join(" ")}\` | ${shows} |`;
  });
  return ["| run | made by | shows |", "| --- | --- | --- |", ...rows].join("\n");
}
