// A comparison as Markdown, for a pull request.

import type { View } from "./view.ts";

/** A title, a list of lines, and the table if it has rows. */
export function toMarkdown(title: string, lines: readonly string[], view: View): string {
  const parts = [`### ${escaped(title)}`, lines.map((line) => `- ${escaped(line)}`).join("\n")];
  if (view.rows.length > 0) parts.push(tableOf(view));
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
