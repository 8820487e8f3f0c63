// A policy in numbers: what crosses into a worker and is read on hot paths.

import { ACK_EARLY, ACK_LATE } from "../machine/mailboxes.ts";
import { type Policy, queueOf, type Reuse, type When } from "./policy.ts";

export const EACH = 0;
export const BATCH = 1;
export const QUEUE = 2;
export const TICK = 3;
export const REUSE = 4;

export const SCOPE_PAGE = 0;
const SCOPE_DOMAIN = 1;
export const SCOPE_GLOBAL = 2;

export const AT_ONCE = 0;
const AFTER_FLUSH = 1;
const AFTER_TICKS = 2;

export interface Plan {
  /** EACH, BATCH, QUEUE, TICK or REUSE. */
  readonly coresWhen: number;
  readonly coresPages: number;
  readonly iommuWhen: number;
  readonly iommuPages: number;
  /** The queue's timer; Infinity without one. */
  readonly timeoutNs: number;
  /** Ranges that a core's ring holds before it is flushed; 0 without one. */
  readonly queueEntries: number;
  /** From one tick of a core to its next; Infinity if nothing happens at ticks. */
  readonly tickNs: number;
  /** Frames that go back to the space that had them need no flush. */
  readonly sameOwner: boolean;
  /** Only read-only pages wait for their reuse. */
  readonly readOnly: boolean;
  /** Only cores that accessed the pages are told. */
  readonly accessedOnly: boolean;
  readonly skipIdle: boolean;
  /** Targets from which on the hardware tells everyone; 0: never. */
  readonly broadcastFrom: number;
  /** Bits for a message: ACK_EARLY, ACK_LATE or 0. */
  readonly ack: number;
  readonly concurrentLocal: boolean;
  readonly queuedInvalidation: boolean;
  readonly scope: number;
  readonly overlapped: boolean;
  readonly leafHint: boolean;
  readonly waitEvery: number;
  /** AT_ONCE, AFTER_FLUSH or AFTER_TICKS. */
  readonly framesReuse: number;
  readonly addressesReuse: number;
  readonly tablesReuse: number;
  /** Before what is reused after ticks is: the longest of the three, in ns; 0 without any. */
  readonly holdNs: number;
  readonly fullAbovePages: number;
  readonly generations: boolean;
}

/** One tick of Linux at HZ=1000, for policies that count ticks and have none of their own. */
const DEFAULT_TICK_NS = 1_000_000;

const SCOPES = { page: SCOPE_PAGE, domain: SCOPE_DOMAIN, global: SCOPE_GLOBAL } as const;
const WHENS = { each: EACH, batch: BATCH, queue: QUEUE, tick: TICK, reuse: REUSE } as const;
const ACKS = { none: 0, early: ACK_EARLY, late: ACK_LATE } as const;
const REUSES = {
  "at-once": AT_ONCE,
  "after-flush": AFTER_FLUSH,
  "after-ticks": AFTER_TICKS,
} as const;

export function planOf(policy: Policy): Plan {
  const { whenCores, whenIommu, whom, iommu, reuse, extent } = policy;
  const queue = queueOf(policy);
  const halves = [whenCores, whenIommu];
  const tickNs = whenCores.kind === "tick" ? whenCores.periodNs : DEFAULT_TICK_NS;
  const reuses = halves.filter((when) => when.kind === "reuse");
  return {
    coresWhen: WHENS[whenCores.kind],
    coresPages: pagesOf(whenCores),
    iommuWhen: WHENS[whenIommu.kind],
    iommuPages: pagesOf(whenIommu),
    timeoutNs: queue?.timeoutNs ?? Number.POSITIVE_INFINITY,
    queueEntries: queue?.entries ?? 0,
    tickNs: whenCores.kind === "tick" ? tickNs : Number.POSITIVE_INFINITY,
    sameOwner: reuses.length > 0 && reuses.every((when) => when.sameOwner),
    readOnly: reuses.some((when) => when.readOnly),
    accessedOnly: whom.among === "accessed",
    skipIdle: whom.skipIdle,
    broadcastFrom: whom.broadcastFrom,
    ack: ACKS[policy.ack],
    concurrentLocal: policy.local === "concurrent",
    queuedInvalidation: iommu.interface === "queue",
    scope: SCOPES[iommu.scope],
    overlapped: iommu.order === "overlapped",
    leafHint: iommu.leafHint,
    waitEvery: iommu.waitEvery,
    framesReuse: REUSES[reuse.frames.kind],
    addressesReuse: REUSES[reuse.addresses.kind],
    tablesReuse: REUSES[reuse.tables.kind],
    holdNs: Math.max(...[reuse.frames, reuse.addresses, reuse.tables].map(ticksOf)) * tickNs,
    fullAbovePages: extent.fullAbovePages,
    generations: extent.generations,
  };
}

function pagesOf(when: When): number {
  return when.kind === "batch" ? when.pages : 1;
}

function ticksOf(reuse: Reuse): number {
  return reuse.kind === "after-ticks" ? reuse.ticks : 0;
}
