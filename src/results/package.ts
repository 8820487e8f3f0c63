// This program itself: where its files lie, its version, the commit it was built from.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The package's root, as seen from dist/src/results. */
export const PACKAGE_ROOT = new URL("../../../", import.meta.url);

export interface Package {
  readonly name: string;
  readonly version: string;
  /** Null outside a working copy. */
  readonly commit: string | null;
}

export function describePackage(): Package {
  const text = readFileSync(new URL("package.json", PACKAGE_ROOT), "utf8");
  const { name, version } = JSON.parse(text) as { name: string; version: string };
  return { name, version, commit: commitOf(fileURLToPath(PACKAGE_ROOT)) };
}

function commitOf(folder: string): string | null {
  try {
    const ask = (...args: string[]) =>
      execFileSync("git", args, {
        cwd: folder,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      });
    // Installed below somebody else's working copy, the commit would be theirs.
    const isRoot = ask("rev-parse", "--show-prefix").trim() === "";
    return isRoot ? ask("rev-parse", "HEAD").trim() : null;
  } catch {
    return null; // No git, or no working copy.
  }
}
