// What a Tabular Data Package asks of `datapackage.json` (version 1 of the specification:
// https://specs.frictionlessdata.io/tabular-data-package/ and the profiles of that name, of Data
// Resource, Table Schema and CSV Dialect), and whether the files beside it are as it says.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { parse } from "csv-parse/sync";
import { z } from "zod";

const description = z.string().min(1);

const field = z.strictObject({
  name: z.string().min(1),
  /** Of the types that there are, those that we have. */
  type: z.enum(["string", "integer", "number", "boolean"]),
  /** Not of the specification, which leaves room for it. */
  unit: z.string().min(1).optional(),
  description,
});

const resource = z.strictObject({
  profile: z.literal("tabular-data-resource"),
  name: z.string().regex(/^[-a-z0-9._/]+$/),
  /** Relative, and nowhere above. */
  path: z.string().regex(/^(?![./~])(?!.*\.\.\/)[^\\:]+$/),
  title: description,
  format: z.literal("csv"),
  /** A pattern of the specification (Compression of Resources). */
  compression: z.literal("gz").optional(),
  mediatype: z.string().regex(/^[^/]+\/[^/]+$/),
  encoding: z.literal("utf-8"),
  dialect: z.strictObject({
    delimiter: z.string().length(1),
    lineTerminator: z.literal("\r\n"),
    doubleQuote: z.literal(true),
    header: z.literal(true),
  }),
  schema: z.strictObject({
    fields: z.array(field).min(1).refine(distinct, "fields of one name"),
    missingValues: z.array(z.string()),
    primaryKey: z.array(z.string()).min(1).refine(distinct, "a column twice in a key"),
  }),
});

const packageSchema = z.strictObject({
  profile: z.literal("tabular-data-package"),
  name: z.string().regex(/^[-a-z0-9._/]+$/),
  resources: z
    .array(resource)
    .min(1)
    .refine((all) => distinct(all.map(({ name }) => name)), "resources of one name"),
});

export type Field = z.infer<typeof field>;
export type Resource = z.infer<typeof resource>;

/** How each type is written (Table Schema, section Types and Formats), as we write it. */
const WRITTEN: Readonly<Record<Field["type"], RegExp>> = {
  string: /^/,
  integer: /^-?\d+$/,
  number: /^-?\d+(\.\d+)?(e[-+]?\d+)?$/,
  boolean: /^(true|false)$/,
};

/** The CSV files of a folder, as its descriptor has them. @throws ZodError for what is none. */
export function resourcesOf(folder: string): Resource[] {
  const text = readFileSync(join(folder, "datapackage.json"), "utf8");
  return packageSchema.parse(JSON.parse(text)).resources;
}

/** What is wrong with the CSV files of a folder, going by what its descriptor says of them. */
export function complaintsAboutFiles(folder: string): string[] {
  const resources = resourcesOf(folder);
  const files = readdirSync(folder).filter((name) => /\.csv(\.gz)?$/.test(name));
  const unlisted = files.filter((file) => !resources.some(({ path }) => path === file));
  return [
    ...unlisted.map((file) => `${file} is not described`),
    ...resources.flatMap((of) => complaintsAboutRows(folder, of)),
  ];
}

function complaintsAboutRows(folder: string, { path, schema }: Resource): string[] {
  const bytes = readFileSync(join(folder, path));
  const text = (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
  const [header, ...rows]: string[][] = parse(text, { record_delimiter: "\r\n" });
  const names = schema.fields.map(({ name }) => name);
  if (header.join() !== names.join()) return [`${path} has other columns than its description`];
  const found = rows.flatMap((cells, row) => {
    const wrong = schema.fields.filter(({ type }, i) => !fits(cells[i], type, schema));
    return wrong.map(({ name, type }) => `${path}, row ${row + 1}: ${name} is no ${type}`);
  });
  const places = schema.primaryKey.map((name) => names.indexOf(name));
  if (places.includes(-1)) found.push(`${path} has a key of columns that it has not`);
  const keys = rows.map((cells) => JSON.stringify(places.map((place) => cells[place])));
  if (!distinct(keys)) found.push(`${path} has rows with one key`);
  return found;
}

function fits(cell: string, type: Field["type"], { missingValues }: Resource["schema"]): boolean {
  return missingValues.includes(cell) || WRITTEN[type].test(cell);
}

function distinct(values: readonly unknown[]): boolean {
  const keys = values.map((value) => JSON.stringify(value));
  return new Set(keys).size === keys.length;
}
