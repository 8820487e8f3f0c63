// Words with parameters, `queue(256,10ms)`, and the numbers and times in their parentheses.

import { UsageError } from "../errors.ts";
import { unknownName } from "../names.ts";
import { MAX_TIME_NS } from "./limits.ts";

/** A word and its parameters; undefined where it has no parentheses. */
export interface Call {
  readonly text: string;
  readonly word: string;
  readonly parameters: readonly string[] | undefined;
}

const WORD = /^([A-Za-z][A-Za-z0-9-]*)(?:\((.*)\))?$/;
const NS_PER_UNIT = { ns: 1, us: 1000, ms: 1_000_000, s: 1_000_000_000 } as const;

/** `WORD` or `WORD(PARAMETERS)`; undefined for anything else. Blanks do not matter. */
export function parseCall(text: string): Call | undefined {
  const [, word, inner] = WORD.exec(text.replaceAll(/\s/g, "")) ?? [];
  if (word === undefined) return undefined;
  const parameters = inner === undefined ? undefined : splitOutsideParentheses(inner, ",");
  return { text: text.trim(), word, parameters };
}

/** Parts of a text at a separator that stands in no parentheses. */
export function splitOutsideParentheses(text: string, separator: string): string[] {
  const parts = [""];
  let depth = 0;
  for (const letter of text) {
    if (letter === "(") depth++;
    if (letter === ")") depth--;
    if (letter === separator && depth <= 0) parts.push("");
    else parts[parts.length - 1] += letter;
  }
  return parts;
}

/** A whole number in a range; `what` it is stands in the refusal: `a batch of "x" pages`. */
export function parseCount(text: string, what: string, least: number, most: number): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (count >= least && count <= most) return count;
  throw new UsageError(`${what}: it takes a whole number, ${least} to ${most}`);
}

/** A duration in ns: `10ms`. */
export function parseNs(text: string, what: string, leastNs: number, least: string): number {
  const [, digits, unit] = /^(\d+)(ns|us|ms|s)$/.exec(text) ?? [];
  const ns =
    digits === undefined ? 0 : Number(digits) * NS_PER_UNIT[unit as keyof typeof NS_PER_UNIT];
  if (ns >= leastNs && ns <= MAX_TIME_NS) return ns;
  throw new UsageError(
    `${what} of "${text}": write a whole number with ns, us, ms or s, ` +
      `${least} to 1000s, such as 10ms`,
  );
}

/** One of a few words. */
export function parseWord<Word extends string>(
  text: string,
  what: string,
  words: readonly Word[],
): Word {
  const word = words.find((known) => known === text);
  if (word === undefined) throw unknownName(what, text, words);
  return word;
}
