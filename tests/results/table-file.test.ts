// Reading the CSV files of a run: what is taken, and what is refused with its place.

import { describe, expect, it } from "vitest";
import { ANY_SIGN } from "../../dist/src/results/columns/column.js";
import { type Header, readTable } from "../../dist/src/results/compare/table-file.js";

/** Columns of any kind, and nothing tells rows apart. */
const ANY = { columns: [], primaryKey: [] };

describe("reading CSV", () => {
  const recordsOf = (text: string) => {
    const records: Record<string, string>[] = [];
    readTable("f.csv", text, ANY, (header) => (cells) => records.push(header.record(cells)));
    return records;
  };

  it("takes cells with commas and quotes, and any end of lines", () => {
    for (const end of ["\r\n", "\n"]) {
      const text = ["a,b", '"x(1,2)","say ""y"""', "1,2", ""].join(end);
      expect(recordsOf(text)).toEqual([
        { a: "x(1,2)", b: 'say "y"' },
        { a: "1", b: "2" },
      ]);
    }
  });

  it("refuses what is empty, misses a column, or was cut off", () => {
    expect(() => recordsOf("")).toThrow(/f\.csv is empty/);
    const placed = (header: Header) => {
      header.place("c");
      return () => {};
    };
    expect(() => readTable("f.csv", "a,b\n1,2\n", ANY, placed)).toThrow(/f\.csv has no column "c"/);
    expect(() => recordsOf("a,b,c\r\n1,2,3\r\n1,2")).toThrow(/row 3 has 2 cells/);
  });

  it("refuses a cell that is not what its column holds, and says which; what is empty is none", () => {
    const types = ["integer", "number", "boolean", "string"] as const;
    const any = { unit: "", meaning: "", least: ANY_SIGN };
    const columns = types.map((type) => ({ name: type, type, ...any }));
    const read = (cells: string) => {
      readTable(
        "f.csv",
        `integer,number,boolean,string,other\n${cells}\n`,
        { columns, primaryKey: [] },
        () => () => {},
      );
    };
    for (const good of ["7,-1.5e-9,true,x,y", "-7,1,true,x,y", "0,3,false,1,2", ",,,,"]) {
      expect(() => read(good)).not.toThrow();
    }
    expect(() => read("1.5,1,true,x,y")).toThrow(
      'f.csv: row 2, column integer: "1.5" is not a whole number',
    );
    expect(() => read("7e3,1,true,x,y")).toThrow(/column integer/);
    expect(() => read("7,abc,true,x,y")).toThrow('column number: "abc" is not a number');
    expect(() => read("7,Infinity,true,x,y")).toThrow(/column number/);
    expect(() => read("7,1e400,true,x,y")).toThrow(/column number/);
    expect(() => read("7,1,yes,x,y")).toThrow('column boolean: "yes" is not true or false');
  });

  it("refuses numbers below their least, 0 unless said, and words that are none of the column's", () => {
    const read = (cells: string) => {
      const columns = [
        { name: "a", type: "integer", unit: "", meaning: "" },
        { name: "b", type: "number", unit: "", meaning: "", least: 1 },
        { name: "c", type: "string", unit: "", meaning: "", words: ["yes", "no"] },
      ] as const;
      const table = { columns, primaryKey: [] };
      readTable("f.csv", `a,b,c\n${cells}\n`, table, () => () => {});
    };
    for (const good of ["0,1,yes", "7,1.5,no", ",,"]) expect(() => read(good)).not.toThrow();
    expect(() => read("-1,1,yes")).toThrow('f.csv: row 2, column a: "-1" is not 0 or more');
    expect(() => read("0,0.5,yes")).toThrow('column b: "0.5" is not 1 or more');
    expect(() => read("0,1,Yes")).toThrow('column c: "Yes" is not one of yes, no');
  });

  it("refuses an empty cell where each row has to say something", () => {
    const filled = (header: Header) => {
      header.placeFilled("b");
      return () => {};
    };
    expect(() => readTable("f.csv", "a,b\n,2\n", ANY, filled)).not.toThrow();
    expect(() => readTable("f.csv", "a,b\n1,2\n1,\n", ANY, filled)).toThrow(
      "f.csv: row 3, column b: it is empty",
    );
  });

  it("refuses a row that is there twice, by what tells rows apart, and says which", () => {
    const read = (text: string, primaryKey: readonly string[]) => {
      readTable("f.csv", text, { columns: [], primaryKey }, () => () => {});
    };
    const text = "point,repetition,ns\na,1,5\na,2,5\nb,1,5\na,2,6\n";
    expect(() => read(text, ["point", "repetition"])).toThrow(
      "f.csv: row 5 has what row 3 has already: point a, repetition 2",
    );
    for (const key of [[], ["point", "repetition", "ns"], ["point", "none"]]) {
      expect(() => read(text, key)).not.toThrow();
    }
  });
});
