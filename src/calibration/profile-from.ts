// A profile from the costs that are known, and all else as on another machine: each value that is
// taken from there says so, and keeps its grade.

import { UsageError } from "../engine/errors.ts";
import type { CostName } from "../engine/profile/costs.ts";
import {
  type Grade,
  isFree,
  type Known,
  type Profile,
  type Value,
} from "../engine/profile/profile.ts";
import type { Estimate } from "./cell.ts";

export type KnownCosts = Readonly<Partial<Record<CostName, Value>>>;

/** What is further away is further away by as much as there: nobody has measured it here. */
const FURTHER: readonly (readonly [far: CostName, near: CostName, what: string])[] = [
  ["deliveryRemoteNs", "deliveryNs", "to the other socket"],
  ["cacheLineSocketNs", "cacheLineNs", "to another complex"],
  ["cacheLineRemoteNs", "cacheLineNs", "to the other socket"],
];

/** Throws a UsageError for a base that says nothing of interrupts. */
export function checkBase(base: Profile): void {
  if (isFree(base)) {
    throw new UsageError(`in the profile ${base.name} nothing costs anything: name another base`);
  }
  if (base.shootsBy === "broadcast") {
    throw new UsageError(
      `the cores of ${base.name} are told by broadcast, and what was measured are interrupts: ` +
        "name another base",
    );
  }
}

/** A value that was measured or fitted, with its interval. */
export function knownValue(of: Estimate, grade: Grade, source: string): Value {
  const interval = [wholeNs(of.lowNs), wholeNs(of.highNs)] as const;
  return { ns: wholeNs(of.ns), grade, source, interval };
}

export function wholeNs(ns: number): number {
  return Math.max(0, Math.round(ns));
}

export function profileFrom(
  base: Profile,
  known: KnownCosts,
  name: string,
  summary: string,
): Profile {
  const taken = mapValues(base.costs, (value) => takenFrom(base, value));
  const costs = { ...taken, ...known, ...further(base, known), ...multicast(base, known) };
  return {
    ...base,
    name,
    summary,
    topology: mapValues(base.topology, (count) => takenFrom(base, count)),
    costs,
    origins: mapValues(base.origins, (known) => takenFrom(base, known)),
  };
}

function takenFrom<Of extends Known>({ name }: Profile, known: Of): Of {
  return { ...known, source: `taken from ${name}: ${known.source}` };
}

function mapValues<Key extends string, From>(
  record: Readonly<Record<Key, From>>,
  map: (value: From) => From,
): Record<Key, From> {
  const entries = Object.entries<From>(record).map(([key, value]) => [key, map(value)]);
  return Object.fromEntries(entries) as Record<Key, From>;
}

function further({ name, costs }: Profile, known: KnownCosts): KnownCosts {
  const values = FURTHER.flatMap(([far, near, what]) => {
    const nearby = known[near];
    if (nearby === undefined) return [];
    const moreNs = Math.max(0, costs[far].ns - costs[near].ns);
    const ns = nearby.ns + moreNs;
    const source = `taken from ${name}: ${what} it takes ${moreNs} ns more`;
    return [[far, { ns, grade: "derived", source } satisfies Value]];
  });
  return Object.fromEntries(values) as KnownCosts;
}

/** One write for a whole cluster costs so many times what one for a single core does. */
function multicast({ name, costs }: Profile, { ipiSendNs }: KnownCosts): KnownCosts {
  if (ipiSendNs === undefined || costs.clusterSendNs.ns === 0 || costs.ipiSendNs.ns === 0) {
    return {};
  }
  const ratio = costs.clusterSendNs.ns / costs.ipiSendNs.ns;
  const source = `taken from ${name}: ${ratio.toFixed(1)} times what one core's takes`;
  return { clusterSendNs: { ns: wholeNs(ratio * ipiSendNs.ns), grade: "derived", source } };
}
