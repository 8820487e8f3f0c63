// Plants a bug in a tree of its own, and lets stress rounds look for it in virtual time.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Round, roundOf, type StressSettings } from "../../src/cli/stress/rounds.ts";
import { NoProgressError } from "../../src/engine/errors.ts";
import { parsePolicy } from "../../src/engine/policy/parse.ts";
import { PROFILES } from "../../src/engine/profile/profiles.ts";
import { BrokenRunError } from "../../src/workers/broken-run.ts";
import type { PointResult } from "../../src/workers/point.ts";
import { VirtualPool } from "../../src/workers/virtual-pool.ts";
import type { Bug } from "./bug.ts";

/** As seen from dist/tests/planted. */
const DIST = fileURLToPath(new URL("../../", import.meta.url));
const SCRIPT = new URL("../../../scripts/build-executors.mjs", import.meta.url).href;
/** Small, so that it is known when something was found. */
const ROUND_OPERATIONS = 2000;
const SEED = 1;

export interface Hunt {
  readonly detected: boolean;
  /** Operations until then. */
  readonly operations: number;
  /** What kind of finding it was, or how the run ended instead. */
  readonly finding: string;
}

/** Runs rounds with the bug in them until something is found, for `limit` operations at most. */
export async function hunt(bug: Bug, limit: number): Promise<Hunt> {
  const tree = join(DIST, "planted", bug.name);
  const root = await plant(bug, tree);
  const pool = new VirtualPool(1, root);
  const settings = settingsOf(bug);
  let operations = 0;
  try {
    for (let number = 0; operations < limit; number++) {
      const round = roundOf(settings, number);
      const finding = await runRound(pool, round);
      if (finding === TOO_LONG) return { detected: false, operations, finding };
      operations += round.operations;
      if (finding !== undefined) return { detected: true, operations, finding };
    }
    return { detected: false, operations, finding: "" };
  } finally {
    await pool.close();
    rmSync(tree, { recursive: true, force: true });
  }
}

/** Writes both forms that virtual time needs; returns where that of its worker is. */
async function plant({ edits }: Bug, tree: string): Promise<URL> {
  const { writeChanged } = (await import(SCRIPT)) as {
    writeChanged(dist: string, form: string, to: string, edits: Bug["edits"]): void;
  };
  for (const form of ["virtual", "inline"]) writeChanged(DIST, form, join(tree, form), edits);
  return pathToFileURL(join(tree, "virtual/"));
}

/** What was found in a round; undefined if nothing. */
async function runRound(pool: VirtualPool, round: Round): Promise<string | undefined> {
  let result: PointResult;
  try {
    result = await pool.run(round.point, AbortSignal.timeout(LONGEST_MS));
  } catch (error) {
    if (error instanceof Error && error.name === "AbortError") return TOO_LONG;
    if (!(error instanceof NoProgressError || error instanceof BrokenRunError)) throw error;
    return `the run ended: ${error.message.split(/[;\n]/)[0]}`;
  }
  return result.check?.findings[0]?.kind;
}

/** A round takes a tenth of a second: this one is in a loop, or the host is elsewhere … */
const LONGEST_MS = 20_000;
/** … which nobody can tell apart, so that it is no detection. */
const TOO_LONG = `a round took more than ${LONGEST_MS / 1000} s`;

function settingsOf({ policy, choices }: Bug): StressSettings {
  const [profile] = PROFILES;
  return {
    executor: "virtual",
    policies: [{ ...parsePolicy(policy), ...choices }],
    profile,
    profileName: profile.name,
    cores: 8,
    iommus: 1,
    devices: 1,
    seed: SEED,
    injectsFaults: true,
    roundOperations: ROUND_OPERATIONS,
    hostCpus: 1,
  };
}
