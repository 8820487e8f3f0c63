// Word tables: which field of a shared record stands in which 32-bit word. A table is checked
// when its module loads, so that two owners of one word, or a torn 64-bit field, cannot get as
// far as a run.

export const WORD_BYTES = 4;
export const LINE_BYTES = 64;
export const LINE_WORDS = LINE_BYTES / WORD_BYTES;

/** Nanoseconds as they fit a word: the host may stop a thread for longer. */
export function wordNs(ns: number): number {
  return Math.min(ns, MAX_WORD_NS);
}

const MAX_WORD_NS = 0x7fffffff;

/**
 * A field: the index of its first word, with `64` if it is a float64 (two words, at an even index).
 */
export type Field = number | readonly [firstWord: number, bits: 64];

/**
 * Checks the word table of a record of `strideWords` words.
 * @throws RangeError if two fields overlap, one leaves the record, or a 64-bit field is not
 * aligned.
 */
export function checkWords(
  record: string,
  strideWords: number,
  fields: Readonly<Record<string, Field>>,
): void {
  const ownerOfWord = new Map<number, string>();
  for (const [name, field] of Object.entries(fields)) {
    const first = typeof field === "number" ? field : field[0];
    const words = typeof field === "number" ? 1 : 2;
    if (words === 2 && first % 2 !== 0) {
      throw new RangeError(
        `${record}.${name}: a 64-bit field starts at an even word, not at ${first}`,
      );
    }
    if (first < 0 || first + words > strideWords) {
      throw new RangeError(
        `${record}.${name}: word ${first} leaves the ${strideWords} of the record`,
      );
    }
    for (let word = first; word < first + words; word++) {
      const owner = ownerOfWord.get(word);
      if (owner !== undefined) {
        throw new RangeError(`${record}: word ${word} belongs to both ${owner} and ${name}`);
      }
      ownerOfWord.set(word, name);
    }
  }
}

/** A bit field within a word; the mask follows from the width. */
export interface Bits {
  readonly shift: number;
  readonly width: number;
}

/**
 * Checks that the bit fields of one word do not overlap and fit 32 bits.
 * @throws RangeError if they do not.
 */
export function checkBits(word: string, fields: Readonly<Record<string, Bits>>): void {
  let used = 0n;
  for (const [name, { shift, width }] of Object.entries(fields)) {
    const mask = ((1n << BigInt(width)) - 1n) << BigInt(shift);
    if (shift < 0 || width < 1 || shift + width > 32) {
      throw new RangeError(
        `${word}.${name}: bits ${shift + width - 1}:${shift} leave a 32-bit word`,
      );
    }
    if ((used & mask) !== 0n)
      throw new RangeError(`${word}.${name}: its bits overlap another field`);
    used |= mask;
  }
}

/** The mask of a field of `width` bits (1 to 31), at bit 0. */
export function maskOf(width: number): number {
  return ~(-1 << width);
}

/** Rounds up to whole cache lines. */
export function wholeLines(bytes: number): number {
  return Math.ceil(bytes / LINE_BYTES) * LINE_BYTES;
}
