// A machine profile: what each hardware step costs on one kind of machine, and how many of what it
// has, each value with its source.

import type { TlbShape } from "../layout/shape.ts";
import type { CostName, Costs } from "./costs.ts";
import type { Topology, TopologyName } from "./topology.ts";

/**
 * How well a value is known: sourced (published), derived (computed from published values),
 * interpolated (set between published values of other machines; the only ones that may be fitted),
 * memory (published, but not read again), zero (the machine has no such step, or it is not modelled
 * on purpose), given (a user's file has it and says no more), measured (by itself, on the machine),
 * fitted (so that the model comes to what was measured of several steps together).
 */
export const GRADES = [
  "sourced",
  "derived",
  "interpolated",
  "memory",
  "zero",
  "given",
  "measured",
  "fitted",
] as const;
export type Grade = (typeof GRADES)[number];

/** How well something is known, and whence. */
export interface Known {
  readonly grade: Grade;
  readonly source: string;
}

export interface Value extends Known {
  /** Whole ns, 0 or more. */
  readonly ns: number;
  /** Of what was measured or fitted: from where to where it may lie, with 95 % confidence. */
  readonly interval?: readonly [lowNs: number, highNs: number];
}

export interface Count extends Known {
  readonly count: number;
}

/**
 * How cores can be told to invalidate: by an interrupt each, by one instruction that reaches all of
 * them, or by either. Who broadcasts has costs for it: `broadcastSendNs` is above 0. Where both are
 * possible the policy chooses.
 */
export const SHOOTS_BY = ["ipi", "broadcast", "both"] as const;
export type ShootsBy = (typeof SHOOTS_BY)[number];

/** What is no number, and says in `Profile.origins` how well it is known. */
export const PARTS_WITH_ORIGIN = ["shootsBy", "l1", "l2", "iotlb"] as const;
export type PartWithOrigin = (typeof PARTS_WITH_ORIGIN)[number];

export interface Profile {
  readonly name: string;
  readonly summary: string;
  readonly shootsBy: ShootsBy;
  readonly topology: Readonly<Record<TopologyName, Count>>;
  readonly costs: Readonly<Record<CostName, Value>>;
  readonly l1: TlbShape;
  readonly l2: TlbShape;
  readonly iotlb: TlbShape;
  readonly origins: Readonly<Record<PartWithOrigin, Known>>;
}

/** The numbers of a profile, without where they come from. */
export function costsOf(profile: Profile): Costs {
  const entries = Object.entries(profile.costs).map(([name, value]) => [name, value.ns]);
  return Object.fromEntries(entries) as unknown as Costs;
}

/** The same of what the machine has. */
export function topologyOf(profile: Profile): Topology {
  const entries = Object.entries(profile.topology).map(([name, value]) => [name, value.count]);
  return Object.fromEntries(entries) as unknown as Topology;
}

/** What a run has to know of a profile: its numbers, and how cores are told. */
export interface ProfileNumbers {
  readonly costs: Costs;
  readonly topology: Topology;
  readonly shootsBy: ShootsBy;
}

export function numbersOf(profile: Profile): ProfileNumbers {
  const { shootsBy } = profile;
  return { costs: costsOf(profile), topology: topologyOf(profile), shootsBy };
}

/** Whether every cost is zero: then threads measure nothing but the host. */
export function isFree(profile: Profile): boolean {
  return Object.values(profile.costs).every((value) => value.ns === 0);
}
