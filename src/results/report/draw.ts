// A plot → pictures: an SVG file, the same for the page, and a PNG file. No browser takes part.

import { fileURLToPath } from "node:url";
import { renderAsync } from "@resvg/resvg-js";
import { parse, View, Warn } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import { escaped, unescaped } from "./html.ts";
import type { Policies } from "./picture.ts";
import type { Plot } from "./plot.ts";
import { coloursOf, VEGA_CONFIG } from "./theme.ts";

export interface Picture {
  /** Colours of paper. */
  readonly file: string;
  /** Colours of the page's style; marks and names of policies say whose they are. */
  readonly inline: string;
}

const PIXELS_PER_UNIT = 2;
/** The same letters, and so the same PNG, on every computer; many have no fonts at all. */
const FONT_FILES = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map((name) =>
  fileURLToPath(import.meta.resolve(`dejavu-fonts-ttf/ttf/${name}`)),
);

/** `title` is what a screen reader says of the file. */
export async function draw(plot: Plot, title: string, policies: Policies): Promise<Picture> {
  const { spec } = compile({ ...plot.spec, config: VEGA_CONFIG } as unknown as TopLevelSpec);
  const view = new View(parse(spec), { renderer: "none", logLevel: Warn });
  const drawn = withOwners(await view.toSVG(), policies);
  view.finalize();
  const colours = coloursOf(policies.names.length);
  const file = drawn
    .replaceAll(/ data-policy="\d+"/g, "")
    .replaceAll(/"@([a-z0-9-]+)"/g, (_, name) => `"${colours.get(name)![0]}"`)
    .replace(/(<svg[^>]*>)/, (tag) => `${named(tag, title)}<title>${escaped(title)}</title>`);
  const inline = drawn
    .replaceAll(/"@([a-z0-9-]+)"/g, (_, name) => `"var(--${name})"`)
    .replace(/(<svg[^>]*>)/, (tag) => named(tag, `${title}. ${plot.sentence}`));
  return { file, inline };
}

export async function pngOf(svg: string): Promise<Uint8Array> {
  const image = await renderAsync(svg, {
    fitTo: { mode: "zoom", value: PIXELS_PER_UNIT },
    font: {
      fontFiles: FONT_FILES,
      loadSystemFonts: false,
      defaultFontFamily: "DejaVu Sans",
    },
  });
  return image.asPng();
}

/**
 * Vega describes each mark to screen readers. Here the picture as a whole is described, and its
 * table is beside it; of the marks' descriptions only the policy is kept, as an attribute.
 */
function withOwners(svg: string, policies: Policies): string {
  const ownerOf = (text: string) => {
    const place = policies.place(unescaped(text));
    return place < 0 ? "" : ` data-policy="${place}"`;
  };
  return svg
    .replaceAll(/ aria-label="([^"]*)"/g, (_, text) => ownerOf(text))
    .replaceAll(/ (role|aria-[a-z]+)="[^"]*"/g, "")
    .replaceAll(/<text ([^>]*)>([^<]*)<\/text>/g, (whole, attributes, text) => {
      if (attributes.includes("data-policy")) return whole;
      return `<text ${attributes}${ownerOf(text)}>${text}</text>`;
    });
}

function named(tag: string, label: string): string {
  return tag.replace("<svg", `<svg role="img" aria-label="${escaped(label)}"`);
}
