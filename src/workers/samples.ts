// Every operation of a point by itself, in the order in which they began, with those marked during
// which somebody collected garbage.

import type { RunRecord } from "./point.ts";

export interface Samples {
  /** From the beginning of the first run, as if runs had followed each other; modelled ns. */
  readonly startNs: Float64Array;
  readonly latencyNs: Float64Array;
  /** 1: a worker collected garbage meanwhile; undefined in virtual time, where that takes none. */
  readonly gc: Uint8Array | undefined;
}

interface Sample {
  readonly startNs: number;
  readonly latencyNs: number;
  readonly gc: boolean;
}

/** An actor's cursor may be so far ahead of the clock by which collections are dated. */
const AHEAD_NS = 1000;

/** Undefined if samples were not logged. */
export function samplesOf(records: readonly RunRecord[], onThreads: boolean): Samples | undefined {
  const samples: Sample[] = [];
  let baseNs = 0;
  for (const record of records) {
    const { found, endNs } = samplesOfRun(record);
    for (const sample of found) samples.push({ ...sample, startNs: baseNs + sample.startNs });
    baseNs += endNs;
  }
  if (samples.length === 0) return undefined;
  return {
    startNs: Float64Array.from(samples, ({ startNs }) => startNs),
    latencyNs: Float64Array.from(samples, ({ latencyNs }) => latencyNs),
    gc: onThreads ? Uint8Array.from(samples, ({ gc }) => (gc ? 1 : 0)) : undefined,
  };
}

/** Of all initiators. */
function samplesOfRun({ reports }: RunRecord): { found: Sample[]; endNs: number } {
  const collections = reports
    .flatMap((report) => report.collections ?? [])
    .sort((a, b) => a.startNs - b.startNs);
  const found: Sample[] = [];
  let endNs = 0;
  for (const { core } of reports) {
    const logged = core?.path?.samples;
    if (core === undefined || logged === undefined) continue;
    endNs = Math.max(endNs, core.measured.endedNs);
    logged.startNs.forEach((startNs, i) => {
      found.push({ startNs, latencyNs: logged.latencyNs[i], gc: false });
    });
  }
  found.sort((a, b) => a.startNs - b.startNs);
  return { found: marked(found, collections), endNs };
}

/** Both ascending by their start. */
function marked(
  samples: readonly Sample[],
  collections: readonly { readonly startNs: number; readonly endNs: number }[],
): Sample[] {
  let first = 0;
  // Of those before: a long one may outlast others that began later.
  let latestEndNs = Number.NEGATIVE_INFINITY;
  return samples.map((sample) => {
    const endNs = sample.startNs + sample.latencyNs;
    const fromNs = sample.startNs - AHEAD_NS;
    while (first < collections.length && collections[first].startNs <= fromNs) {
      latestEndNs = Math.max(latestEndNs, collections[first++].endNs);
    }
    const began = first < collections.length && collections[first].startNs <= endNs;
    return { ...sample, gc: began || latestEndNs > fromNs };
  });
}
