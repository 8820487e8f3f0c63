// The files of a stress run: a row a policy, and each finding with what repeats it.

import type { FindingKind, FrameEventKind } from "../engine/check/finding.ts";
import type { Profile } from "../engine/profile/profile.ts";
import type { StressRow } from "./columns/stress.ts";
import { toCsv } from "./csv.ts";
import { dataPackage } from "./datapackage.ts";
import { toJson } from "./files.ts";
import type { ResultFolder } from "./folder.ts";
import { manifestOf, type RunFacts } from "./manifest.ts";
import { STRESS } from "./tables.ts";

/** One line of findings.jsonl. Null: there is none. */
export interface FindingRecord {
  readonly policy: string;
  readonly seed: number;
  readonly round: number;
  readonly kind: FindingKind;
  readonly actor: string;
  readonly at_ns: number;
  readonly space: number;
  readonly address: string | null;
  readonly frame: number;
  /** Of a broken invariant: what did not hold. */
  readonly message: string | null;
  /** What happened to the frame before, oldest first. */
  readonly history: readonly {
    readonly kind: FrameEventKind;
    readonly at_ns: number;
    readonly actor: string;
    readonly address: string | null;
    /** Of a hand-out: the space that has the frame from then on. */
    readonly owner: number | null;
  }[];
  /** The command that runs this round again. */
  readonly repeat: string;
}

/** Throws a UsageError if the disk does not take it. */
export async function writeStress(
  folder: ResultFolder,
  name: string,
  rows: readonly StressRow[],
  findings: readonly FindingRecord[],
  profile: Profile,
  facts: RunFacts,
): Promise<void> {
  await folder.write(STRESS.file, toCsv(STRESS.columns, rows));
  await folder.write(
    "findings.jsonl",
    findings.map((found) => `${JSON.stringify(found)}\n`).join(""),
  );
  await folder.write("datapackage.json", toJson(dataPackage(name, [STRESS])));
  const manifest = { ...manifestOf(facts, []), profiles: [profile] };
  await folder.write("manifest.json", toJson(manifest));
}
