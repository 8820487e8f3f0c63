// Choices in the words of the columns of summary.csv: how a policy is written in JSON.
//
// column        words
// when_cores,   each, batch(32), queue(256,10ms), tick(64,1ms), reuse(other-owner)
// when_iommu
// whom          loaded or accessed, skip-idle (or skipIdle), broadcast(4)
// ack           none, early, late
// local         serial, concurrent
// iommu         queue or register, page …, after-cores …, wait-every(100), no-leaf-hint
// reuse         at-once, after-flush, after-ticks(2): of all; frames:at-once/addresses:after-flush
// extent        full, full-above(33), generations
//
// Words of one cell are joined by `+` or `/`. What none of them says stays as it is.

import { UsageError } from "../errors.ts";
import type { Choices } from "./choices.ts";
import { together } from "./compose.ts";
import { parseCall, parseWord, splitOutsideParentheses } from "./parameters.ts";
import { parsePart, parseReuse, parseWhen } from "./words.ts";

/** Words of columns, with what they are in the notation. */
const COLUMNS = {
  whom: {
    ...same("loaded", "accessed", "skip-idle", "tell-idle", "broadcast", "no-broadcast"),
    skipIdle: "skip-idle",
  },
  ack: { none: "no-ack", early: "early-ack", late: "late-ack" },
  local: same("serial", "concurrent"),
  iommu: {
    ...same("register", "page", "domain", "global", "after-cores", "overlapped"),
    ...same("leaf-hint", "no-leaf-hint", "wait-every"),
    queue: "queued",
  },
  extent: same("full", "full-above", "generations", "no-generations"),
} as const satisfies Record<string, Readonly<Record<string, string>>>;

/** `frames:at-once` of the column `reuse`. */
const REUSE_OF = /^(frames|addresses|tables):(.*)$/;

export const COLUMN_NAMES = [
  "when_cores",
  "when_iommu",
  "whom",
  "ack",
  "local",
  "iommu",
  "reuse",
  "extent",
] as const;
export type ColumnName = (typeof COLUMN_NAMES)[number];

/** What a cell of the column chooses. Throws a UsageError that says what would be right. */
export function parseColumn(name: ColumnName, text: string): Partial<Choices> {
  switch (name) {
    case "when_cores":
      return { whenCores: parseWhen(text) };
    case "when_iommu":
      return { whenIommu: parseWhen(text) };
    case "reuse":
      return parseReuses(text);
    default:
      return parseWords(name, text);
  }
}

function parseWords(name: keyof typeof COLUMNS, cell: string): Partial<Choices> {
  const words: Readonly<Record<string, string>> = COLUMNS[name];
  return together(
    wordsOf(cell).map((text) => {
      const word = parseWord(parseCall(text)?.word ?? text, `word of ${name}`, Object.keys(words));
      return [text, parsePart(text.replace(word, words[word]))];
    }),
  );
}

function parseReuses(text: string): Partial<Choices> {
  const words = wordsOf(text);
  if (words.length === 1 && !words[0].includes(":")) {
    const all = parseReuse(words[0]);
    return { frames: all, addresses: all, tables: all };
  }
  return together(
    words.map((word) => {
      const [, what, when] = REUSE_OF.exec(word) ?? [];
      if (what !== undefined) return [word, { [what]: parseReuse(when) }];
      throw new UsageError(`"${word}": write frames:WHEN, addresses:WHEN or tables:WHEN`);
    }),
  );
}

function wordsOf(text: string): string[] {
  return splitOutsideParentheses(text.replaceAll(/\s/g, "").replaceAll("/", "+"), "+");
}

function same(...words: readonly string[]): Record<string, string> {
  return Object.fromEntries(words.map((word) => [word, word]));
}
