// Text that a spreadsheet would run when it opens a CSV file. It gets an apostrophe in front, as
// spreadsheets themselves have it, which readers take away again. So that they can tell it from
// one that was there before, such text with apostrophes in front gets one more.

/** Full-width signs count, too. */
const FORMULA = /^'*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/;

export function escapeFormula(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text;
}

/** What `escapeFormula` was given. */
export function unescapeFormula(cell: string): string {
  return cell.startsWith("'") && FORMULA.test(cell) ? cell.slice(1) : cell;
}
