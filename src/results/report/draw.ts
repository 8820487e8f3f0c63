// A plot → pictures: an SVG file, and the same for the page. No browser takes part.

import { Error as ERRORS, parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import { escaped, unescaped } from "./html.ts";
import { Policies } from "./picture.ts";
import type { Spec } from "./plot.ts";
import { coloursOf, SCHEMES, type Scheme, VEGA_CONFIG } from "./theme.ts";

export interface Sketch {
  readonly spec: Spec;
  /** What a screen reader says of the file. */
  readonly title: string;
  /** Names of all policies of the report. */
  readonly policies: readonly string[];
  /** Of the file; paper is light. */
  readonly scheme: Scheme;
}

export interface Drawing {
  /** Colours of one scheme. */
  readonly file: string;
  /** Colours of the page's style; marks and names of policies say whose they are. */
  readonly inline: string;
}

/** What a worker does. */
export default async function draw({ spec, title, policies, scheme }: Sketch): Promise<Drawing> {
  const compiled = compile({ ...spec, config: VEGA_CONFIG } as unknown as TopLevelSpec);
  // It warns of layers without marks, such as that of what is not on a front.
  const view = new View(parse(compiled.spec), { renderer: "none", logLevel: ERRORS });
  const drawn = withOwners(withoutEmpty(await view.toSVG()), new Policies(policies));
  view.finalize();
  const colours = coloursOf(policies.length);
  const file = drawn
    .replaceAll(/ data-policy="\d+"/g, "")
    .replaceAll(/"@([a-z0-9-]+)"/g, (_, name) => `"${colours.get(name)![SCHEMES[scheme]]}"`)
    .replace(/(<svg[^>]*>)/, (tag) => `${named(tag, title)}<title>${escaped(title)}</title>`);
  const inline = drawn
    .replaceAll(/"@([a-z0-9-]+)"/g, (_, name) => `"var(--${name})"`)
    .replace(/(<svg[^>]*>)/, (tag) => named(tag, title));
  return { file, inline };
}

/** Groups have a background and a foreground, most of which nobody sees. */
function withoutEmpty(svg: string): string {
  return svg
    .replaceAll(/<path class="(background|foreground)"[^>]* d="(M0,0h0v0h0Z)?"[^>]*\/>/g, "")
    .replaceAll(/ class="mark-[^"]*"/g, "")
    .replaceAll(/ pointer-events="none"/g, "");
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
