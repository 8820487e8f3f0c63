// Flush queues: one ring a core of unmapped ranges that wait for something, a flush or some ticks
// (Linux drivers/iommu/dma-iommu.c, struct iova_fq; with policies that sweep, LATR's states).
// Indices run freely. A ring is written under its lock; sweepers read entries without it, and find
// out from TAIL whether what they read had been overwritten.
//
// word        meaning
// HEAD        index of the oldest entry
// TAIL        index of the first empty slot: publishes the entries below it
// COMPLETED   number of the last asynchronous flush of the ring's core that is known to be done
// entry       PAGES, STAMP (deferred flushes started when it was queued), FLUSH (number of the
//             asynchronous flush that covers it), FRAMES and TABLES (frame numbers: firsts of the
//             chains that go with it), VPN, UNMAPPED_NS

import { violated } from "../errors.ts";
import {
  allFloatsOf,
  allWordsOf,
  FLUSH_ENTRY_WORDS,
  FLUSH_QUEUE_HEAD_LINES,
  type Regions,
  type SharedFloats,
  type SharedWords,
  strideWords,
} from "../layout/regions.ts";
import { checkWords, LINE_WORDS } from "../layout/words.ts";

const HEAD = 0;
const TAIL = 1;
const COMPLETED = 2;
const ENTRIES = FLUSH_QUEUE_HEAD_LINES * LINE_WORDS;

checkWords("flush queue", ENTRIES, { HEAD, TAIL, COMPLETED });

const PAGES = 0;
const STAMP = 1;
const FLUSH = 2;
const FRAMES = 3;
const TABLES = 4;
const VPN = [6, 64] as const;
const UNMAPPED_NS = [8, 64] as const;

checkWords("flush-queue entry", FLUSH_ENTRY_WORDS, {
  PAGES,
  STAMP,
  FLUSH,
  FRAMES,
  TABLES,
  VPN,
  UNMAPPED_NS,
});

/** An entry as it is queued and read; one object is reused for all. */
export interface QueuedRange {
  vpn: number;
  pages: number;
  unmappedNs: number;
  stamp: number;
  flush: number;
  /** First of a chain; NO_FRAME while its entries name them. */
  frames: number;
  /** First of a chain. */
  tables: number;
}

export class FlushQueues {
  readonly slots: number;
  private readonly words: SharedWords;
  private readonly floats: SharedFloats;
  private readonly stride: number;

  constructor(memory: SharedArrayBuffer, regions: Regions, slots: number) {
    this.words = allWordsOf(memory, regions.flushQueues);
    this.floats = allFloatsOf(memory, regions.flushQueues);
    this.stride = strideWords(regions.flushQueues);
    this.slots = slots;
  }

  headOf(core: number): number {
    return Atomics.load(this.words, core * this.stride + HEAD);
  }

  tailOf(core: number): number {
    return Atomics.load(this.words, core * this.stride + TAIL);
  }

  isEmpty(core: number): boolean {
    return this.headOf(core) === this.tailOf(core);
  }

  /** Whether a queue of so many `entries` takes no more: one always stays empty, as in Linux. */
  isFull(core: number, entries: number): boolean {
    return ((this.tailOf(core) - this.headOf(core)) | 0) >= entries - 1;
  }

  /** Adds a range to a queue that is not full. */
  enqueue(core: number, range: QueuedRange): void {
    if (this.isFull(core, this.slots)) violated("a range was queued into a full flush queue", core);
    const tail = this.tailOf(core);
    const entry = this.entryAt(core, tail);
    this.words[entry + PAGES] = range.pages; // Plain, as all below: published by TAIL.
    this.words[entry + STAMP] = range.stamp;
    this.words[entry + FLUSH] = range.flush;
    this.words[entry + FRAMES] = range.frames;
    this.words[entry + TABLES] = range.tables;
    this.floats[(entry + VPN[0]) / 2] = range.vpn;
    this.floats[(entry + UNMAPPED_NS[0]) / 2] = range.unmappedNs;
    Atomics.store(this.words, core * this.stride + TAIL, (tail + 1) | 0);
  }

  /** Reads the entry at `index`; false if its slot may have been used again. */
  read(core: number, index: number, range: QueuedRange): boolean {
    const entry = this.entryAt(core, index);
    range.pages = this.words[entry + PAGES];
    range.stamp = this.words[entry + STAMP];
    range.flush = this.words[entry + FLUSH];
    range.frames = this.words[entry + FRAMES];
    range.tables = this.words[entry + TABLES];
    range.vpn = this.floats[(entry + VPN[0]) / 2];
    range.unmappedNs = this.floats[(entry + UNMAPPED_NS[0]) / 2];
    // At `slots` behind it the next one is being written into its slot.
    return ((this.tailOf(core) - index) | 0) < this.slots;
  }

  /** Under the lock: the oldest entry is done with. */
  dropOldest(core: number): void {
    const base = core * this.stride;
    Atomics.store(this.words, base + HEAD, (this.headOf(core) + 1) | 0);
  }

  /** The core: its asynchronous flushes up to number `flush` are done. */
  complete(core: number, flush: number): void {
    Atomics.store(this.words, core * this.stride + COMPLETED, flush);
  }

  completedOf(core: number): number {
    return Atomics.load(this.words, core * this.stride + COMPLETED);
  }

  private entryAt(core: number, index: number): number {
    return core * this.stride + ENTRIES + (index & (this.slots - 1)) * FLUSH_ENTRY_WORDS;
  }
}
