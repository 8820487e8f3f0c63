// What an experiment file may say. Every dimension may stand at the top, in a grid, and in `quick`;
// a grid wins over the top, `quick` over both, and the command line over everything.
//
// field             what
// executors … pages lists: their cross product is the grid's points; a profile or policy may be a
//                   JSON file, found from the folder of the experiment, and a policy an object
// workloads         by name (workloads.ts): munmap, nic-rx, tlb-bench:IPI
// idle_cores,       of the cores that do not initiate: how many are asleep with the address space
// other_cores       still loaded, and how many run another process
// flows, burst_pages of a port: how many share it, and pages in a row of each
// operations        per initiator: a number, or a budget of pages that each point's operations
//                   share
// warmup            operations before those that are measured; by default at least a tenth of them,
//                   on threads 20,000 / K before these, and as many more as it takes until
//                   latencies have settled
// rates             operations a second that are due, ready or not, of all initiators together;
//                   without: each comes when its initiator is done with the one before
// arrivals          when these are due: at random (poisson), or at fixed gaps, initiators in turn
// ats               whether devices have TLBs of their own; false by default
// serial_ns,        of workloads that unmap: what each operation does under one lock of all cores,
// serial_until_…    and whether its flush is done under it as well
// dilation          of threads. `auto`: 1 where the actors fit the CPUs or the profile costs
//                   nothing, otherwise 100

import { z } from "zod";
import { MAX_CORES, MAX_DEVICES, MAX_IOMMUS } from "../../engine/layout/shape.ts";
import { parsePolicy } from "../../engine/policy/parse.ts";
import { named, nameField, wholeNumber } from "../../results/json-file.ts";
import { PROGRAM_PAGES } from "../../workloads/memory-map.ts";
import { policyField } from "../policy-file.ts";
import { parseProfile } from "../profile-file.ts";
import {
  ARRIVALS,
  EXECUTORS,
  MAX_DILATION,
  MAX_FLOWS,
  MAX_OPERATIONS,
  MAX_PAGES,
  MAX_RATE,
  MAX_REPETITIONS,
} from "./limits.ts";
import { parseWorkload } from "./workloads.ts";

/** A leaf table each for ten: with the fixed tables there are no more. */
const MAX_PROGRAM_PAGES = 4096;
const MAX_LINES = 64;
/** Modelled ns: a minute. */
const MAX_TIME_NS = 60_000_000_000;

const budget = z.strictObject({
  /**
   * Pages of all operations of a point together, at dilation 1; a workload without pages counts 1.
   */
  pages: wholeNumber(1, MAX_OPERATIONS),
  /** The same for points that are dilated. */
  dilated_pages: wholeNumber(1, MAX_OPERATIONS),
  /** But at least so many operations. */
  least: wholeNumber(1, MAX_OPERATIONS),
});

