// Numbers as sentences and tables have them.

/** A time in µs with three significant digits. */
export function micros(ns: number): string {
  return `${significant(ns / 1000)} µs`;
}

/** Made once: that takes longer than to use them. */
const THREE_DIGITS = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 });
const WHOLE = new Intl.NumberFormat("en-US");

/** Three significant digits, and never an exponent. */
export function significant(value: number): string {
  return THREE_DIGITS.format(Number(value.toPrecision(3)));
}

/** What is counted, in full; where it is between two counts, as medians may be, as any number. */
export function counted(value: number): string {
  return Number.isInteger(value) ? WHOLE.format(value) : significant(value);
}

/** `46-fold`, `1.3-fold`. */
export function fold(ratio: number): string {
  return `${significant(ratio)}-fold`;
}

export function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}

/** A cell of a table; empty for what was not measured. */
export function cell(value: number | undefined, format: (value: number) => string = String) {
  return value === undefined ? "" : format(value);
}

/** A cell in µs, whose heading has the unit: as exact as the files. */
export function microsCell(ns: number | undefined): string {
  return cell(ns, (value) => (value / 1000).toFixed(3));
}
