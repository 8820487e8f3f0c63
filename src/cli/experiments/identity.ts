// The name of a configuration: a short hash that is the same wherever and whenever the
// configuration is.

import { createHash } from "node:crypto";
import { choicesOf, decisionsOf } from "../../engine/policy/choices.ts";
import { costsOf, topologyOf } from "../../engine/profile/profile.ts";
import type { Point } from "../../workers/point.ts";
import type { TraceOperationsData } from "../../workloads/traces/index.ts";

const ID_DIGITS = 12;
/** Tools that guess the types of columns would make a number of it. */
const NUMERAL = /^\d+(e\d+)?$/;

/**
 * Hash of all that decides what a point measures; not of its seed, which repetitions vary, nor of
 * what comes before its warm-up.
 */
export function pointId(workload: string, point: Point): string {
  const { profile } = point;
  const { trace, compiling: _, ...plan } = point.workload;
  return shortHash(
    canonicalJson({
      executor: point.executor,
      profile: {
        name: profile.name,
        shootsBy: profile.shootsBy,
        topology: topologyOf(profile),
        costs: costsOf(profile),
        l1: profile.l1,
        l2: profile.l2,
        iotlb: profile.iotlb,
      },
      policy: decisionsOf(choicesOf(point.policy)),
      workload,
      plan,
      trace: trace === undefined ? null : traceHash(trace),
      cores: point.cores,
      iommus: point.iommus,
      devices: point.devices,
      dilation: point.dilation,
      // In virtual time the checker takes no time.
      ...(point.checks && point.executor === "threads" && { checks: true }),
      ...(point.jitter !== undefined && { jitter: point.jitter }),
    }),
  );
}

/** The first digits of the SHA-256 of a text that are no numeral. */
export function shortHash(text: string): string {
  const digest = createHash("sha256").update(text).digest("hex");
  let first = 0;
  while (NUMERAL.test(digest.slice(first, first + ID_DIGITS))) first++;
  return digest.slice(first, first + ID_DIGITS);
}

/**
 * JSON whose keys are sorted, so that the order in which an object was put together does
 * not matter.
 */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

function traceHash(trace: TraceOperationsData): string {
  const hash = createHash("sha256");
  const { cpus, firsts, atNs, vpns, pages, kinds, writable, tables } = trace;
  for (const column of [cpus, firsts, atNs, vpns, pages, kinds, writable, tables]) {
    hash.update(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
  }
  return hash.digest("hex");
}
