// The plot that stands for a kept run, from its files.

import { UsageError } from "../../src/engine/errors.ts";
import { chaptersOf, policiesOf } from "../../src/results/report/chapters.ts";
import { computerOf, readInputs } from "../../src/results/report/inputs.ts";
import type { Policies } from "../../src/results/report/picture.ts";
import type { Plot } from "../../src/results/report/plot.ts";
import type { KeptRun } from "./runs.ts";

export interface KeptPlot {
  readonly plot: Plot;
  readonly title: string;
  readonly policies: Policies;
  /** Which computer made it. */
  readonly computer: string;
}

/** @throws UsageError where the folder cannot be read, or has no such plot. */
export function plotOf({ plot: { chapter: name, scene } }: KeptRun, folder: string): KeptPlot {
  const inputs = readInputs([folder]);
  const policies = policiesOf(inputs);
  const chapters = chaptersOf(inputs, policies);
  const chapter = chapters.find((one) => one.name === name);
  if (chapter === undefined) {
    const names = chapters.map((one) => one.name);
    throw new UsageError(`${folder} has no ${name}, only ${names.join(", ")}`);
  }
  const plot = chapter.plots.find((one) => scene === undefined || one.scene.title === scene);
  if (plot === undefined) {
    const titles = chapter.plots.map((one) => `"${one.scene.title}"`);
    throw new UsageError(`${folder} has no ${name} of "${scene}", only of ${titles.join(", ")}`);
  }
  const computer = computerOf(inputs.folders[0]);
  return { plot, title: chapter.title, policies, computer };
}
