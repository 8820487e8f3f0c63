// `datapackage.json`: what each column of each CSV file is, for tools (Frictionless table schema).

import type { Column } from "./columns/column.ts";

export interface Table {
  readonly file: string;
  readonly title: string;
  readonly columns: readonly Column[];
  /** Columns that together tell rows apart. */
  readonly primaryKey: readonly string[];
}

/** The descriptor of a folder with these CSV files. */
export function dataPackage(name: string, tables: readonly Table[]): object {
  return {
    profile: "tabular-data-package",
    name: name.toLowerCase().replaceAll(/[^a-z0-9._-]+/g, "-"),
    resources: tables.map(resource),
  };
}

function resource({ file, title, columns, primaryKey }: Table): object {
  return {
    profile: "tabular-data-resource",
    name: file.replace(/\.csv(\.gz)?$/, ""),
    path: file,
    title,
    format: "csv",
    ...(file.endsWith(".gz") && { compression: "gz" }),
    mediatype: "text/csv",
    encoding: "utf-8",
    dialect: { delimiter: ",", lineTerminator: "\r\n", doubleQuote: true, header: true },
    schema: { fields: columns.map(field), missingValues: [""], primaryKey },
  };
}

function field({ name, type, unit, meaning }: Column): object {
  return { name, type, ...(unit === "" ? {} : { unit }), description: meaning };
}
