import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readTable } from "../../dist/src/results/compare/table-file.js";
import { toCsv } from "../../dist/src/results/csv.js";
import { unescapeFormula } from "../../dist/src/results/formulas.js";

const COLUMNS = [
  { name: "text", type: "string", unit: "", meaning: "" },
  { name: "number", type: "number", unit: "", meaning: "" },
  { name: "flag", type: "boolean", unit: "", meaning: "" },
] as const;

interface Row {
  readonly text: string;
  readonly number: number | undefined;
  readonly flag: boolean;
}

/** What this program has read. */
function readBack(csv: string): Record<string, string>[] {
  const rows: Record<string, string>[] = [];
  readTable(
    "made-up.csv",
    csv,
    { columns: [], primaryKey: [] },
    (header) => (cells) => rows.push(header.record(cells)),
  );
  return rows;
}

/** A number that is none was not measured, and no file has two zeros. */
function measured({ number = Number.NaN }: Row): number | undefined {
  return Number.isFinite(number) ? number + 0 : undefined;
}

function numberOf(cell: string): number | undefined {
  return cell === "" ? undefined : Number(cell);
}

const SIGNS = ["=", "+", "-", "@", "\t", "\r", "\uff1d", "'", '"', ",", "\n", "\r\n", "\ufeff"];
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.array(fc.constantFrom(...SIGNS, "1", "a"), { maxLength: 6 }).map((parts) => parts.join("")),
);
const rows = fc.array(
  fc.record({ text, number: fc.option(fc.double(), { nil: undefined }), flag: fc.boolean() }),
);

describe("CSV", () => {
  it("comes back as it was, whatever the text and the numbers", () => {
    fc.assert(
      fc.property(rows, (written: Row[]) => {
        const back = readBack(toCsv(COLUMNS, written)).map(({ text, number, flag }) => {
          return { text, number: numberOf(number), flag };
        });
        const expected = written.map((row) => {
          return { text: row.text, number: measured(row), flag: `${row.flag}` };
        });
        expect(back).toEqual(expected);
      }),
    );
  });

  it("is to a strict reader what it is to our own", () => {
    fc.assert(
      fc.property(rows, (written: Row[]) => {
        const csv = toCsv(COLUMNS, written);
        const strict: Record<string, string>[] = parse(csv, {
          columns: true,
          record_delimiter: "\r\n",
        });
        const unescaped = strict.map((row) => ({ ...row, text: unescapeFormula(row.text) }));
        expect(readBack(csv)).toEqual(unescaped);
      }),
    );
  });

  it("holds nothing that a spreadsheet would run", () => {
    fc.assert(
      fc.property(text, (of) => {
        const [{ text: cell }]: Record<string, string>[] = parse(
          toCsv(COLUMNS, [{ text: of, number: 0, flag: true }]),
          { columns: true, record_delimiter: "\r\n" },
        );
        expect(cell).not.toMatch(/^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/);
      }),
    );
  });

  it("has lines that end in CR LF, and quotes only where it must", () => {
    const csv = toCsv(COLUMNS, [{ text: 'a "b", c', number: 1.5, flag: false }]);
    expect(csv).toBe('text,number,flag\r\n"a ""b"", c",1.5,false\r\n');
  });

  it("leaves a cell empty that was not measured, and writes a zero that was", () => {
    const csv = toCsv(COLUMNS, [{ text: undefined, number: 0, flag: undefined }]);
    expect(csv.split("\r\n")[1]).toBe(",0,");
    expect(toCsv(COLUMNS, [{ text: "", number: Number.NaN, flag: true }])).toContain("\n,,true");
  });

  it.each([
    ["=1+1", "'=1+1"],
    ["+1", "'+1"],
    ["-1", "'-1"],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["\uff1d1", "'\uff1d1"],
    ["'=1", "''=1"],
    ["'s", "'s"],
  ])("escapes what a spreadsheet would run, and nothing else: %s", (of, cell) => {
    const csv = toCsv(COLUMNS, [{ text: of, number: -1, flag: true }]);
    expect(csv.split("\r\n")[1]).toBe(`${cell},-1,true`);
  });
});
