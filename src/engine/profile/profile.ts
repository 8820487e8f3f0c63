// A machine profile: what each hardware step costs on one kind of machine, each value with
// its source.

import type { TlbShape } from "../layout/shape.ts";
import type { CostName, Costs } from "./costs.ts";

/**
 * How well a value is known: sourced (published), derived (computed from published values),
 * interpolated (set between published values of other machines; the only ones that may be fitted),
 * memory (from a paper that was not read again), zero (not modelled on purpose).
 */
export type Grade = "sourced" | "derived" | "interpolated" | "memory" | "zero";

export interface Value {
  /** Whole ns, 0 or more. */
  readonly ns: number;
  readonly grade: Grade;
  readonly source: string;
}

export interface Profile {
  readonly name: string;
  readonly summary: string;
  readonly costs: Readonly<Record<CostName, Value>>;
  readonly l1: TlbShape;
  readonly l2: TlbShape;
  readonly iotlb: TlbShape;
  /** Where the TLB sizes come from. */
  readonly tlbSource: string;
}

/** The numbers of a profile, without where they come from. */
export function costsOf(profile: Profile): Costs {
  const entries = Object.entries(profile.costs).map(([name, value]) => [name, value.ns]);
  return Object.fromEntries(entries) as unknown as Costs;
}

/** Whether every cost is zero: then threads measure nothing but the host. */
export function isFree(profile: Profile): boolean {
  return Object.values(profile.costs).every((value) => value.ns === 0);
}
