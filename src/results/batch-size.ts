// How much a policy gathers before it flushes: the n of `batch(n)`, `queue(n,10ms)` and
// `deferred(n,10ms)`. Policies that differ in nothing else are one family.

import { describeWhen, type Policy, type When } from "../engine/policy/policy.ts";

type Gathering = Extract<When, { kind: "batch" | "queue" }>;

/** A policy's family, and its place in it. */
export interface BatchSize {
  /** `batch(n)`: the policy's name with n in place of the number. */
  readonly family: string;
  readonly n: number;
  readonly when: Gathering;
}

/** How a name says so: in the words of the notation (engine/policy/parse.ts). */
const WORDS = { batch: ["batch"], queue: ["queue", "deferred"] } as const;

/**
 * Of the first half that gathers; undefined where none does, and where the name does not say how
 * much: such a policy is no family's.
 */
export function batchSizeOf({
  name,
  whenCores,
  whenIommu,
}: Pick<Policy, "name" | "whenCores" | "whenIommu">): BatchSize | undefined {
  const when = [whenCores, whenIommu].find(gathers);
  if (when === undefined) return undefined;
  const n = sizeOf(when);
  const word = WORDS[when.kind].find((known) => name.includes(`${known}(${n}`));
  if (word === undefined) return undefined;
  return { family: name.replace(`${word}(${n}`, `${word}(n`), n, when };
}

/** A half of the policy as its column has it, with n in place of the number. */
export function describeInFamily(half: When, { when, n }: BatchSize): string {
  const text = describeWhen(half);
  const isAlike = half.kind === when.kind && gathers(half) && sizeOf(half) === n;
  return isAlike ? text.replace(`${n}`, "n") : text;
}

/** Whether it gathers beyond the end of an operation: a queue does, a batch ends with it. */
export function outlastsOperations({ when }: BatchSize): boolean {
  return when.kind === "queue";
}

/**
 * What one page costs on average, in ns: medians would not show what few operations do for many,
 * nor latencies what is done afterwards.
 */
export function pageCostNs(meanNs: number, backgroundNsPerOp: number, pages: number): number {
  return (meanNs + backgroundNsPerOp) / pages;
}

function gathers(when: When): when is Gathering {
  return when.kind === "batch" || when.kind === "queue";
}

function sizeOf(when: Gathering): number {
  return when.kind === "batch" ? when.pages : when.entries;
}
