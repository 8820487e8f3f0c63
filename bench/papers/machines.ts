// The machines that results were measured on: shipped profiles, and files in machines/ that change
// some of their values. A value that is fitted is one that the shipped profile has as interpolated,
// and all rows of a machine share it.

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseProfile } from "../../src/cli/profile-file.ts";
import type { CostName } from "../../src/engine/profile/costs.ts";
import type { Count, Profile, Value } from "../../src/engine/profile/profile.ts";
import type { TopologyName } from "../../src/engine/profile/topology.ts";

/** The sources stand beside the compiled program, two folders up. */
const MACHINES = new URL("../../../bench/papers/machines/", import.meta.url);

const known = new Map<string, Profile>();

/** The profile of a machine. Throws a UsageError if there is none. */
export function profileOf(machine: string): Profile {
  const before = known.get(machine);
  if (before !== undefined) return before;
  const path = fileOf(machine);
  const profile = parseProfile(existsSync(path) ? path : machine);
  known.set(machine, profile);
  return profile;
}

/** How the source of a fitted value begins. */
const FITTED = "fitted";

/** The values of a machine that were fitted: `deliveryRemoteNs 900 → 1500`. */
export function fittedOf(machine: string): readonly string[] {
  const path = fileOf(machine);
  if (!existsSync(path)) return [];
  const { base } = JSON.parse(readFileSync(path, "utf8")) as { readonly base: string };
  const shipped = parseProfile(base);
  const { costs, topology } = profileOf(machine);
  const ns = (Object.entries(costs) as [CostName, Value][])
    .filter(([, { source }]) => source.startsWith(FITTED))
    .map(([name, { ns }]) => `${name} ${shipped.costs[name].ns} → ${ns}`);
  const counts = (Object.entries(topology) as [TopologyName, Count][])
    .filter(([, { source }]) => source.startsWith(FITTED))
    .map(([name, { count }]) => `${name} ${shipped.topology[name].count} → ${count}`);
  return [...ns, ...counts];
}

/** Where lines that an initiator fetches from its targets are told from what a send costs. */
const FETCHES_FROM_TARGETS: ReadonlySet<string> = new Set(["haswell-2s", "haswell-2s-pti"]);

/**
 * How many lines an initiator fetches from each target: the head of its queue (kernel/smp.c,
 * smp_call_function_many: llist_add). The call itself it has since the target's last answer. Only
 * of Haswell was it published how a shootdown grows with the targets, and only there do fits tell
 * this line from the sending; of all other machines, what a send costs has it in it.
 */
export function targetLinesOf(machine: string): number {
  return FETCHES_FROM_TARGETS.has(machine) ? 1 : 0;
}

export function fileOf(machine: string): string {
  return fileURLToPath(new URL(`${machine}.json`, MACHINES));
}
