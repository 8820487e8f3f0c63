// `manifest.json`: how a run came about, so that it can be judged and repeated.

import { describeFinding, type Finding } from "../engine/check/finding.ts";
import { isFree, type Profile } from "../engine/profile/profile.ts";
import { shapeOf } from "../workers/point.ts";
import type { Host } from "./host.ts";
import { describePackage, type Package } from "./package.ts";
import { isOversubscribed, type MeasuredPoint } from "./rows.ts";

const MANIFEST_SCHEMA = "shootdown/manifest/1";

export interface Manifest {
  readonly schema: typeof MANIFEST_SCHEMA;
  /** As it was typed. */
  readonly command: readonly string[];
  readonly package: Package;
  readonly seed: number | null;
  /** ISO 8601, UTC. */
  readonly started: string;
  readonly ended: string;
  readonly host: Host;
  /** Repeated measurements of how restless the host is; nothing is measured yet. */
  readonly noise: Readonly<Record<string, number>>;
  /** Least times that this host needs for what a result consists of. */
  readonly floors: Readonly<Record<string, number>>;
  readonly warnings: readonly string[];
  /** Seconds on the wall, by point, over its repetitions. */
  readonly wall_s: Readonly<Record<string, number>>;
  /** Bytes of shared memory, by point. */
  readonly shared_bytes: Readonly<Record<string, number>>;
  readonly profiles: readonly Profile[];
  /** What the checker found, by point: the first of each run, with the history of their frames. */
  readonly findings: Readonly<Record<string, readonly Found[]>>;
  /** What was asked for: definitions as they were read, with what the command line changed. */
  readonly experiment: readonly object[];
  /** Whether it ended before its end. */
  readonly interrupted: boolean;
}

/** A finding, and the seed whose run it is of: `--seed` with that repeats it in virtual time. */
export interface Found extends Finding {
  readonly seed: number;
}

/** What a manifest says of the run as such. */
export interface RunFacts {
  readonly command: readonly string[];
  readonly seed: number | null;
  readonly started: Date;
  readonly ended: Date;
  readonly host: Host;
  readonly floorNs: number | undefined;
  readonly warnings: readonly string[];
  readonly experiment: readonly object[];
  readonly interrupted: boolean;
}

export function manifestOf(facts: RunFacts, points: readonly MeasuredPoint[]): Manifest {
  const wallS: Record<string, number> = {};
  const sharedBytes: Record<string, number> = {};
  const findings: Record<string, Found[]> = {};
  const profiles = new Map<string, Profile>(); // By name: a file may have been read twice.
  for (const { id, point, result } of points) {
    wallS[id] = (wallS[id] ?? 0) + result.wallS;
    sharedBytes[id] = result.sharedBytes;
    const found = (result.check?.findings ?? []).map((finding) => {
      return { seed: point.seed, ...finding };
    });
    if (found.length > 0) findings[id] = [...(findings[id] ?? []), ...found];
    profiles.set(point.profile.name, point.profile);
  }
  return {
    schema: MANIFEST_SCHEMA,
    command: facts.command,
    package: describePackage(),
    seed: facts.seed,
    started: facts.started.toISOString(),
    ended: facts.ended.toISOString(),
    host: facts.host,
    noise: {},
    floors: facts.floorNs === undefined ? {} : { round_trip_ns: facts.floorNs },
    warnings: facts.warnings,
    wall_s: wallS,
    shared_bytes: sharedBytes,
    profiles: [...profiles.values()],
    findings,
    experiment: facts.experiment,
    interrupted: facts.interrupted,
  };
}

/** Warnings that follow from the host and from what was measured on it. */
export function warningsOf(host: Host, points: readonly MeasuredPoint[]): string[] {
  const warnings: string[] = [];
  if (host.virtualized === true && points.some(isThreaded)) {
    warnings.push(
      "this machine is virtual: its CPUs may be taken away at any time, which shows as late. " +
        "Look at medians, and repeat with --repetitions 3.",
    );
  }
  const crowded = points.filter(isOversubscribed).map(({ result }) => result.actors);
  for (const actors of new Set(crowded)) {
    warnings.push(
      `${actors} actors on ${host.cpus} CPUs at --dilate 1: times are not comparable. ` +
        "Use --dilate 100.",
    );
  }
  warnings.push(...points.filter(isUnsafe).map(describeFindings));
  const late = points.filter(isMostlyLate).length;
  if (late > 0) {
    warnings.push(
      `in ${late} of ${points.length} results the host added more than a tenth to the median ` +
        "(column late_ns_p50). Leave the machine alone, or use a larger --dilate.",
    );
  }
  return warnings;
}

function isUnsafe({ result }: MeasuredPoint): boolean {
  return result.check?.verdict === "unsafe";
}

/** `akaros is unsafe (munmap, point 1f…, seed 42): 3 findings, first stale-use by core 1 …`. */
function describeFindings({ id, workload, point, result }: MeasuredPoint): string {
  const { findings = [], findingCount = 0 } = result.check ?? {};
  const count = findingCount === 1 ? "1 finding" : `${findingCount} findings`;
  const which = `${workload}, ${point.cores} cores, point ${id}, seed ${point.seed}`;
  const [first] = findings.map((finding) => describeFinding(finding, shapeOf(point)));
  return (
    `${point.policy.name} is unsafe (${which}): ${count}, first ${first}. ` +
    "See findings in manifest.json."
  );
}

/** In virtual time the host has no part in a result. */
function isThreaded({ point }: MeasuredPoint): boolean {
  return point.executor === "threads";
}

/** With a profile that costs nothing, all that is measured is the host. */
function isMostlyLate({ point, result }: MeasuredPoint): boolean {
  if (isFree(point.profile)) return false;
  const { late, latency } = result;
  return (late.quantile(0.5) ?? 0) > (latency.quantile(0.5) ?? 0) / 10;
}
