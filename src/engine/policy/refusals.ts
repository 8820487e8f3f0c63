// Combinations that cannot mean anything, and those that could but are not modelled, each with the
// reason. What is merely unsafe is not refused: the checker is there to show it.

import { UsageError } from "../errors.ts";
import type { Decisions } from "./choices.ts";
import type { When } from "./policy.ts";

interface Refusal {
  applies(policy: Decisions): boolean;
  readonly reason: string;
}

const MEANINGLESS: readonly Refusal[] = [
  {
    applies: ({ whenIommu }) => whenIommu.kind === "tick",
    reason: "an IOMMU has no tick: it never sweeps by itself (tick is for cores)",
  },
  {
    applies: ({ iommu }) => byRegister(iommu) && iommu.waitEvery > 1,
    reason:
      "the register interface has no wait descriptors: each command is polled under the lock " +
      "until it is done (add wait-every(1), or queued)",
  },
  {
    applies: ({ iommu }) => byRegister(iommu) && iommu.order === "overlapped",
    reason:
      "a register command is polled under the lock, so that nothing overlaps it (add " +
      "after-cores, or queued)",
  },
  {
    applies: ({ whenCores, whenIommu, reuse }) => {
      const isLate = whenCores.kind === "reuse" || whenIommu.kind === "reuse";
      return isLate && reuse.frames.kind === "at-once" && reuse.addresses.kind === "at-once";
    },
    reason:
      "at reuse means: before a frame or an address is handed out again; if both are handed out " +
      "at once, nothing is ever flushed",
  },
  {
    applies: ({ whom, ack }) => whom.broadcastFrom === 1 && ack === "early",
    reason:
      "where the hardware tells every core, none enters a handler that could acknowledge early",
  },
];

const NOT_MODELLED: readonly Refusal[] = [
  {
    applies: ({ whenCores, whenIommu }) => {
      const [cores, iommu] = [ringOf(whenCores), ringOf(whenIommu)];
      if (cores === undefined || iommu === undefined) return false;
      return cores.entries !== iommu.entries || cores.timeoutNs !== iommu.timeoutNs;
    },
    reason:
      "here both halves wait in one ring of each core, which has one size and one timeout (give " +
      "both the same; a tick has the timeout never)",
  },
  {
    applies: ({ whenCores, whenIommu }) => {
      if (whenCores.kind !== "reuse" || whenIommu.kind !== "reuse") return false;
      return (
        whenCores.sameOwner !== whenIommu.sameOwner || whenCores.readOnly !== whenIommu.readOnly
      );
    },
    reason:
      "here a frame that is handed out again has one stamp for both halves: which reuse needs a " +
      "flush is the same for cores and IOMMUs (give both the same limits)",
  },
];

/** Throws a UsageError with all reasons why there can be no such policy, which goes by `name`. */
export function refuseUnfit(name: string, policy: Decisions): void {
  const kinds = [
    ["cannot mean anything", MEANINGLESS],
    ["is not modelled", NOT_MODELLED],
  ] as const;
  const said = kinds.flatMap(([what, refusals]) => {
    const reasons = refusals.filter(({ applies }) => applies(policy)).map(({ reason }) => reason);
    return reasons.length === 0 ? [] : `${what}: ${reasons.join("; ")}`;
  });
  if (said.length > 0) throw new UsageError(`${name} ${said.join("; it ")}`);
}

function byRegister(iommu: Decisions["iommu"]): boolean {
  return iommu.interface === "register";
}

/** The ring that a half waits in. */
function ringOf(when: When): { entries: number; timeoutNs: number } | undefined {
  if (when.kind === "queue") return when;
  if (when.kind !== "tick") return undefined;
  return { entries: when.states, timeoutNs: Number.POSITIVE_INFINITY };
}
