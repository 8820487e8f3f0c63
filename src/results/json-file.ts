// JSON that a user wrote or may have changed, such as experiments, profiles and manifests: reading
// it, and saying what is wrong with it: file, line and column, the field, and what would be right.

import { readFileSync } from "node:fs";
import {
  findNodeAtLocation,
  getNodePath,
  getNodeValue,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from "jsonc-parser";
import { z } from "zod";
import { UsageError } from "../engine/errors.ts";
import { questionAbout, suggestion } from "../engine/names.ts";
import { withoutByteOrderMark } from "./byte-order-mark.ts";

const EXTENSION = ".json";
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** What the system's reasons mean. */
const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EISDIR: "it is a folder",
};

type Path = readonly (string | number)[];
type Issue = z.core.$ZodIssue;

/** Whether what stands where a name could is the path of a file. */
export function isFile(nameOrFile: string): boolean {
  return nameOrFile.endsWith(EXTENSION) || nameOrFile.includes("/");
}

/** A JSON text and where in it everything stands; comments and last commas are allowed. */
export class JsonFile {
  readonly path: string;
  /** As it stands in the file. */
  readonly value: unknown;
  /** What the whole is, for people: `the experiment`. */
  private readonly what: string;
  private readonly text: string;
  private readonly tree: Node;

  /** Throws a UsageError for what is no JSON. */
  constructor(what: string, path: string, text: string) {
    this.what = what;
    this.path = path;
    this.text = withoutByteOrderMark(text);
    const errors: ParseError[] = [];
    const tree = within(path, () => parseTree(this.text, errors, { allowTrailingComma: true }));
    if (this.text.trim() === "") throw new UsageError(`${path} is empty: it has no JSON`);
    if (tree === undefined || errors.length > 0) {
      const { offset, error } = errors[0];
      throw new UsageError(
        `${this.placeOf(offset)}: this is no JSON (${printParseErrorCode(error)}): ` +
          "names and texts stand in double quotes, items are parted by commas",
      );
    }
    this.tree = tree;
    this.value = within(path, () => {
      this.refuseRepeated(tree);
      return getNodeValue(tree);
    });
  }

  /** Throws a UsageError for a file that cannot be read, too. */
  static read(what: string, path: string): JsonFile {
    let text: string;
    try {
      text = readFileSync(path, "utf8");
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const why = code === undefined ? message : (UNREADABLE[code] ?? message);
      throw new UsageError(`cannot read ${what} ${path}: ${why}`);
    }
    return new JsonFile(what, path, text);
  }

  /** What the schema makes of the value, or of what stands for it. Throws a UsageError. */
  check<Schema extends z.ZodType>(schema: Schema, value = this.value): z.infer<Schema> {
    const checked = schema.safeParse(value);
    if (checked.success) return checked.data;
    const { issues } = checked.error;
    const lines = issues.flatMap((issue) => this.describe(schema, issue));
    throw new UsageError([...new Set(lines)].join("\n"));
  }

  /** What no schema can see: `FILE:LINE:COLUMN: FIELD: MESSAGE`. */
  problem(path: Path, message: string): UsageError {
    return new UsageError(this.messageAt(path, message));
  }

  /** Of a field that stands twice the last one would count, and whoever reads it sees the first. */
  private refuseRepeated(node: Node): void {
    const { children = [] } = node;
    if (node.type === "object") {
      const known = new Set<string>();
      for (const { offset, children: [key] = [] } of children) {
        if (known.has(key.value)) {
          const field = this.fieldName(getNodePath(node));
          throw new UsageError(
            `${this.placeOf(offset)}: ${field} has the field "${key.value}" twice: leave one out`,
          );
        }
        known.add(key.value);
      }
    }
    for (const child of children) this.refuseRepeated(child);
  }

  private messageAt(path: Path, message: string, what = ""): string {
    const { node, depth } = this.nearest(path);
    // Where a number stands for an object, the fields of the object are not what the user wrote.
    const isInside = node.type === "object" || node.type === "array";
    const field = this.fieldName(isInside ? path : path.slice(0, depth));
    return `${this.placeOf(node.offset)}: ${field}${what}: ${message}`;
  }

  private describe(schema: z.ZodType, issue: Issue): string[] {
    const path = issue.path as Path;
    if (issue.code !== "unrecognized_keys") {
      return [this.messageAt(path, issue.message, this.isMissing(path) ? " is missing" : "")];
    }
    const known = fieldsAt(schema, path);
    const { node } = this.nearest(path);
    return issue.keys.map((key) => {
      const keyNode = node.children?.find(({ children }) => children?.[0].value === key) ?? node;
      const place = `${this.placeOf(keyNode.offset)}: ${this.fieldName(path)}`;
      // Of several, the last one says what there is.
      const isLast = key === issue.keys.at(-1);
      const more = isLast ? suggestion(key, known) : questionAbout(key, known);
      return `${place} has no field "${key}"${more}`;
    });
  }

  /** Whether an object stands there that has no such field. */
  private isMissing(path: Path): boolean {
    const { node, depth } = this.nearest(path);
    return depth === path.length - 1 && node.type === "object";
  }

  /** What stands at `path`, or where it is missing, what should hold it. */
  private nearest(path: Path): { node: Node; depth: number } {
    for (let depth = path.length; depth > 0; depth--) {
      const node = findNodeAtLocation(this.tree, path.slice(0, depth));
      if (node !== undefined) return { node, depth };
    }
    return { node: this.tree, depth: 0 };
  }

  private fieldName(path: Path): string {
    if (path.length === 0) return this.what;
    return path
      .map((key, i) => (typeof key === "number" ? `[${key}]` : i > 0 ? `.${key}` : key))
      .join("");
  }

  private placeOf(offset: number): string {
    const before = this.text.slice(0, offset).split("\n");
    return `${this.path}:${before.length}:${before.at(-1)!.length + 1}`;
  }
}

/** What `read` makes of a text. Throws a UsageError where the text is nested beyond its stack. */
function within<Made>(path: string, read: () => Made): Made {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(`${path}: lists or objects are nested too deep`);
  }
}

/** Fields that the object at `path` of what the schema describes can have. */
function fieldsAt(schema: z.ZodType, path: Path): string[] {
  let at = withoutWrapping(schema);
  for (const key of path) {
    if (at instanceof z.ZodObject) at = withoutWrapping(at.shape[key]);
    else if (at instanceof z.ZodArray) at = withoutWrapping(at.element as z.ZodType);
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

/** The schema of the value itself, of one that may be missing or is made into something else. */
function withoutWrapping(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional) return withoutWrapping(schema.unwrap() as z.ZodType);
  if (schema instanceof z.ZodPipe) {
    const { in: first, out: last } = schema;
    return withoutWrapping((last instanceof z.ZodTransform ? first : last) as z.ZodType);
  }
  return schema;
}

export function wholeNumber(least: number, most: number) {
  return z.int(`a whole number from ${least} to ${most}`).min(least).max(most);
}

export function oneOf<const Words extends readonly string[]>(words: Words) {
  return z.enum(words, `one of ${words.join(", ")}`);
}

/** A name that files and folders can have, too. */
export function nameField() {
  return z.string("a name").regex(NAME, "letters, digits, dots, dashes and underscores");
}

/** A string in a notation; what its parser refuses is a fault at its place in the file. */
export function named<Parsed>(parse: (text: string) => Parsed) {
  return z.string().transform((text, context): Parsed => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      context.addIssue({ code: "custom", message: error.message });
      return z.NEVER;
    }
  });
}