const dimensions = z.strictObject({
  executors: listOf(z.enum(EXECUTORS, EXECUTORS.join(" or "))),
  profiles: listOf(named(parseProfile)),
  workloads: listOf(named(parseWorkload)),
  policies: listOf(policyField),
  cores: listOf(wholeNumber(1, MAX_CORES)),
  /** Of these, how many are asleep all the while, with the space still loaded … */
  idle_cores: listOf(wholeNumber(0, MAX_CORES - 1)),
  /** … and how many run another process. */
  other_cores: listOf(wholeNumber(0, MAX_CORES - 1)),
  iommus: listOf(wholeNumber(0, MAX_IOMMUS)),
  devices: listOf(wholeNumber(0, MAX_DEVICES)),
  pages: listOf(wholeNumber(1, MAX_PAGES)),
  /** Operations a second that are due, of all initiators together: an open loop. */
  rates: listOf(wholeNumber(1, MAX_RATE)),
  arrivals: z.enum(ARRIVALS, ARRIVALS.join(" or ")),
  /** Cores that do operations; the others only answer. */
  initiators: wholeNumber(1, MAX_CORES),
  operations: z.union(
    [wholeNumber(1, MAX_OPERATIONS), budget],
    'a whole number, or {"pages": …, "dilated_pages": …, "least": …}',
  ),
  warmup: wholeNumber(0, MAX_OPERATIONS),
  /** User time between two operations. */
  gap_ns: wholeNumber(0, MAX_TIME_NS),
  /** User time between two accesses of a program. */
  access_gap_ns: wholeNumber(1, MAX_TIME_NS),
  /** Pages that a program's accesses are drawn from. */
  program_pages: wholeNumber(1, MAX_PROGRAM_PAGES),
  /** Programs access nothing that another core may have mapped. */
  private_accesses: z.boolean("true or false"),
  /** Cache lines that an interrupt handler fetches from its initiator besides the message's own. */
  message_lines: wholeNumber(0, MAX_LINES),
  /** Cache lines that an initiator fetches from each core it tells, before it interrupts any. */
  target_lines: wholeNumber(0, MAX_LINES),
  /** Leaf tables have locks of their own, instead of one for each address space. */
  table_locks: z.boolean("true or false"),
  /** Kernel time of each operation under one lock of the machine … */
  serial_ns: wholeNumber(0, MAX_TIME_NS),
  /** … and whether the lock is kept until the operation's flush is done. */
  serial_until_flushed: z.boolean("true or false"),
  /** Every so much user time a responder has interrupts off … */
  masked_every_ns: wholeNumber(1, MAX_TIME_NS),
  /** … for so long. */
  masked_ns: wholeNumber(0, MAX_TIME_NS),
  /** Devices have TLBs of their own (ATS). */
  ats: z.boolean("true or false"),
  /** Of a port: flows, each with a descriptor ring … */
  flows: wholeNumber(1, MAX_FLOWS),
  /** … and pages that come in a row for one of them. */
  burst_pages: wholeNumber(1, MAX_PAGES),
  /** From the start of one DMA of a device to the start of its next. */
  dma_period_ns: wholeNumber(1, MAX_TIME_NS),
  dilation: z.union(
    [z.literal("auto"), wholeNumber(1, MAX_DILATION)],
    `"auto", or a whole number from 1 to ${MAX_DILATION}`,
  ),
  repetitions: wholeNumber(1, MAX_REPETITIONS),
});

const gridSchema = dimensions.partial();
const gridsSchema = z.array(gridSchema).min(1);
const quickSchema = gridSchema.extend({ grids: gridsSchema.optional() });

export const experimentSchema = gridSchema.extend({
  name: nameField(),
  /** What it asks, in one sentence. */
  question: z.string("what it asks, in one sentence").min(1, "what it asks, in one sentence"),
  /** Where the question or its numbers come from. */
  source: z.string().optional(),
  notes: z.string().optional(),
  /** Each one a cross product; without it there is one, of what stands at the top. */
  grids: gridsSchema.optional(),
  /** What `--quick` changes; `grids` in here replace the others. */
  quick: quickSchema.optional(),
});

export type OperationBudget = z.infer<typeof budget>;
export type Dimensions = z.infer<typeof dimensions>;
export type Grid = z.infer<typeof gridSchema>;
export type Experiment = z.infer<typeof experimentSchema>;

/**
 * What holds where nobody says otherwise. `warmup` and `dma_period_ns` depend on the point; without
 * `rates` nothing is due.
 */
export const DEFAULTS = {
  executors: ["threads"],
  profiles: [parseProfile("akaros-2020")],
  workloads: [parseWorkload("munmap")],
  policies: [parsePolicy("strict")],
  cores: [2],
  idle_cores: [0],
  other_cores: [0],
  iommus: [0],
  devices: [0],
  pages: [1],
  arrivals: "poisson",
  initiators: 1,
  operations: { pages: 20_000, dilated_pages: 1000, least: 20 },
  gap_ns: 1000,
  access_gap_ns: 1000,
  program_pages: PROGRAM_PAGES,
  private_accesses: false,
  message_lines: 0,
  target_lines: 0,
  table_locks: false,
  serial_ns: 0,
  serial_until_flushed: false,
  masked_every_ns: 1_000_000,
  masked_ns: 0,
  flows: 1,
  burst_pages: 1,
  ats: false,
  dilation: "auto",
  repetitions: 1,
} as const satisfies Grid;

function listOf<Item extends z.ZodType>(item: Item) {
  return z.array(item, "a list in brackets").min(1, "a list of at least one");
}
