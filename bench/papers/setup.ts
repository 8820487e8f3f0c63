// A set-up: one point of an experiment, in the words of experiment files, one value each.

import { expand } from "../../src/cli/experiments/expand.ts";
import { DEFAULTS } from "../../src/cli/experiments/schema.ts";
import { parseWorkload } from "../../src/cli/experiments/workloads.ts";
import { parsePolicy } from "../../src/engine/policy/parse.ts";
import type { Costs } from "../../src/engine/profile/costs.ts";
import type { Profile, ShootsBy } from "../../src/engine/profile/profile.ts";
import type { Point } from "../../src/workers/point.ts";
import { profileOf, targetLinesOf } from "./machines.ts";

export interface Setup {
  /** A file in machines/ or a shipped profile. */
  readonly machine: string;
  readonly workload: string;
  readonly policy: string;
  readonly cores: number;
  /** How these stand, where it is not as in the profile. */
  readonly topology?: { readonly sockets: number; readonly coresPerSocket: number };
  /** How they can be told, likewise; "both": by broadcast, and a flush of the own core is local. */
  readonly shootsBy?: ShootsBy;
  /** What is fitted: these costs instead of the machine's. */
  readonly costs?: Partial<Costs>;
  /** … and this count. */
  readonly cachedRegions?: number;
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
  /** Pages that programs use, of which a full flush drops what the TLB holds. */
  readonly programPages?: number;
  /** Programs access nothing that another core may have mapped. */
  readonly privateAccesses?: boolean;
  /** Lines that an initiator fetches from each core it tells, besides the machine's. */
  readonly moreTargetLines?: number;
  /** What each operation does under one lock, and whether its flush is done under it as well. */
  readonly serialNs?: number;
  readonly serialUntilFlushed?: boolean;
  readonly dmaPeriodNs?: number;
  /** Of a port: how many flows share it. */
  readonly flows?: number;
}

/** Of the operations of the long form, what the short form does. */
const SHORT_PART = 0.02;
const LEAST_OPERATIONS = 10;

/**
 * All results are from Linux, where leaf tables have locks of their own, and the handler of a flush
 * finds what it needs on so many lines (kernel/smp.c, arch/x86/mm/tlb.c): the call, what to flush,
 * and the space's generation.
 */
const LINUX_LINES = 3;

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
      profiles: [adapted(profileOf(setup.machine), setup)],
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
      program_pages: setup.programPages ?? DEFAULTS.program_pages,
      private_accesses: setup.privateAccesses ?? DEFAULTS.private_accesses,
      table_locks: true,
      message_lines: LINUX_LINES,
      target_lines: targetLinesOf(setup.machine) + (setup.moreTargetLines ?? 0),
      serial_ns: setup.serialNs ?? DEFAULTS.serial_ns,
      serial_until_flushed: setup.serialUntilFlushed ?? DEFAULTS.serial_until_flushed,
      flows: setup.flows ?? DEFAULTS.flows,
      ...(dmaPeriodNs !== undefined && { dma_period_ns: dmaPeriodNs }),
    },
    { quick: false, seed: SEED, jitter: undefined, check: "off", hostCpus: 1, overrides: {} },
  );
  return points[0].point;
}

const CANDIDATE = { grade: "interpolated", source: "a candidate of a fit" } as const;

/** The same machine with its cores in other sockets, or with another way to tell them. */
function adapted(profile: Profile, setup: Setup): Profile {
  const { costs = {}, cachedRegions, topology, shootsBy } = setup;
  const values = Object.entries(costs).map(([name, ns]) => [name, { ...CANDIDATE, ns }]);
  return {
    ...profile,
    costs: { ...profile.costs, ...Object.fromEntries(values) },
    ...(shootsBy !== undefined && { shootsBy }),
    topology: {
      ...(topology === undefined ? profile.topology : placed(profile.topology, topology)),
      ...(cachedRegions !== undefined && {
        cachedRegions: { ...CANDIDATE, count: cachedRegions },
      }),
    },
  };
}

/** Each socket is one core complex, unless it has several in the profile. */
function placed(
  shipped: Profile["topology"],
  of: Required<Setup>["topology"],
): Profile["topology"] {
  const { sockets, coresPerSocket } = of;
  const counted = { grade: "sourced", source: "the machine of the published result" } as const;
  const complex = Math.min(shipped.coresPerComplex.count, coresPerSocket);
  return {
    ...shipped,
    sockets: { count: sockets, ...counted },
    coresPerSocket: { count: coresPerSocket, ...counted },
    coresPerComplex: { ...shipped.coresPerComplex, count: complex },
  };
}
