// What the checker says when something is wrong. Plain data: it crosses from workers.

import { actorName, type MachineShape } from "../layout/shape.ts";

export type FindingKind =
  /** An access reached a frame that has been handed to another owner since. */
  | "stale-use"
  /** An access went through what a write-protect, copy on write or migration had taken away. */
  | "late-access-after-promise"
  /** An access went through a former translation of an address that was handed out again. */
  | "address-reused-early"
  /** A walk went through a page-table page that has been handed out again since. */
  | "stale-table-walk"
  | "double-free"
  | "frame-lost"
  /** At rest a TLB, paging-structure cache, IOTLB or device TLB disagrees with the page table. */
  | "disagreement-at-rest"
  /** A core acknowledged what nobody had asked of it. */
  | "acknowledgement-of-nothing"
  /** A wait descriptor completed before one that stands before it. */
  | "wait-completed-early"
  /** The engine came to where it cannot go on, and the run ended there. */
  | "broken-invariant";

export const FRAME_EVENT_KINDS = [
  "mapped",
  "cached",
  "unmapped",
  "protected",
  "flushed",
  "freed",
  "handed out",
  "used",
] as const;
export type FrameEventKind = (typeof FRAME_EVENT_KINDS)[number];

/** One thing that happened to a frame. */
export interface FrameEvent {
  readonly kind: FrameEventKind;
  readonly atNs: number;
  readonly actor: number;
  /** Page through which it happened; -1 if through none. */
  readonly vpn: number;
  /** Space that a frame was handed out to; -1 for everything else. */
  readonly owner: number;
}

export interface Finding {
  readonly kind: FindingKind;
  readonly actor: number;
  readonly atNs: number;
  /** -1 where there is none. */
  readonly space: number;
  readonly vpn: number;
  readonly frame: number;
  /** What happened to the frame before, oldest first. */
  readonly history: readonly FrameEvent[];
  /** Of a broken invariant: what did not hold, with its values. */
  readonly message?: string;
}

/** `stale-use by core 1 at 5340 ns: page 0x100003 of space 0, frame 871`. */
export function describeFinding(finding: Finding, shape: MachineShape): string {
  const { kind, actor, atNs, space, vpn, frame, message = "" } = finding;
  const page = vpn < 0 ? "" : `page 0x${vpn.toString(16)}`;
  const of = space < 0 ? "" : ` of space ${space}`;
  const said = [page + of, frame < 0 ? "" : `frame ${frame}`, message];
  const parts = said.filter((part) => part !== "");
  const details = parts.length === 0 ? "" : `: ${parts.join(", ")}`;
  return `${kind} by ${actorName(shape, actor)} at ${atNs} ns${details}`;
}
