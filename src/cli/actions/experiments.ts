// What `shootdown experiments` does.

import { availableParallelism } from "node:os";
import { expand } from "../experiments/expand.ts";
import { experimentNames, type LoadedExperiment, loadExperiment } from "../experiments/load.ts";
import type { ListOptions } from "../options.ts";
import { type Format, print } from "../output.ts";
import { renderList } from "../render.ts";

export function experiments(name: string | undefined, { format }: ListOptions): void {
  print(name === undefined ? list(format) : show(loadExperiment(name), format));
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
