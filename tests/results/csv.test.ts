import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toCsv } from "../../dist/src/results/csv.js";

const COLUMNS = [
  { name: "text", type: "string", unit: "", meaning: "" },
  { name: "count", type: "integer", unit: "", meaning: "" },
  { name: "flag", type: "boolean", unit: "", meaning: "" },
] as const;

/** What a spreadsheet takes for a formula; full-width signs count, too. */
const FORMULA = /^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/;

describe("CSV", () => {
  it("comes back as it was, whatever the text", () => {
    const text = fc.string({ unit: "grapheme" }).filter((value) => !FORMULA.test(value));
    const row = fc.record({ text, count: fc.integer(), flag: fc.boolean() });
    fc.assert(
      fc.property(fc.array(row), (rows) => {
        const back: Record<string, string>[] = parse(toCsv(COLUMNS, rows), { columns: true });
        const asText = rows.map(({ text, count, flag }) => {
          return { text, count: `${count}`, flag: `${flag}` };
        });
        expect(back).toEqual(asText);
      }),
    );
  });

  it("has lines that end in CR LF, and quotes only where it must", () => {
    const csv = toCsv(COLUMNS, [{ text: 'a "b", c', count: 1.5, flag: false }]);
    expect(csv).toBe('text,count,flag\r\n"a ""b"", c",1.5,false\r\n');
  });

  it("leaves a cell empty that was not measured, and writes a zero that was", () => {
    const csv = toCsv(COLUMNS, [{ text: undefined, count: 0, flag: undefined }]);
    expect(csv.split("\r\n")[1]).toBe(",0,");
  });

  it.each(["=1+1", "+1", "-1", "@SUM(A1)", "\uff1d1"])(
    "escapes what a spreadsheet would run: %s",
    (text) => {
      const csv = toCsv(COLUMNS, [{ text, count: -1, flag: true }]);
      expect(csv.split("\r\n")[1]).toBe(`'${text},-1,true`);
    },
  );
});
