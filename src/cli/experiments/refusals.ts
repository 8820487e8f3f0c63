// Which combinations make no point, and why.

import type { Policy } from "../../engine/policy/policy.ts";
import { isFree } from "../../engine/profile/profile.ts";
import { PROFILES } from "../../engine/profile/profiles.ts";
import { traitsOf } from "../../workloads/traits.ts";
import { IDLE_HEAVY, PORT, RECLAIM, TLB_BENCH } from "../../workloads/workload.ts";
import { type Combination, initiatorsOf, isSerial, type Settings } from "./combinations.ts";
import { MAX_THREADED_CORES } from "./limits.ts";

/** Workloads that are nothing without a core that neither initiates nor is idle: what it does. */
const OTHERS: Readonly<Record<number, string>> = {
  [RECLAIM]: "faults in again what is reclaimed",
  [IDLE_HEAVY]: "sleeps and wakes",
};

/** Why a combination makes no point; undefined if it does. */
export function whyNot(
  combination: Combination,
  settings: Settings,
  hostCpus: number,
): string | undefined {
  return (
    unfitForRate(combination) ??
    lackOfDevices(combination) ??
    lackOfFlows(combination, settings) ??
    lackOfCores(combination, initiatorsOf(combination, settings)) ??
    unfitForSections(combination, settings) ??
    unfitForTlbBench(combination, initiatorsOf(combination, settings)) ??
    lackOfBroadcasts(combination) ??
    unfitForExecutor(combination, settings, hostCpus)
  );
}

function unfitForRate({ workload, rate }: Combination): string | undefined {
  if (rate === undefined || traitsOf(workload.kind).openLoop) return undefined;
  return `${workload.name} has a pace of its own, and takes no --rate`;
}

function lackOfDevices({ workload, cores, iommus, devices }: Combination): string | undefined {
  const { ringSlots } = traitsOf(workload.kind);
  if (ringSlots > 0 && devices === 0) {
    return `${workload.name} is DMA: it needs a device and its IOMMU (--iommus 1 --devices 1)`;
  }
  if (ringSlots > 0 && devices > cores) {
    return `${workload.name} has a core for each device's ring (--cores ${devices})`;
  }
  return devices > 0 && iommus === 0 ? "a device needs an IOMMU (--iommus 1)" : undefined;
}

function lackOfFlows(combination: Combination, settings: Settings): string | undefined {
  const { workload, devices } = combination;
  if (workload.kind !== PORT) return undefined;
  const { flows } = settings;
  const initiators = initiatorsOf(combination, settings);
  if (devices !== 1) return `${workload.name} is one device (--devices 1)`;
  if (flows >= initiators) return undefined;
  return (
    `${workload.name} has a flow for each initiator at least: ${initiators}, not ${flows} ` +
    `("flows": ${initiators})`
  );
}

function unfitForSections({ workload }: Combination, settings: Settings): string | undefined {
  if (!isSerial(settings) || traitsOf(workload.kind).canBeSerial) return undefined;
  return `${workload.name} does nothing under a lock of its own (serial_ns is for munmap)`;
}

function lackOfCores(combination: Combination, initiators: number): string | undefined {
  const { workload, cores, idleCores, otherCores } = combination;
  if (initiators > cores) return `${initiators} initiators need as many cores`;
  const taken = initiators + idleCores + otherCores;
  if (taken > cores) {
    return (
      `initiators, idle_cores and other_cores are cores apart: ${initiators} + ${idleCores} + ` +
      `${otherCores} need ${taken} cores, not ${cores} (--cores ${taken})`
    );
  }
  const others = OTHERS[workload.kind];
  if (others === undefined || taken < cores) return undefined;
  return `${workload.name} needs a core that ${others} (--cores ${taken + 1})`;
}

/** Its targets are the cores behind the initiators: a program's if there is one, else asleep. */
function unfitForTlbBench(combination: Combination, initiators: number): string | undefined {
  const { workload, policy, cores, idleCores, otherCores } = combination;
  if (workload.kind !== TLB_BENCH) return undefined;
  if (cores <= initiators) return `${workload.name} needs a core to signal (--cores 2)`;
  if (otherCores > 0 && initiators + idleCores + otherCores === cores) {
    return (
      `${workload.name} signals core ${initiators}, which runs another process: it needs one ` +
      `core more (--cores ${cores + 1}) or fewer other_cores`
    );
  }
  if (policy.iommu.interface === "register") return undefined;
  return `${workload.name} flushes IOTLBs by register (--policy akaros)`;
}

function lackOfBroadcasts({ policy, profile }: Combination): string | undefined {
  if (policy.whom.broadcastFrom === 0 || profile.shootsBy !== "ipi") return undefined;
  return (
    `${policy.name} broadcasts, and the cores of ${profile.name} are told by IPIs only ` +
    `(--profile ${madeFor(policy)})`
  );
}

/**
 * The shipped profile that a policy which broadcasts is made for: one that has broadcasts alone
 * where it never sends an IPI, one that has both where it chooses.
 */
function madeFor({ whom }: Policy): string | undefined {
  const shootsBy = whom.broadcastFrom === 1 ? "broadcast" : "both";
  return PROFILES.find((profile) => profile.shootsBy === shootsBy)?.name;
}

function unfitForExecutor(
  { executor, profile, cores, iommus, devices }: Combination,
  { dilation }: Settings,
  hostCpus: number,
): string | undefined {
  if (executor === "virtual") {
    if (!isFree(profile)) return undefined;
    return `the profile ${profile.name} measures this host: in virtual time nothing takes time`;
  }
  if (cores > MAX_THREADED_CORES) {
    return `threads run at most ${MAX_THREADED_CORES} cores (--executor virtual)`;
  }
  if (!isFree(profile) || dilation !== "auto" || cores + iommus + devices <= hostCpus) {
    return undefined;
  }
  return (
    `the profile ${profile.name} measures this host, and has no time to dilate: its ` +
    `actors must fit ${hostCpus} CPUs`
  );
}
