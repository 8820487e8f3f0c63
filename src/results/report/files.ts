// What a report has written, so that the next one in the same folder can take away what it does not
// write again. A file that is no longer what the report wrote is somebody else's, and stays.

import { createHash } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { toJson } from "../files.ts";
import type { ResultFolder } from "../folder.ts";
import type { DrawnChapter } from "./page.ts";

export interface WrittenFile {
  readonly name: string;
  readonly content: string | Uint8Array;
}

const indexSchema = z.looseObject({
  files: z.array(
    z.looseObject({
      // Nothing outside of the folder, and nothing but pictures.
      name: z.string().regex(/^[a-z0-9][a-z0-9.-]*\.(svg|png)$/),
      sha256: z.string(),
    }),
  ),
});

type Index = z.infer<typeof indexSchema>["files"];

/** What an earlier report has written; empty where it did not say so. */
export async function readIndex(folder: ResultFolder, name: string): Promise<Index> {
  try {
    const text = await readFile(join(folder.path, name), "utf8");
    return indexSchema.parse(JSON.parse(text)).files;
  } catch {
    return [];
  }
}

/** Says of each plot what it shows and where it is, and of each file what it was when written. */
export function indexOf(chapters: readonly DrawnChapter[], written: readonly WrittenFile[]) {
  const plots = chapters.flatMap(({ name, plots: own }) =>
    own.map(({ title, sentence, file }) => ({ chapter: name, title, sentence, file })),
  );
  const files = written.map(({ name, content }) => ({ name, sha256: digest(content) }));
  return toJson({ plots, files: files.sort((a, b) => (a.name < b.name ? -1 : 1)) });
}

/** Of the files of an earlier report those that the new one has not written. */
export async function removeOthers(
  folder: ResultFolder,
  before: Index,
  written: readonly WrittenFile[],
): Promise<void> {
  const names = new Set(written.map(({ name }) => name));
  for (const { name, sha256 } of before) {
    if (names.has(name)) continue;
    const path = join(folder.path, name);
    const content = await readFile(path).catch(() => undefined);
    if (content !== undefined && digest(content) === sha256) await rm(path);
  }
}

function digest(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
