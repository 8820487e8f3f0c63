// Part of the build: the letters that reports usually have, as fonts of a tenth of the size. What is
// not in them comes from the whole fonts.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import subsetFont from "subset-font";

/** Latin, Greek, Cyrillic; punctuation and superscripts; arrows; operators. */
const RANGES = [
  [0x20, 0x7e],
  [0xa0, 0x17f],
  [0x370, 0x4ff],
  [0x2010, 0x2089],
  [0x2190, 0x2193],
  [0x2200, 0x2265],
];
const FOLDER = "dist/fonts";

const letters = RANGES.flatMap(([first, last]) =>
  Array.from({ length: last - first + 1 }, (_, i) => String.fromCodePoint(first + i)),
).join("");
mkdirSync(FOLDER, { recursive: true });
for (const name of ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"]) {
  const whole = fileURLToPath(import.meta.resolve(`dejavu-fonts-ttf/ttf/${name}`));
  const font = await subsetFont(readFileSync(whole), letters, { targetFormat: "sfnt" });
  writeFileSync(`${FOLDER}/${name}`, font);
}
