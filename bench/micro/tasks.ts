// What the microbenchmarks measure: the steps that a run consists of, each alone and in one
// thread. A task does a fixed number of operations at each call, as one alone is shorter than a
// read of the clock.

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { violated } from "../../src/engine/errors.ts";
import { VirtualExecutor } from "../../src/engine/executor/virtual.ts";
import {
  addressMaskOf,
  type Descriptor,
  descriptorType,
  domainOf,
  drainsOf,
  GRANULARITY_PAGE,
  granularityOf,
  iotlbDescriptor,
  isValidDescriptor,
  vpnOf,
} from "../../src/engine/layout/descriptor.ts";
import { USER, WRITABLE } from "../../src/engine/layout/pte.ts";
import { STRUCTURE_ENTRIES } from "../../src/engine/layout/regions.ts";
import { NO_FRAME } from "../../src/engine/machine/frames.ts";
import { createMachine, type Machine } from "../../src/engine/machine/machine.ts";
import { ACK_LATE, FLUSH_PAGES, type Message } from "../../src/engine/machine/mailboxes.ts";
import { NO_LEAF } from "../../src/engine/machine/page-table.ts";
import { planOf } from "../../src/engine/policy/plan.ts";
import { STRICT } from "../../src/engine/policy/presets.ts";
import { CORES_CHAIN, CriticalPath } from "../../src/engine/probe/critical-path.ts";
import { Histogram } from "../../src/engine/probe/histogram.ts";
import { SampleLog } from "../../src/engine/probe/sample-log.ts";
import {
  ACK_RETURN,
  DELIVERY,
  FREE,
  HANDLER,
  LOCAL,
  LOCK,
  MASKED,
  PTE,
  SEND,
} from "../../src/engine/probe/segments.ts";
import { numbersOf } from "../../src/engine/profile/profile.ts";
import { HOST } from "../../src/engine/profile/profiles.ts";
import { Core } from "../../src/engine/protocol/core.ts";
import { access } from "../../src/engine/protocol/user.ts";
import { Random } from "../../src/engine/random.ts";
import { PACKAGE_ROOT } from "../../src/results/package.ts";
import { TraceParser } from "../../src/workloads/traces/parser.ts";

export interface MicroTask {
  readonly name: string;
  /** Operations of one call of `run`. */
  readonly operations: number;
  readonly run: () => void;
}

const OPERATIONS = 1000;

/** Few enough to stay in the first-level TLB: one page a set. */
const HIT_VPN = 0x10_0000;
const HIT_PAGES = 16;
/** So many that each is gone from both levels when its turn comes again. */
const MISS_VPN = 0x20_0000;
const MISS_PAGES = 4096;
/** Mapped and unmapped, one after the other. */
const CHURN_VPN = 0x30_0000;
const CHURN_PAGES = 512;

const TRACE = "bench/traces/munmap-loop.perf.txt.gz";
const TRACE_LINES = 1000;
const NEWLINE = 0x0a;

/** All tasks, over one machine with two cores and no modelled cost. */
export function microTasks(): MicroTask[] {
  const machine = createMachine(
    {
      cores: 2,
      iommus: 0,
      devices: 0,
      spaces: 1,
      dataFrames: 2 * MISS_PAGES,
      tableFrames: 64,
      flushQueueSlots: 2,
      tracksAccesses: false,
      rings: 0,
      ringSlots: 0,
      cachedRegions: STRUCTURE_ENTRIES,
      l1: HOST.l1,
      l2: HOST.l2,
      iotlb: HOST.iotlb,
      ats: false,
      checks: false,
    },
    true,
  );
  mapPages(machine, HIT_VPN, HIT_PAGES);
  mapPages(machine, MISS_VPN, MISS_PAGES);
  return [
    task("translate, hit", hits(machine)),
    task("translate, miss and fill", misses(machine)),
    task("map and unmap a page", churn(machine)),
    task("encode a descriptor", encoding()),
    task("decode a descriptor", decoding()),
    task("record in a histogram", recording()),
    task("keep a sample", keeping()),
    { name: "parse a trace line", operations: TRACE_LINES, run: parsing() },
    task("post, read, acknowledge", messages(machine)),
    task("critical path of an operation", paths()),
  ];
}

function task(name: string, run: () => void): MicroTask {
  return { name, operations: OPERATIONS, run };
}

function coreOf(machine: Machine, id: number): Core {
  const cpu = new VirtualExecutor(machine).cpus[id];
  return new Core(id, cpu, machine, numbersOf(HOST), planOf(STRICT), new Random(1, id));
}

function hits(machine: Machine): () => void {
  const core = coreOf(machine, 0);
  for (let page = 0; page < HIT_PAGES; page++) access(core, HIT_VPN + page, false);
  core.counters.reset();
  return () => {
    for (let i = 0; i < OPERATIONS; i++) access(core, HIT_VPN + (i & (HIT_PAGES - 1)), false);
    if (core.counters.tlbMisses > 0) violated("a page that was to stay missed");
  };
}

function misses(machine: Machine): () => void {
  const core = coreOf(machine, 1); // Its TLB is not that of the hits.
  let page = 0;
  return () => {
    for (let i = 0; i < OPERATIONS; i++) {
      access(core, MISS_VPN + page, false);
      page = (page + 1) & (MISS_PAGES - 1);
    }
    if (core.counters.tlbHits > 0) violated("a page that was to be gone hit");
    if (core.counters.pageFaults > 0) violated("a page that was mapped faulted");
  };
}

