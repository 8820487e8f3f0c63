// What of a workload's size follows from its kind: for whoever plans a point, not for its actors.

import { DESCRIPTOR_PAGES, RING_SLOTS } from "./nic.ts";
import { RECLAIM_PAGES } from "./reclaim.ts";
import {
  FORK_COW,
  IDLE_HEAVY,
  MADVISE,
  MIGRATE,
  MPROTECT,
  MPROTECT_WIDEN,
  MUNMAP,
  MUNMAP_RANGE,
  NIC_RX,
  NIC_TX,
  PAGE_TABLE_FREE,
  RECLAIM,
  SERVER,
  STRESS,
  TLB_BENCH,
  TRACE,
} from "./workload.ts";

export interface Traits {
  /** Pages of an operation: as asked for, so many, or none that could be counted. */
  readonly pages: "asked" | "none" | number;
  /** Whether an operation takes its pages one by one, or all in one call. */
  readonly onePageACall: boolean;
  /** Whether operations take other addresses in turn, or the same again and again. */
  readonly addresses: "in turn" | "same";
  /** Who initiates: as many cores as asked for, all, or one a device. */
  readonly initiators: "asked" | "cores" | "devices";
  /** Whether each window has its page-table pages for itself. */
  readonly wholeTables: boolean;
  /** Descriptors of each device's ring, whose pages stay mapped meanwhile; 0 without rings. */
  readonly ringSlots: number;
  /** Whether operations can be due at a rate of their own. */
  readonly openLoop: boolean;
}

const PAGES_IN_TURN: Traits = {
  pages: "asked",
  onePageACall: true,
  addresses: "in turn",
  initiators: "asked",
  wholeTables: false,
  ringSlots: 0,
  openLoop: true,
};
const RANGES_IN_TURN: Traits = { ...PAGES_IN_TURN, onePageACall: false };
const SAME_RANGE: Traits = { ...RANGES_IN_TURN, addresses: "same" };
const SAME_PAGES: Traits = { ...PAGES_IN_TURN, addresses: "same" };
const NO_PAGES: Traits = { ...PAGES_IN_TURN, pages: "none" };
const DESCRIPTORS: Traits = {
  ...PAGES_IN_TURN,
  pages: DESCRIPTOR_PAGES,
  initiators: "devices",
  ringSlots: RING_SLOTS,
  openLoop: false, // The devices' rate is theirs.
};

const TRAITS: Readonly<Record<number, Traits>> = {
  [MUNMAP]: PAGES_IN_TURN,
  [MUNMAP_RANGE]: RANGES_IN_TURN,
  [MADVISE]: SAME_RANGE,
  [SERVER]: { ...RANGES_IN_TURN, initiators: "cores" },
  [IDLE_HEAVY]: PAGES_IN_TURN,
  [PAGE_TABLE_FREE]: { ...RANGES_IN_TURN, wholeTables: true },
  [MPROTECT]: SAME_RANGE,
  [MPROTECT_WIDEN]: SAME_RANGE,
  [FORK_COW]: SAME_PAGES,
  [MIGRATE]: SAME_PAGES,
  [RECLAIM]: { ...PAGES_IN_TURN, pages: RECLAIM_PAGES, openLoop: false }, // Waits for pages.
  [NIC_RX]: DESCRIPTORS,
  [NIC_TX]: DESCRIPTORS,
  [TLB_BENCH]: NO_PAGES,
  [TRACE]: { ...NO_PAGES, openLoop: false }, // Has its times.
  [STRESS]: { ...NO_PAGES, openLoop: false },
};

export function traitsOf(kind: number): Traits {
  return TRAITS[kind];
}
