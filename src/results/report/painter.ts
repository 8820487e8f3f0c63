// What a worker does: a specification → its pictures. Nothing of a report takes longer.

import { type Drawing, draw } from "./draw.ts";
import { Policies } from "./picture.ts";
import type { Spec } from "./plot.ts";
import { pngOf } from "./png.ts";

export interface Sketch {
  readonly spec: Spec;
  /** What a screen reader says of the file. */
  readonly title: string;
  /** Names of all policies of the report. */
  readonly policies: readonly string[];
}

export interface Picture extends Drawing {
  readonly png: Uint8Array;
}

export default async function paint({ spec, title, policies }: Sketch): Promise<Picture> {
  const drawing = await draw(spec, title, new Policies(policies));
  return { ...drawing, png: pngOf(drawing.file) };
}