/** As `map` and `unmap` do it, without the lock and the flush between. */
function churn({ pageTables, frames, spaces }: Machine): () => void {
  const root = spaces.rootOf(0);
  return () => {
    for (let i = 0; i < OPERATIONS; i++) {
      const vpn = CHURN_VPN + (i & (CHURN_PAGES - 1));
      const leaf = pageTables.ensureLeaf(root, vpn, 0);
      const frame = frames.allocate(0, 0);
      if (!pageTables.map(leaf, frame, USER | WRITABLE)) violated("a page was mapped", vpn);
      pageTables.clearPresent(pageTables.leafOf(root, vpn));
      frames.free(0, pageTables.takeHeld(leaf));
    }
  };
}

function encoding(): () => void {
  let sum = 0;
  return () => {
    for (let i = 0; i < OPERATIONS; i++) {
      const words = iotlbDescriptor(GRANULARITY_PAGE, 1 + (i & 7), true, 8 * i, i & 3, true);
      sum = (sum + words[0] + words[2]) | 0;
    }
    keep(sum);
  };
}

/** What an IOMMU reads of a descriptor that it executes. */
function decoding(): () => void {
  const descriptors = Array.from({ length: OPERATIONS }, (_, i): Descriptor => {
    return iotlbDescriptor(GRANULARITY_PAGE, 1 + (i & 7), true, 8 * i, i & 3, true);
  });
  let sum = 0;
  return () => {
    for (const words of descriptors) {
      if (!isValidDescriptor(words)) violated("a descriptor is malformed");
      sum += descriptorType(words) + granularityOf(words) + domainOf(words);
      sum += vpnOf(words) + addressMaskOf(words) + (drainsOf(words) ? 1 : 0);
    }
    keep(sum);
    sum = 0;
  };
}

/** Values as latencies have them, from 1 ns to 1 ms. */
function recording(): () => void {
  const histogram = new Histogram();
  const random = new Random(1, 0);
  const values = Array.from({ length: OPERATIONS }, () => random.below(1 << random.below(21)));
  return () => {
    for (const value of values) histogram.record(value);
  };
}

/** Operations by themselves, as with --samples. */
function keeping(): () => void {
  const log = new SampleLog(OPERATIONS);
  return () => {
    log.reset();
    for (let i = 0; i < OPERATIONS; i++) log.add(1000 * i, i);
  };
}

/** The first lines of a real trace; payloads are read, and nobody wants the events. */
function parsing(): () => void {
  const text = gunzipSync(readFileSync(new URL(TRACE, PACKAGE_ROOT)));
  let end = 0;
  for (let line = 0; line < TRACE_LINES; line++) end = text.indexOf(NEWLINE, end) + 1;
  const lines = text.subarray(0, end);
  const parser = new TraceParser(() => {}, { file: TRACE, strict: true });
  return () => {
    parser.feed(lines);
    if (parser.events !== parser.lines) violated("a line is no event", parser.lines);
  };
}

/**
 * One IPI and its answer, both ends in one thread: what the words cost when no line has to move.
 */
function messages({ mailboxes }: Machine): () => void {
  const message: Message = {
    sequence: 0,
    kind: 0,
    sender: 0,
    space: 0,
    vpn: 0,
    pages: 0,
    generation: 0,
  };
  return () => {
    for (let i = 0; i < OPERATIONS; i++) {
      const sequence = mailboxes.reserve(1);
      if (!mailboxes.hasRoom(1, sequence)) violated("the mailbox is full", sequence);
      mailboxes.post(1, sequence, FLUSH_PAGES | ACK_LATE, 0, 0, HIT_VPN + i, 1, 0, i, i);
      if (mailboxes.dueNs(1) !== i) violated("the message is not there", sequence);
      mailboxes.read(1, message);
      mailboxes.acknowledge(1, message.sequence, i, 0, 0, i);
      mailboxes.release(1);
      if (mailboxes.ackedNs(1, sequence) !== i) violated("the answer is not there", sequence);
    }
  };
}

/** An operation with five segments of the initiator's own and a chain of four. */
function paths(): () => void {
  const path = new CriticalPath();
  return () => {
    for (let i = 0; i < OPERATIONS; i++) {
      path.begin(0);
      path.mark(LOCK, 20);
      path.mark(PTE, 40);
      path.mark(LOCAL, 130);
      path.mark(SEND, 190);
      path.fork(CORES_CHAIN, 190);
      path.add(CORES_CHAIN, DELIVERY, 300);
      path.add(CORES_CHAIN, MASKED, 10);
      path.add(CORES_CHAIN, HANDLER, 215 + (i & 63));
      path.add(CORES_CHAIN, ACK_RETURN, 44);
      const answeredNs = 759 + (i & 63);
      path.join(CORES_CHAIN, answeredNs, 0, answeredNs);
      path.settle();
      path.mark(FREE, answeredNs + 10);
      path.end(answeredNs + 10);
    }
  };
}

function mapPages({ pageTables, frames, spaces }: Machine, vpn: number, pages: number): void {
  for (let page = vpn; page < vpn + pages; page++) {
    const leaf = pageTables.ensureLeaf(spaces.rootOf(0), page, 0);
    const frame = frames.allocate(0, 0);
    if (leaf === NO_LEAF || frame === NO_FRAME) violated("no frame for a page", page);
    pageTables.map(leaf, frame, USER | WRITABLE);
  }
}

/** Uses a result, so that what led to it is not optimized away. */
function keep(value: number): void {
  if (Number.isNaN(value)) violated("a sum of numbers is none");
}
