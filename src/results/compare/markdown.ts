// A comparison as Markdown, for a pull request.

import type { View } from "./view.ts";

/** What a comment on a pull request can hold, and people read. */
const MOST_ROWS = 100;

/** A title, a list of lines, and the first rows of the table if it has any. */
export function toMarkdown(title: string, lines: readonly string[], view: View): string {
  const parts = [`### ${escaped(title)}`, lines.map((line) => `- ${escaped(line)}`).join("\n")];
  const rest = view.rows.length - MOST_ROWS;
  if (view.rows.length > 0) parts.push(tableOf({ ...view, rows: view.rows.slice(0, MOST_ROWS) }));
  if (rest > 0) parts.push(`and ${rest} more rows, which the other formats have`);
  return `${parts.join("\n\n")}\n`;
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
