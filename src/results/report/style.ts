// How the page looks: light, dark, and on paper.

import { coloursOf, SCHEMES } from "./theme.ts";

const RULES = `
* { box-sizing: border-box }
html { scroll-padding-top: 1rem }
body { margin: 0 auto; max-width: 62rem; padding: 1rem 1.25rem 4rem; background: var(--paper);
  color: var(--ink); font: 16px/1.5 system-ui, "DejaVu Sans", sans-serif }
h1 { font-size: 1.7rem; margin: .5rem 0 } h2 { font-size: 1.35rem; margin: 2.5rem 0 .25rem }
h3 { font-size: 1.05rem; margin: 1.5rem 0 .5rem }
a { color: var(--first) } p, ul, dl { margin: .4rem 0 }
:focus-visible { outline: 3px solid var(--second); outline-offset: 2px }
.skip { position: absolute; left: -99rem } .skip:focus { left: 1rem; background: var(--paper) }
.reading, .sources, dt, .count { color: var(--muted) }
.sources { font-size: .875rem }
code { font: .9em ui-monospace, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; padding: 0 }
nav li[hidden] { display: none }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem } dd { margin: 0 }
.warnings { border-left: 4px solid var(--second); padding: .1rem 0 .1rem 1rem }
form { border: 1px solid var(--grid); border-radius: .5rem; padding: .5rem 1rem 1rem;
  margin: 1rem 0 }
form[hidden] { display: none }
fieldset { border: 0; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: .1rem 1.25rem }
legend { padding: 0; font-weight: 600 }
label { display: inline-flex; align-items: center; gap: .4rem; min-height: 1.75rem }
select, button { font: inherit; color: inherit; background: var(--paper);
  border: 1px solid var(--muted); border-radius: .3rem; padding: .15rem .5rem }
.choices { display: flex; flex-wrap: wrap; gap: .4rem 1.25rem; margin-top: .5rem;
  align-items: center }
.swatch { width: 1rem; height: 1rem; border-radius: .2rem; flex: none;
  print-color-adjust: exact }
figure { margin: 0 } figcaption { margin: .25rem 0 .5rem }
.picture { overflow-x: auto } .picture svg { display: block; max-width: 100%; height: auto;
  min-width: 30rem }
details { margin: .25rem 0 } summary { cursor: pointer; padding: .2rem 0 }
.scroll { overflow: auto; max-height: 30rem; border: 1px solid var(--grid) }
table { border-collapse: collapse; font-size: .875rem; width: 100% }
caption { text-align: left; padding: .4rem .6rem; color: var(--muted) }
th, td { padding: .2rem .6rem; text-align: left; white-space: nowrap; font-weight: 400 }
thead th { font-weight: 600; background: var(--paper); position: sticky; top: 0;
  border-bottom: 1px solid var(--muted) }
tbody tr { border-top: 1px solid var(--grid) }
.number { text-align: right; font-variant-numeric: tabular-nums }
article[hidden], section[hidden] { display: none }
@page { margin: 1.5cm }
@media print {
  body { max-width: none; padding: 0; font-size: 10.5pt }
  nav, form, .skip, details:not([open]) { display: none }
  h2, h3, .reading { break-after: avoid } figure, .reading { break-inside: avoid }
  figcaption, .picture { break-before: avoid }
  .scroll { max-height: none; overflow: visible; border: 0 }
  .picture { overflow: visible } .picture svg { min-width: 0 }
  thead th { position: static } tr { break-inside: avoid }
}
`;

/** Paper is light, whatever the screen is. */
export function styleOf(policies: number): string {
  const [light, dark] = Object.values(SCHEMES).map((i) =>
    [...coloursOf(policies)].map(([name, colours]) => `--${name}:${colours[i]}`).join(";"),
  );
  return (
    `:root{color-scheme:light dark;${light}}` +
    `@media screen and (prefers-color-scheme:dark){:root{${dark}}}${RULES}`
  );
}
