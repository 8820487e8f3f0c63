// `shootdown experiments`: what there is to run, and what one asks.

import { availableParallelism } from "node:os";
import type { Command } from "commander";
import { expand } from "../experiments/expand.ts";
import { experimentNames, type LoadedExperiment, loadExperiment } from "../experiments/load.ts";
import { formatOption } from "../options.ts";
import { type Format, print, renderList } from "../output.ts";

export function addExperiments(program: Command): void {
  program
    .command("experiments")
    .summary("experiments there are, or what one asks")
    .description(
      "Lists the experiments with the points that they have on this machine, or shows one.",
    )
    .argument("[name]", "an experiment or a file")
    .addOption(formatOption())
    .addHelpText(
      "after",
      `
Examples:
  shootdown experiments
  shootdown experiments seed
`,
    )
    .action((name: string | undefined, { format }: { format: Format }) => {
      print(name === undefined ? list(format) : show(loadExperiment(name), format));
    });
}

function list(format: Format): string {
  const rows = experimentNames().map((name) => {
    const loaded = loadExperiment(name);
    const { question } = loaded.experiment;
    return { name, points: countPoints(loaded, false), quick: countPoints(loaded, true), question };
  });
  return renderList(["name", "points", "quick", "question"], rows, format);
}

function show(loaded: LoadedExperiment, format: Format): string {
  if (format === "json") return JSON.stringify(loaded.definition, null, 2);
  const { name, question, source, notes } = loaded.experiment;
  const rows = [
    { field: "name", value: name },
    { field: "question", value: question },
    { field: "source", value: source ?? "" },
    { field: "notes", value: notes ?? "" },
    { field: "file", value: loaded.file },
    { field: "points", value: countPoints(loaded, false) },
    { field: "points with --quick", value: countPoints(loaded, true) },
  ];
  return renderList(["field", "value"], rows, format);
}

/** Points on this machine, repetitions apart; empty where there is no quick version. */
function countPoints({ experiment }: LoadedExperiment, quick: boolean): string {
  if (quick && experiment.quick === undefined) return "";
  const fixed = { seed: 0, jitter: undefined, check: "auto", overrides: {} } as const;
  const hostCpus = availableParallelism();
  return `${expand(experiment, { quick, hostCpus, ...fixed }).points.length}`;
}
