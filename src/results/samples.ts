// samples.csv.gz: every operation by itself.

import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { SAMPLE_COLUMNS, type SampleRow } from "./columns/distributions.ts";
import { toCsv } from "./csv.ts";
import type { MeasuredPoint } from "./rows.ts";

const compress = promisify(gzip);

/** The file's bytes: point by point, so that no text of all of them has to fit a string. */
export async function samplesFile(points: readonly MeasuredPoint[]): Promise<Buffer> {
  // Compressed parts that follow each other are one compressed file (RFC 1952, section 2.2).
  const parts = [await compress(toCsv(SAMPLE_COLUMNS, []))];
  // Several experiments of a run may have a point in common: they are numbered on.
  const written = new Map<string, number>();
  for (const point of points) {
    const key = `${point.id} ${point.repetition}`;
    const before = written.get(key) ?? 0;
    const rows = sampleRows(point, before);
    if (rows.length > 0) parts.push(await compress(toCsv(SAMPLE_COLUMNS, rows, false)));
    written.set(key, before + rows.length);
  }
  return Buffer.concat(parts);
}

function sampleRows({ id, repetition, result }: MeasuredPoint, before: number): SampleRow[] {
  const { samples } = result;
  if (samples === undefined) return [];
  const { startNs, latencyNs, gc } = samples;
  return Array.from(startNs, (start, i) => ({
    point: id,
    repetition,
    sample: before + i + 1,
    start_ns: Math.round(start),
    latency_ns: latencyNs[i],
    gc: gc && gc[i] === 1,
  }));
}
