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

const GAP = { low: 0, high: 200_000 };

const NOTE =
  "all threads flush and are told: who waits less serves fewer interrupts while it waits, and fewer " +
  "share an entry, which costs what the own flush saves. The published gain is not all of this flush: " +
  "one thread has it too, with nobody to tell. What else the series does (fewer atomics and " +
  "contended lines) is not modelled";

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
        { ...SYSBENCH, cores: threads, initiators: threads, operations: OPERATIONS / threads },
        "gapNs",
        OPERATIONS_PER_S,
        (FLUSHES_PER_EVENT * events) / RUN_S,
        GAP,
      );
      const concurrent = { ...setup, policy: "linux-x86" };
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
