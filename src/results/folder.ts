// The folder of a run. It must not have been there before, and its files are written under a
// temporary name and renamed, so that a killed run leaves no torn file. One that is ended at once,
// as by the second Ctrl-C, leaves no empty folder either.

import { readdirSync, rmdirSync, rmSync } from "node:fs";
import { mkdir, open, rename, rm, rmdir } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import { UsageError } from "../engine/errors.ts";

/** Ends the names of files that this process has not finished. */
const UNFINISHED = `.${process.pid}.tmp`;

/** `results/NAME-20251122T152030123Z`. */
export function defaultFolder(name: string, at: Date): string {
  return `results/${name}-${at.toISOString().replaceAll(/[-:.]/g, "")}`;
}

export class ResultFolder {
  readonly path: string;
  /** The folder and those above it that were made for it, from the lowest to the highest. */
  private readonly made: readonly string[];

  private constructor(path: string, made: readonly string[]) {
    this.path = path;
    this.made = made;
  }

  /** Makes the folder. Throws a UsageError if it exists or cannot be made. */
  static async create(path: string): Promise<ResultFolder> {
    const parent = dirname(path);
    const highest = await mkdir(parent, { recursive: true }).catch((error) => {
      throw cannotMake(parent, error);
    });
    const above = highest === undefined ? [] : foldersBetween(parent, highest);
    await mkdir(path).catch(async (error) => {
      await removeEmpty(above);
      throw error.code === "EEXIST" ? alreadyThere(path) : cannotMake(path, error);
    });
    const folder = new ResultFolder(path, [path, ...above]);
    process.on("exit", folder.onExit);
    return folder;
  }

  /** A folder that is there already, for what follows from its files. */
  static open(path: string): ResultFolder {
    return new ResultFolder(path, []);
  }

  /** Writes one file as a whole. */
  async write(name: string, text: string | Uint8Array): Promise<void> {
    const path = join(this.path, name);
    const unfinished = join(this.path, `.${name}${UNFINISHED}`);
    try {
      const file = await open(unfinished, "wx");
      try {
        await file.writeFile(text);
        await file.sync(); // Before the rename: it must not be on the disk earlier than the text.
      } finally {
        await file.close();
      }
      await rename(unfinished, path);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw cannotWrite(path, error as NodeJS.ErrnoException);
    }
  }

  /**
   * At the end: takes the folder away again if nothing was written into it, and then those above it
   * that were made for it.
   */
  async removeIfEmpty(): Promise<void> {
    process.off("exit", this.onExit);
    await removeEmpty(this.made);
  }

  /** The same where the process ends before; of files that are being written nothing is left. */
  private readonly onExit = (): void => {
    try {
      const unfinished = readdirSync(this.path).filter((name) => name.endsWith(UNFINISHED));
      for (const name of unfinished) rmSync(join(this.path, name));
      for (const path of this.made) rmdirSync(path);
    } catch {} // It is gone, or something was written.
  };
}

/** From the lowest to the highest, both of them included. */
function foldersBetween(lowest: string, highest: string): string[] {
  const paths = [resolve(lowest)];
  while (paths[0].startsWith(resolve(highest) + sep)) paths.unshift(dirname(paths[0]));
  return paths.reverse();
}

/** `paths` from the lowest to the highest, up to the first in which there is something. */
async function removeEmpty(paths: readonly string[]): Promise<void> {
  try {
    for (const path of paths) await rmdir(path);
  } catch {} // It is not empty, or gone: those above it stay.
}

function alreadyThere(path: string): UsageError {
  return new UsageError(`${path} exists: results never replace others, so name a new --out folder`);
}

function cannotMake(path: string, error: NodeJS.ErrnoException): UsageError {
  const isFile = error.code === "EEXIST" || error.code === "ENOTDIR";
  const why = isFile ? "a part of its path is a file" : error.message;
  return new UsageError(`cannot make the folder ${path}: ${why}; name another --out folder`);
}

function cannotWrite(path: string, error: NodeJS.ErrnoException): UsageError {
  const isFull = error.code === "ENOSPC" || error.code === "EDQUOT";
  const why = isFull ? "the disk is full" : error.message;
  return new UsageError(`cannot write ${path}: ${why}. Files that were finished before are whole.`);
}
