// A policy: what is flushed when, who is told and who waits. It is plain data; `planOf` (plan.ts)
// turns it into the numbers that protocols read.

/** When a half of a shootdown, the cores or the IOMMUs, is flushed. */
export type When =
  /** After every unmap. */
  | { readonly kind: "each" }
  /** At so many pages, or at the end of the operation. */
  | { readonly kind: "batch"; readonly pages: number }
  /** Per-core flush queue: the unmap returns at once. No timeout is Infinity. */
  | { readonly kind: "queue"; readonly entries: number; readonly timeoutNs: number }
  /**
   * Cores only: published in a ring of so many states; each core sweeps at its own tick and at a
   * context switch.
   */
  | { readonly kind: "tick"; readonly states: number; readonly periodNs: number }
  /**
   * When a frame or an address is about to be handed out again. `sameOwner`: not if a frame goes
   * back to the space that had it; `readOnly`: only pages that nobody may write wait, others are
   * flushed after each unmap.
   */
  | { readonly kind: "reuse"; readonly sameOwner: boolean; readonly readOnly: boolean };

/** When something that was taken away may be handed out again. */
export type Reuse =
  /** Before anybody is flushed. */
  | { readonly kind: "at-once" }
  /** After the flush, as far as the policy waits for it. */
  | { readonly kind: "after-flush" }
  /** So many ticks later, whoever has flushed by then. */
  | { readonly kind: "after-ticks"; readonly ticks: number };

/** Which cores are told. */
export interface Whom {
  /** Those that have the space loaded, or of these only those that accessed the pages. */
  readonly among: "loaded" | "accessed";
  /** Idle cores are marked, and flush when they come back. */
  readonly skipIdle: boolean;
  /** From so many targets on the hardware tells everyone; 0: never. */
  readonly broadcastFrom: number;
}

export interface IommuChoices {
  readonly interface: "register" | "queue";
  readonly scope: "page" | "domain" | "global";
  readonly order: "after-cores" | "overlapped";
  /** Promises that only leaf entries changed; not kept where page-table pages are freed. */
  readonly leafHint: boolean;
  /** One wait descriptor for so many submissions; above 1 the initiator waits for none. */
  readonly waitEvery: number;
}

export interface ReuseChoices {
  readonly frames: Reuse;
  readonly addresses: Reuse;
  readonly tables: Reuse;
}

export interface Extent {
  /** A flush of more pages than this becomes a full flush; 0: always. */
  readonly fullAbovePages: number;
  /** A core skips what a newer flush of its own already covered. */
  readonly generations: boolean;
}

export interface Policy {
  /** As the user wrote it, parameters included. */
  readonly name: string;
  readonly summary: string;
  /** Systems and papers that do it this way. */
  readonly source: string;
  /** Where the source does not say enough: what was assumed; empty if nothing was. */
  readonly assumed: string;
  readonly whenCores: When;
  readonly whenIommu: When;
  readonly whom: Whom;
  /** When a core acknowledges: never, on handler entry, after its flush. */
  readonly ack: "none" | "early" | "late";
  /** The initiator's own flush: before the IPIs, or while they travel. */
  readonly local: "serial" | "concurrent";
  readonly iommu: IommuChoices;
  readonly reuse: ReuseChoices;
  readonly extent: Extent;
}

/** Slots of a flush queue unless the policy says otherwise (Linux IOVA_DEFAULT_FQ_SIZE). */
export const DEFAULT_QUEUE_ENTRIES = 256;

/**
 * The ring of unmapped ranges that a policy needs on each core, if any; both halves share it.
 * `timeoutNs` is Infinity where no timer flushes it.
 */
export function queueOf(policy: Policy): { entries: number; timeoutNs: number } | undefined {
  for (const when of [policy.whenCores, policy.whenIommu]) {
    if (when.kind === "queue") return when;
    if (when.kind === "tick") {
      return { entries: when.states, timeoutNs: Number.POSITIVE_INFINITY };
    }
  }
  const { frames, addresses, tables } = policy.reuse;
  const ticks = [frames, addresses, tables].some(({ kind }) => kind === "after-ticks");
  if (!ticks && policy.iommu.waitEvery === 1) return undefined;
  return { entries: DEFAULT_QUEUE_ENTRIES, timeoutNs: Number.POSITIVE_INFINITY };
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
    case "tick":
      return `tick(${when.states},${describeNs(when.periodNs)})`;
    case "reuse": {
      const limits = [when.sameOwner ? "other-owner" : "", when.readOnly ? "read-only" : ""];
      const said = limits.filter((limit) => limit !== "");
      return said.length === 0 ? "reuse" : `reuse(${said.join(",")})`;
    }
  }
}

/** `loaded`, `accessed+skipIdle`, `loaded+broadcast(4)`. */
export function describeWhom({ among, skipIdle, broadcastFrom }: Whom): string {
  const idle = skipIdle ? "+skipIdle" : "";
  return `${among}${idle}${broadcastFrom > 0 ? `+broadcast(${broadcastFrom})` : ""}`;
}

/** `queue/page/overlapped`, with `/wait-every(100)` behind it. */
export function describeIommu({ interface: by, scope, order, waitEvery }: IommuChoices): string {
  return `${by}/${scope}/${order}${waitEvery > 1 ? `/wait-every(${waitEvery})` : ""}`;
}

/** One word if frames, addresses and page-table pages have the same. */
export function describeReuses({ frames, addresses, tables }: ReuseChoices): string {
  const all = [frames, addresses, tables].map(describeReuse);
  if (all.every((one) => one === all[0])) return all[0];
  return `frames:${all[0]}/addresses:${all[1]}/tables:${all[2]}`;
}

export function describeReuse(reuse: Reuse): string {
  return reuse.kind === "after-ticks" ? `after-ticks(${reuse.ticks})` : reuse.kind;
}

/** `full`, `full-above(33)`, `full-above(33)+generations`. */
export function describeExtent({ fullAbovePages, generations }: Extent): string {
  const full = fullAbovePages === 0 ? "full" : `full-above(${fullAbovePages})`;
  return generations ? `${full}+generations` : full;
}

/** A duration with the largest unit that keeps it whole: `10ms`, `250us`, `1s`, `never`. */
export function describeNs(ns: number): string {
  if (ns === Number.POSITIVE_INFINITY) return "never";
  if (ns % 1_000_000_000 === 0) return `${ns / 1_000_000_000}s`;
  if (ns % 1_000_000 === 0) return `${ns / 1_000_000}ms`;
  if (ns % 1000 === 0) return `${ns / 1000}us`;
  return `${ns}ns`;
}
