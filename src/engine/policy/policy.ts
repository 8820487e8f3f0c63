// A policy: what is flushed when, who is told and who waits. It is plain data; `planOf` turns it
// into the numbers that protocols read.

import { ACK_EARLY, ACK_LATE } from "../machine/mailboxes.ts";

export type When =
  /** After every unmap. */
  | { readonly kind: "each" }
  /** At so many pages, or at the end of the operation. */
  | { readonly kind: "batch"; readonly pages: number }
  /** Per-core flush queue: the unmap returns at once. */
  | { readonly kind: "queue"; readonly entries: number; readonly timeoutNs: number };

export interface Policy {
  /** As the user wrote it, parameters included. */
  readonly name: string;
  readonly summary: string;
  /** Systems and papers that do it this way. */
  readonly source: string;
  readonly whenCores: When;
  readonly whenIommu: When;
  /** Which cores are told: those that have the space loaded. */
  readonly whom: "loaded";
  /** When a core acknowledges: never, on handler entry, after its flush. */
  readonly ack: "none" | "early" | "late";
  /** The initiator's own flush: before the IPIs, or while they travel. */
  readonly local: "serial" | "concurrent";
  readonly iommu: {
    readonly interface: "register" | "queue";
    readonly scope: "page" | "domain" | "global";
    readonly order: "after-cores" | "overlapped";
    /** Promises that only leaf entries changed. */
    readonly leafHint: boolean;
  };
  /** When a frame may be handed out again. */
  readonly reuse: "at-once" | "after-flush";
  /** A flush of more pages than this becomes a full flush; 0: always. */
  readonly fullAbovePages: number;
}

export const EACH = 0;
export const BATCH = 1;
export const QUEUE = 2;

export const SCOPE_PAGE = 0;
export const SCOPE_DOMAIN = 1;
export const SCOPE_GLOBAL = 2;

/** A policy in numbers: what crosses into a worker and is read on hot paths. */
export interface Plan {
  readonly coresWhen: number;
  readonly coresPages: number;
  readonly iommuWhen: number;
  readonly iommuPages: number;
  readonly timeoutNs: number;
  /** Bits for a message: ACK_EARLY, ACK_LATE or 0. */
  readonly ack: number;
  readonly concurrentLocal: boolean;
  readonly queuedInvalidation: boolean;
  readonly scope: number;
  readonly overlapped: boolean;
  readonly leafHint: boolean;
  readonly fullAbovePages: number;
}

/** Slots of a flush queue unless the policy says otherwise (Linux IOVA_DEFAULT_FQ_SIZE). */
export const DEFAULT_QUEUE_ENTRIES = 256;

const SCOPES = { page: SCOPE_PAGE, domain: SCOPE_DOMAIN, global: SCOPE_GLOBAL } as const;
const WHENS = { each: EACH, batch: BATCH, queue: QUEUE } as const;
const ACKS = { none: 0, early: ACK_EARLY, late: ACK_LATE } as const;

export function planOf(policy: Policy): Plan {
  return {
    coresWhen: WHENS[policy.whenCores.kind],
    coresPages: policy.whenCores.kind === "batch" ? policy.whenCores.pages : 1,
    iommuWhen: WHENS[policy.whenIommu.kind],
    iommuPages: policy.whenIommu.kind === "batch" ? policy.whenIommu.pages : 1,
    timeoutNs: queueOf(policy)?.timeoutNs ?? 0,
    ack: ACKS[policy.ack],
    concurrentLocal: policy.local === "concurrent",
    queuedInvalidation: policy.iommu.interface === "queue",
    scope: SCOPES[policy.iommu.scope],
    overlapped: policy.iommu.order === "overlapped",
    leafHint: policy.iommu.leafHint,
    fullAbovePages: policy.fullAbovePages,
  };
}

/** The flush queue of a policy, if it has one; both halves share it. */
export function queueOf(policy: Policy): { entries: number; timeoutNs: number } | undefined {
  if (policy.whenCores.kind === "queue") return policy.whenCores;
  if (policy.whenIommu.kind === "queue") return policy.whenIommu;
  return undefined;
}

/** A choice as it stands in a column: `each`, `batch(32)`, `queue(256,10ms)`. */
export function describeWhen(when: When): string {
  switch (when.kind) {
    case "each":
      return "each";
    case "batch":
      return `batch(${when.pages})`;
    case "queue":
      return `queue(${when.entries},${describeNs(when.timeoutNs)})`;
  }
}

/** A duration with the largest unit that keeps it whole: `10ms`, `250us`, `800ns`, `1s`. */
export function describeNs(ns: number): string {
  if (ns % 1_000_000_000 === 0) return `${ns / 1_000_000_000}s`;
  if (ns % 1_000_000 === 0) return `${ns / 1_000_000}ms`;
  if (ns % 1000 === 0) return `${ns / 1000}us`;
  return `${ns}ns`;
}
