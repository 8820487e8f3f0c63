// A set-up: one point of an experiment, in the words of experiment files, one value each.

import { expand } from "../../src/cli/experiments/expand.ts";
import { DEFAULTS } from "../../src/cli/experiments/schema.ts";
import { parseWorkload } from "../../src/cli/experiments/workloads.ts";
import { parsePolicy } from "../../src/engine/policy/parse.ts";
import type { Profile } from "../../src/engine/profile/profile.ts";
import type { Point } from "../../src/workers/point.ts";
import { profileOf } from "./machines.ts";

export interface Setup {
  /** A file in machines/ or a shipped profile. */
  readonly machine: string;
  readonly workload: string;
  readonly policy: string;
  readonly cores: number;
  /** How these stand, where it is not as in the profile. */
  readonly topology?: { readonly sockets: number; readonly coresPerSocket: number };
  /** Of each initiator, in the long form. */
  readonly operations: number;
  readonly pages?: number;
  readonly initiators?: number;
  readonly idleCores?: number;
  readonly otherCores?: number;
  readonly iommus?: number;
  readonly devices?: number;
  /** User time between two operations, in which a machine that is not modelled does the rest. */
  readonly gapNs?: number;
  readonly accessGapNs?: number;
  readonly dmaPeriodNs?: number;
}

/** Of the operations of the long form, what the short form does. */
const SHORT_PART = 0.1;
const LEAST_OPERATIONS = 20;

/** Fixed: a reproduction is the same every time, everywhere. */
const SEED = 42;

/** The point in virtual time, without the checker. Throws a UsageError if it cannot be. */
export function pointOf(setup: Setup, quick: boolean): Point {
  const { operations, dmaPeriodNs } = setup;
  const { points } = expand(
    {
      name: "papers",
      question: "does a published result come out?",
      executors: ["virtual"],
      profiles: [placed(profileOf(setup.machine), setup.topology)],
      workloads: [parseWorkload(setup.workload)],
      policies: [parsePolicy(setup.policy)],
      cores: [setup.cores],
      idle_cores: [setup.idleCores ?? 0],
      other_cores: [setup.otherCores ?? 0],
      iommus: [setup.iommus ?? 0],
      devices: [setup.devices ?? 0],
      pages: [setup.pages ?? 1],
      initiators: setup.initiators ?? 1,
      operations: quick
        ? Math.max(LEAST_OPERATIONS, Math.ceil(SHORT_PART * operations))
        : operations,
      gap_ns: setup.gapNs ?? DEFAULTS.gap_ns,
      access_gap_ns: setup.accessGapNs ?? DEFAULTS.access_gap_ns,
      ...(dmaPeriodNs !== undefined && { dma_period_ns: dmaPeriodNs }),
    },
    { quick: false, seed: SEED, jitter: undefined, check: "off", hostCpus: 1, overrides: {} },
  );
  return points[0].point;
}

/** The same machine with its cores in other sockets, each socket one core complex. */
function placed(profile: Profile, topology: Setup["topology"]): Profile {
  if (topology === undefined) return profile;
  const { sockets, coresPerSocket } = topology;
  const counted = { grade: "sourced", source: "the machine of the published result" } as const;
  const perSocket = { count: coresPerSocket, ...counted };
  const coresPerComplex = {
    count: Math.min(profile.topology.coresPerComplex.count, coresPerSocket),
    ...counted,
  };
  return {
    ...profile,
    topology: {
      ...profile.topology,
      sockets: { count: sockets, ...counted },
      coresPerSocket: perSocket,
      coresPerComplex,
    },
  };
}
