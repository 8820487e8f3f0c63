// The columns that most files begin with: which run of which point, and what that point is.

import type { Column, RowOf } from "./column.ts";

export const EXPERIMENT_COLUMN = {
  name: "experiment",
  type: "string",
  unit: "",
  meaning: "The experiment that asked for it.",
} as const satisfies Column;

export const POINT_COLUMN = {
  name: "point",
  type: "string",
  unit: "",
  meaning: "Hash of the configuration: the same in every run of the same configuration.",
} as const satisfies Column;

export const REPETITION_COLUMN = {
  name: "repetition",
  type: "integer",
  unit: "",
  meaning: "Which run of the point, from 1.",
  least: 1,
} as const satisfies Column;

/** Which run of which point: the first columns of most files. */
export const POINT_COLUMNS = [
  EXPERIMENT_COLUMN,
  POINT_COLUMN,
  REPETITION_COLUMN,
] as const satisfies readonly Column[];

export const EXECUTOR_COLUMN = {
  name: "executor",
  type: "string",
  unit: "",
  meaning:
    "Who ran it: threads (this host), virtual (virtual time), kernel (a trace of a real one).",
  words: ["threads", "virtual", "kernel"],
} as const satisfies Column;

export const POLICY_COLUMN = {
  name: "policy",
  type: "string",
  unit: "",
  meaning: "The policy, parameters included.",
} as const satisfies Column;

/** What a point is. */
export const CONFIGURATION_COLUMNS = [
  EXECUTOR_COLUMN,
  { name: "profile", type: "string", unit: "", meaning: "The machine's costs (see profiles)." },
  {
    name: "workload",
    type: "string",
    unit: "",
    meaning: "What ran, and its variant: munmap, mprotect:widen, tlb-bench:MODE, trace:NAME.",
  },
  POLICY_COLUMN,
  {
    name: "when_cores",
    type: "string",
    unit: "",
    meaning:
      "When cores are told: at each unmap, per batch(pages), per queue(entries,timeout), at " +
      "their own tick(states,period), or before a frame's reuse.",
  },
  { name: "when_iommu", type: "string", unit: "", meaning: "When IOTLBs are flushed: as above." },
  { name: "whom", type: "string", unit: "", meaning: "Which cores are told, and how." },
  {
    name: "ack",
    type: "string",
    unit: "",
    meaning: "When a core acknowledges: none, early (handler entry) or late (after its flush).",
    words: ["none", "early", "late"],
  },
  {
    name: "local",
    type: "string",
    unit: "",
    meaning: "The initiator's own flush: serial (before the IPIs) or concurrent with them.",
    words: ["serial", "concurrent"],
  },
  {
    name: "iommu",
    type: "string",
    unit: "",
    meaning: "How an IOTLB is flushed: interface/scope/order, and how many flushes share one wait.",
  },
  {
    name: "reuse",
    type: "string",
    unit: "",
    meaning: "When frames, addresses and page-table pages may be handed out again.",
  },
  {
    name: "extent",
    type: "string",
    unit: "",
    meaning: "When cores flush everything instead of pages: full (always) or full-above(pages).",
  },
  { name: "cores", type: "integer", unit: "cores", meaning: "Cores of the machine.", least: 1 },
  {
    name: "responders",
    type: "integer",
    unit: "cores",
    meaning: "Cores other than the initiator with the address space loaded at the start.",
  },
  {
    name: "idle_cores",
    type: "integer",
    unit: "cores",
    meaning: "Of the responders, those that are asleep all the while.",
  },
  {
    name: "other_cores",
    type: "integer",
    unit: "cores",
    meaning: "Cores that run another process: no responders.",
  },
  {
    name: "masked_every_ns",
    type: "integer",
    unit: "ns",
    meaning: "User time of a responder from one time with interrupts off to the next.",
  },
  {
    name: "masked_ns",
    type: "integer",
    unit: "ns",
    meaning: "How long a responder then has interrupts off; 0 where it never has.",
  },
  { name: "iommus", type: "integer", unit: "IOMMUs", meaning: "IOMMUs that have it attached." },
  { name: "devices", type: "integer", unit: "devices", meaning: "Devices that do DMA." },
  {
    name: "rate",
    type: "number",
    unit: "1/s",
    meaning:
      "Operations a second that were due, of all initiators; empty: each came when the one " +
      "before was done.",
  },
  {
    name: "arrivals",
    type: "string",
    unit: "",
    meaning:
      "When these were due: poisson (at random) or fixed (at fixed gaps, initiators in turn).",
    words: ["poisson", "fixed"],
  },
  {
    name: "pages",
    type: "integer",
    unit: "pages",
    meaning: "Pages that one operation takes away; empty where that varies or there are none.",
  },
] as const satisfies readonly Column[];

export const KEY_COLUMNS = [...POINT_COLUMNS, ...CONFIGURATION_COLUMNS] as const;

export type KeyRow = RowOf<typeof KEY_COLUMNS>;
