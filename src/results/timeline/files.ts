// The files of a timeline: the trace itself, and how it came about.

import { toJson } from "../files.ts";
import type { ResultFolder } from "../folder.ts";
import { manifestOf, type RunFacts } from "../manifest.ts";
import type { MeasuredPoint } from "../rows.ts";
import type { Capped } from "./cap.ts";
import { traceFileOf } from "./trace-events.ts";

export const TIMELINE_FILE = "timeline.json";

/**
 * Writes a timeline; `about` says in the file itself what it is of, `points` is the run, if it was
 * one. Throws a UsageError if the disk does not take it.
 */
export async function writeTimeline(
  folder: ResultFolder,
  { timeline, events, leftOut }: Capped,
  about: Readonly<Record<string, string | number>>,
  facts: RunFacts,
  points: readonly MeasuredPoint[],
): Promise<void> {
  const trace = traceFileOf(timeline, { ...about, events, events_left_out: leftOut });
  await folder.write(TIMELINE_FILE, `${JSON.stringify(trace)}\n`);
  await folder.write("manifest.json", toJson(manifestOf(facts, points)));
}
