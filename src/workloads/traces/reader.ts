// Reads a trace once, from beginning to end, in fixed memory.

import type { Readable } from "node:stream";
import type { TraceEvent } from "./event.ts";
import { type SkippedLine, TraceParser } from "./parser.ts";
import { readText, sourceName } from "./source.ts";

export interface ReadOptions {
  /** Throw a UsageError at the first line that is no event, instead of counting it. */
  readonly strict?: boolean;
  /** What `-` reads; the process's own standard input if left out. */
  readonly standardInput?: Readable;
}

export interface TraceSummary {
  readonly file: string;
  readonly lines: number;
  readonly events: number;
  readonly linesSkipped: number;
  /** Among those skipped: known events whose payload is missing or cut off. */
  readonly linesWithoutPayload: number;
  /** The first few lines that were skipped. */
  readonly skippedSamples: readonly SkippedLine[];
  readonly eventsByName: ReadonlyMap<string, number>;
  /** The second that the events' `timeNs` count from. */
  readonly baseS: number;
}

/**
 * Calls `onEvent` for each event of the file at `path` (`-`: standard input), in the file's order
 * and always with the same object. Rejects with a UsageError if the file cannot be read.
 */
export function readTrace(
  path: string,
  onEvent: (event: TraceEvent) => void,
  options: ReadOptions = {},
): Promise<TraceSummary> {
  const file = sourceName(path);
  const parser = new TraceParser(onEvent, { file, strict: options.strict ?? false });
  return readText(path, (chunk) => parser.feed(chunk), options.standardInput).then(() => {
    parser.end();
    return summarize(file, parser);
  });
}

function summarize(file: string, parser: TraceParser): TraceSummary {
  return {
    file,
    lines: parser.lines,
    events: parser.events,
    linesSkipped: parser.linesSkipped,
    linesWithoutPayload: parser.linesWithoutPayload,
    skippedSamples: parser.skippedSamples,
    eventsByName: parser.eventsByName(),
    baseS: parser.baseS ?? 0,
  };
}

/** The warning for lines that were skipped, if any were. */
export function skippedWarning(summary: TraceSummary): string[] {
  if (summary.linesSkipped === 0) return [];
  const { line, text } = summary.skippedSamples[0]!;
  return [
    `${summary.linesSkipped} of ${summary.lines} lines of ${summary.file} are no events and were ` +
      `left out, the first at ${summary.file}:${line}: "${text.trim()}". Stop there with --strict.`,
  ];
}
