// `manifest.json`: how a run came about, so that it can be judged and repeated.

import type { Finding } from "../engine/check/finding.ts";
import type { Profile } from "../engine/profile/profile.ts";
import type { CollectionSums } from "../workers/point.ts";
import type { Host } from "./host.ts";
import type { NoiseByExecutor } from "./noise.ts";
import { describePackage, type Package } from "./package.ts";
import type { MeasuredPoint } from "./rows.ts";
import type { HostChecks } from "./warnings.ts";

export const MANIFEST_SCHEMA = "shootdown/manifest/1";

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
  /** By how much points differ that were run twice. */
  readonly noise: NoiseByExecutor;
  /** Least times that this host needs for what a result consists of. */
  readonly floors: Readonly<Record<string, number>>;
  readonly warnings: readonly string[];
  /** Seconds on the wall, by point, over its repetitions. */
  readonly wall_s: Readonly<Record<string, number>>;
  /** Bytes of shared memory, by point. */
  readonly shared_bytes: Readonly<Record<string, number>>;
  /** Of the workers of threads, by point, over its repetitions: how often and how long. */
  readonly garbage_collections: Readonly<Record<string, CollectionSums>>;
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
  /** Missing where nothing is run twice … */
  readonly noise?: NoiseByExecutor;
  readonly floorNs: number | undefined;
  /** … and where no threads were measured. */
  readonly checks?: HostChecks | undefined;
  readonly warnings: readonly string[];
  readonly experiment: readonly object[];
  readonly interrupted: boolean;
}

export function manifestOf(facts: RunFacts, points: readonly MeasuredPoint[]): Manifest {
  const wallS: Record<string, number> = {};
  const sharedBytes: Record<string, number> = {};
  const collections: Record<string, CollectionSums> = {};
  const findings: Record<string, Found[]> = {};
  const profiles = new Map<string, Profile>(); // By name: a file may have been read twice.
  for (const { id, point, result } of points) {
    wallS[id] = (wallS[id] ?? 0) + result.wallS;
    sharedBytes[id] = result.sharedBytes;
    if (result.collections !== undefined) {
      const { count, ns } = collections[id] ?? { count: 0, ns: 0 };
      collections[id] = { count: count + result.collections.count, ns: ns + result.collections.ns };
    }
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
    noise: facts.noise ?? {},
    floors: {
      ...(facts.floorNs !== undefined && { round_trip_ns: facts.floorNs }),
      ...(facts.checks !== undefined && { clock_step_ns: Math.round(facts.checks.clockStepNs) }),
    },
    warnings: facts.warnings,
    wall_s: wallS,
    shared_bytes: sharedBytes,
    garbage_collections: collections,
    profiles: [...profiles.values()],
    findings,
    experiment: facts.experiment,
    interrupted: facts.interrupted,
  };
}
