// SVG → PNG, with fonts that are part of the program: the same letters, and so the same PNG, on
// every computer; many have no fonts at all.

import { fileURLToPath } from "node:url";
import { Resvg } from "@resvg/resvg-js";

const PIXELS_PER_UNIT = 1.5;
const WEIGHTS = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"];
/** Usual letters first, in small files: for each letter that it draws, Resvg reads a whole one. */
const FONT_FILES = [
  ...WEIGHTS.map((name) => fileURLToPath(new URL(`../../../fonts/${name}`, import.meta.url))),
  ...WEIGHTS.map((name) => fileURLToPath(import.meta.resolve(`dejavu-fonts-ttf/ttf/${name}`))),
];

/** What a worker does. */
export default function pngOf(svg: string): Uint8Array {
  const picture = new Resvg(svg, {
    fitTo: { mode: "zoom", value: PIXELS_PER_UNIT },
    font: { fontFiles: FONT_FILES, loadSystemFonts: false, defaultFontFamily: "DejaVu Sans" },
  });
  return picture.render().asPng();
}
