// A comparison as Markdown, for a pull request.

import type { Section, View } from "./view.ts";

/** What a comment on a pull request can hold, and people read. */
const MOST_ROWS = 100;

/** A title, a list of lines, and the first rows of each table. */
export function toMarkdown(
  title: string,
  lines: readonly string[],
  sections: readonly Section[],
): string {
  const parts = [`### ${escaped(title)}`, lines.map((line) => `- ${escaped(line)}`).join("\n")];
  return `${[...parts, ...sections.flatMap(sectionOf)].join("\n\n")}\n`;
}

function sectionOf({ title, view }: Section): string[] {
  const rest = view.rows.length - MOST_ROWS;
  return [
    ...(title === "" ? [] : [escaped(title)]),
    tableOf({ ...view, rows: view.rows.slice(0, MOST_ROWS) }),
    ...(rest > 0 ? [`and ${rest} more rows, which the other formats have`] : []),
  ];
}

function tableOf({ headings, rows }: View): string {
  const rule = headings.map(({ align }) => (align === "right" ? "--:" : ":--"));
  return [headings.map(({ title }) => title), rule, ...rows.map((cells) => cells.map(escaped))]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

/** What Markdown would take for markup. */
function escaped(text: string): string {
  return text.replaceAll(/[\\|*_<>`[\]]/g, "\\$&");
}
