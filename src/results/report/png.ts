// SVG → PNG, in workers: that takes as long as all the rest of a report.

import { fileURLToPath } from "node:url";
import { Resvg } from "@resvg/resvg-js";

const PIXELS_PER_UNIT = 1.5;
/** The same letters, and so the same PNG, on every computer; many have no fonts at all. */
const FONT_FILES = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map((name) =>
  fileURLToPath(import.meta.resolve(`dejavu-fonts-ttf/ttf/${name}`)),
);

/** What the worker does. */
export default function pngOf(svg: string): Uint8Array {
  const picture = new Resvg(svg, {
    fitTo: { mode: "zoom", value: PIXELS_PER_UNIT },
    font: { fontFiles: FONT_FILES, loadSystemFonts: false, defaultFontFamily: "DejaVu Sans" },
  });
  return picture.render().asPng();
}
