// One round of a stress run: which policy it has, what it is seeded with, and how to repeat it.

import { parsePolicy } from "../../engine/policy/parse.ts";
import type { Policy } from "../../engine/policy/policy.ts";
import { printPolicy } from "../../engine/policy/print.ts";
import type { Profile } from "../../engine/profile/profile.ts";
import { Random } from "../../engine/random.ts";
import type { Point } from "../../workers/point.ts";
import { STRESS, type WorkloadPlan } from "../../workloads/workload.ts";

/** What is the same in all rounds. */
export interface StressSettings {
  readonly executor: Point["executor"];
  /** They take turns. */
  readonly policies: readonly Policy[];
  readonly profile: Profile;
  /** As the user named it: perhaps a file. */
  readonly profileName: string;
  readonly cores: number;
  readonly iommus: number;
  readonly devices: number;
  readonly seed: number;
  readonly injectsFaults: boolean;
  /** Of all cores, in one round. */
  readonly roundOperations: number;
  readonly hostCpus: number;
}

export interface Round {
  /** From 0. */
  readonly number: number;
  readonly policy: Policy;
  readonly point: Point;
  readonly operations: number;
  /** Threads: one of them is ended by force in the middle. */
  readonly killsWorker: boolean;
}

/** Operations of one round on so many cores, or fewer, unless the user asks for fewer. */
const ROUND_OPERATIONS = { virtual: 20_000, threads: 2000 } as const;
const ROUND_CORES = 8;

/** Pages that each core has for itself, and that all share: few, to be used again soon. */
const OWN_PAGES = 64;
const SHARED_PAGES = 32;
/** A page at PCIe 3.0 x4, some 4 GB/s. */
const DMA_NS = 1000;
const FAULT_EVERY_ROUNDS = 15;
const GAP_NS = 500;
const ACCESS_GAP_NS = 1000;
const DMA_PERIOD_NS = 1000;
/** Devices have TLBs of their own in one round of so many. */
const ATS_ONE_IN = 4;
/** Of rounds on threads, one in so many loses a worker. */
const KILL_EVERY = 16;

/** With more cores each operation tells more of them: a round takes as long with fewer. */
export function usualRoundOperations(executor: Point["executor"], cores: number): number {
  return Math.ceil(ROUND_OPERATIONS[executor] * Math.min(1, ROUND_CORES / cores));
}

/** Round `number`: everything random in it follows from the seed and that number. */
export function roundOf(settings: StressSettings, number: number): Round {
  const { policies, executor, injectsFaults, profile, cores, iommus, devices } = settings;
  const random = new Random(settings.seed, number);
  const policy = policies[number % policies.length];
  const operations = Math.max(1, Math.ceil(settings.roundOperations / cores / 2)) * 2 * cores;
  const seed = random.next();
  // The register interface tells no device TLB.
  const isQueued = policy.iommu.interface === "queue";
  const hasAts = isQueued && devices > 0 && random.below(ATS_ONE_IN) === 0;
  const jitter = executor === "virtual" ? random.next() : undefined;
  const point: Point = {
    executor,
    policy,
    profile,
    workload: workloadOf(settings, operations / cores, hasAts),
    cores,
    iommus,
    devices,
    seed,
    jitter,
    dilation: 1,
    hostCpus: settings.hostCpus,
    checks: true,
    logsSteps: false,
  };
  const killsWorker = executor === "threads" && injectsFaults && random.below(KILL_EVERY) === 0;
  return { number, policy, point, operations, killsWorker };
}

/** The command that runs one round again, and nothing else. */
export function repeatCommand(settings: StressSettings, { number, policy }: Round): string {
  const { executor, profileName, cores, iommus, devices, seed, roundOperations } = settings;
  return [
    "npx shootdown stress",
    `--policy '${textOf(policy)}'`,
    `--seed ${seed} --round ${number} --ops ${roundOperations}`,
    `--executor ${executor} --profile '${profileName}'`,
    `--cores ${cores} --iommus ${iommus} --devices ${devices}`,
    ...(settings.injectsFaults ? [] : ["--no-faults"]),
  ].join(" ");
}

/** A text that stands for the policy on a command line: its name, unless it came from a file. */
function textOf(policy: Policy): string {
  const text = printPolicy(policy);
  return isReadAs(policy.name, text) ? policy.name : text;
}

function isReadAs(name: string, text: string): boolean {
  try {
    return printPolicy(parsePolicy(name)) === text;
  } catch {
    return false; // It is no text of the notation.
  }
}

function workloadOf(settings: StressSettings, operations: number, ats: boolean): WorkloadPlan {
  const { cores, devices, injectsFaults } = settings;
  return {
    kind: STRESS,
    mode: 0,
    pages: 1,
    initiators: cores,
    operations: 1,
    warmup: 0,
    gapNs: GAP_NS,
    accessGapNs: ACCESS_GAP_NS,
    maskedEveryNs: 1,
    maskedNs: 0,
    idleCores: 0,
    otherCores: 0,
    dmaPeriodNs: DMA_PERIOD_NS * Math.max(1, devices),
    windows: 1,
    ats,
    trace: undefined,
    stress: {
      operations,
      ownPages: OWN_PAGES,
      sharedPages: SHARED_PAGES,
      dmaNs: DMA_NS,
      faultEvery: injectsFaults ? FAULT_EVERY_ROUNDS : 0,
    },
  };
}
