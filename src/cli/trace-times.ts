// What a trace is called, which part of it a replay runs, and at what times. Operations stay in
// their order, over all CPUs.

import { basename } from "node:path";
import type { TraceOperationsData } from "../workloads/traces/index.ts";

/** `redis` for `bench/traces/redis.perf.txt.gz`; `stdin` for standard input. */
export function traceName(path: string): string {
  return path === "-" ? "stdin" : basename(path).replace(/(?<=.)\..*$/, "");
}

/** As a workload, and as what a profile was fitted to: `trace:redis`. */
export function traceWorkload(path: string): string {
  return `trace:${traceName(path)}`;
}

/** The operations with their idle time cut as `compressTimes` does; what was cut is noted. */
export function withoutGaps(
  recorded: TraceOperationsData,
  maxGapNs: number,
  untilNs?: number,
): TraceOperationsData {
  const atNs = compressTimes(recorded.atNs, recorded.byTime, maxGapNs, untilNs);
  const skippedNs = shared(Float64Array, atNs.length);
  atNs.forEach((ns, place) => {
    skippedNs[place] = recorded.atNs[place] - ns;
  });
  return { ...recorded, atNs, skippedNs };
}

/**
 * The same where what was recorded from `fromNs` on is done up to `restNs` later: as far as idle
 * time before that was cut.
 */
export function withRest(
  retimed: TraceOperationsData,
  fromNs: number,
  restNs: number,
): TraceOperationsData {
  const atNs = shared(Float64Array, retimed.atNs.length);
  const skippedNs = shared(Float64Array, atNs.length);
  retimed.atNs.forEach((ns, place) => {
    const cutNs = retimed.skippedNs[place];
    const laterNs = ns + cutNs >= fromNs ? Math.min(Math.round(restNs), cutNs) : 0;
    atNs[place] = ns + laterNs;
    skippedNs[place] = cutNs - laterNs;
  });
  return { ...retimed, atNs, skippedNs };
}

/**
 * Times at which the replay does each operation, by place: from 0, and with no two operations that
 * follow each other more than `maxGapNs` apart, but behind one that was recorded at `untilNs` or
 * later. `atNs` are the recorded times, `byTime` the places in order of time.
 */
export function compressTimes(
  atNs: Float64Array,
  byTime: Int32Array,
  maxGapNs: number,
  untilNs = Number.POSITIVE_INFINITY,
): Float64Array<SharedArrayBuffer> {
  const times = new Float64Array(new SharedArrayBuffer(8 * atNs.length));
  let recordedNs = byTime.length > 0 ? atNs[byTime[0]] : 0;
  let nowNs = 0;
  for (const place of byTime) {
    const gapNs = Math.round(atNs[place] - recordedNs);
    nowNs += recordedNs >= untilNs ? gapNs : Math.min(maxGapNs, gapNs);
    recordedNs = atNs[place];
    times[place] = nowNs;
  }
  return times;
}

/** Those that were recorded up to a time. */
export function operationsUntil(data: TraceOperationsData, untilNs: number): TraceOperationsData {
  const { atNs, byTime } = data;
  return firstOperations(data, byTime.findLastIndex((place) => atNs[place] <= untilNs) + 1);
}

/** The first `count` operations over all CPUs; all of them if there are no more. */
export function firstOperations(data: TraceOperationsData, count: number): TraceOperationsData {
  if (count >= data.byTime.length) return data;
  const { cpus } = data;
  const taken = data.byTime.subarray(0, count).toSorted();
  const firsts = shared(Int32Array, cpus.length + 1);
  let cpu = 0;
  taken.forEach((place, i) => {
    while (data.firsts[cpu + 1] <= place) firsts[++cpu] = i;
  });
  firsts.fill(count, cpu + 1);
  const newPlaces = new Map(Array.from(taken, (place, i) => [place, i]));
  const byTime = shared(Int32Array, count);
  byTime.set(Array.from(data.byTime.subarray(0, count), (place) => newPlaces.get(place)!));
  return {
    cpus,
    firsts,
    byTime,
    atNs: pick(Float64Array, data.atNs, taken),
    skippedNs: pick(Float64Array, data.skippedNs, taken),
    vpns: pick(Float64Array, data.vpns, taken),
    pages: pick(Float64Array, data.pages, taken),
    kinds: pick(Uint8Array, data.kinds, taken),
    causes: pick(Uint8Array, data.causes, taken),
    writable: pick(Uint8Array, data.writable, taken),
    tables: pick(Uint8Array, data.tables, taken),
  };
}

interface ColumnType<Column> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: SharedArrayBuffer): Column;
}

/** A column that workers are handed as it is. */
function shared<Column>(type: ColumnType<Column>, length: number): Column {
  return new type(new SharedArrayBuffer(type.BYTES_PER_ELEMENT * length));
}

function pick<Column extends Float64Array | Uint8Array>(
  type: ColumnType<Column>,
  column: Column,
  places: Int32Array,
): Column {
  const picked = shared(type, places.length);
  places.forEach((place, i) => {
    picked[i] = column[place];
  });
  return picked;
}
