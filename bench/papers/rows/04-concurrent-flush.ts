// Amit's concurrent flush in Linux: sysbench writes to a mapped file, and fdatasync write-protects
// what became dirty, page by page. An event is a write or a sync: 128 files are synced for each 100
// writes of 4 pages, so that an event flushes 1.75 pages; here a flush is an operation.

import { OPERATIONS_PER_S } from "../metrics.ts";
import { type Effect, type Paper, percent } from "../paper.ts";
import type { Setup } from "../setup.ts";

/** By threads: events in 10 s without and with the patches. */
const PUBLISHED: readonly (readonly [number, number, number])[] = [
  [1, 1_267_765, 1_299_253],
  [2, 1_734_644, 1_799_225],
  [4, 2_821_268, 2_919_132],
  [8, 4_171_652, 4_376_925],
  [16, 5_590_729, 5_829_866],
  [24, 6_250_212, 6_522_303],
  [32, 3_994_314, 4_077_543],
  [48, 4_345_177, 4_417_821],
];

/** sysbench's defaults: a run of 10 s; all of 128 files are synced after 100 writes of 16 KiB. */
const RUN_S = 10;
const FLUSHES_PER_EVENT = (100 * 4) / (100 + 128);

/** Of all threads together; a whole number of each. */
const OPERATIONS = 7200;

const MACHINE = "haswell-2s-pti";

const SYSBENCH: Setup = {
  machine: MACHINE,
  workload: "mprotect",
  policy: "linux-x86+serial",
  cores: 1,
  // The two threads of a core are two cores here.
  topology: { sockets: 2, coresPerSocket: 24 },
  operations: OPERATIONS,
  accessGapNs: 100_000,
  privateAccesses: true,
};

/**
 * Before the series (arch/x86/mm/tlb.c of 5.2) an initiator reads of each target whether it is
 * lazy, on a line that handlers dirty: `cpu_tlbstate` has `is_lazy` beside the bits of user
 * contexts to flush, which each full flush sets with PTI, and the generations of two of six
 * contexts. The series gives it a line of its own ("Privatize cpu_tlbstate"), which stays in the
 * initiator's cache; the head of the target's queue is fetched as before.
 */
const LAZY_LINES = 1;

const GAP = { low: 0, high: 200_000 };

const NOTE =
  "with many threads it is the line that is no longer fetched, and little comes from the concurrent " +
  "flush itself: who waits less serves fewer interrupts while it waits, fewer messages share an " +
  "entry, and fewer handlers find that a newer flush has covered them. That line is taken to be " +
  "dirty always, which is too much where handlers flush single pages, and fetched one after the " +
  "other. The published gain is not all of the flush: one thread has it too, with nobody to tell. " +
  "Tried, and little beside what is missing: generations compared as before Linux 6.0, a handler " +
  "that takes its queue once, interrupts between the own flush and the first message";

function withThreads(threads: number, events: number, patched: number): Effect {
  return {
    machine: MACHINE,
    setup: `sysbench, mmap, fdatasync, ${threads} threads, serial → concurrent`,
    metric: "events a second",
    unit: "%",
    published: percent(events, patched),
    note: NOTE,
    async reproduce(lab) {
      const { setup, parameter } = await lab.calibrate(
        {
          ...SYSBENCH,
          cores: threads,
          initiators: threads,
          operations: OPERATIONS / threads,
          moreTargetLines: LAZY_LINES,
        },
        "gapNs",
        OPERATIONS_PER_S,
        (FLUSHES_PER_EVENT * events) / RUN_S,
        GAP,
      );
      const concurrent = { ...setup, policy: "linux-x86", moreTargetLines: 0 };
      const value = await lab.change(setup, concurrent, OPERATIONS_PER_S);
      return { value, parameters: [parameter] };
    },
  };
}

export const CONCURRENT_FLUSH: Paper = {
  row: 4,
  source: "N. Amit, LKML 2019, 'x86: Concurrent TLB flushes' v2, cover letter",
  effects: PUBLISHED.map(([threads, events, patched]) => withThreads(threads, events, patched)),
};
