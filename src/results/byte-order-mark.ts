// What spreadsheets and some editors put in front of UTF-8.

const BYTE_ORDER_MARK = /^\ufeff/;

/** A text without it. */
export function withoutByteOrderMark(text: string): string {
  return text.replace(BYTE_ORDER_MARK, "");
}
