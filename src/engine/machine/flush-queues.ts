// Flush queues: one ring a core of unmapped ranges whose frames wait for a flush (Linux
// drivers/iommu/dma-iommu.c, struct iova_fq). All of a ring is written and read under its lock.
//
// word        meaning
// HEAD        index of the oldest entry
// TAIL        index of the first empty slot; one slot always stays empty
// entry       PAGES, STAMP (deferred flushes started when it was queued), VPN, UNMAPPED_NS

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
const ENTRIES = FLUSH_QUEUE_HEAD_LINES * LINE_WORDS;

checkWords("flush queue", ENTRIES, { HEAD, TAIL });

const PAGES = 0;
const STAMP = 1;
const VPN = [2, 64] as const;
const UNMAPPED_NS = [4, 64] as const;

checkWords("flush-queue entry", FLUSH_ENTRY_WORDS, { PAGES, STAMP, VPN, UNMAPPED_NS });

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

  isEmpty(core: number): boolean {
    const base = core * this.stride;
    return Atomics.load(this.words, base + HEAD) === Atomics.load(this.words, base + TAIL);
  }

  isFull(core: number): boolean {
    const base = core * this.stride;
    const after = (Atomics.load(this.words, base + TAIL) + 1) & (this.slots - 1);
    return after === Atomics.load(this.words, base + HEAD);
  }

  /** Adds a range to a queue that is not full. */
  enqueue(core: number, vpn: number, pages: number, stamp: number, unmappedNs: number): void {
    if (this.isFull(core)) violated("a range was queued into a full flush queue", core);
    const base = core * this.stride;
    const tail = Atomics.load(this.words, base + TAIL);
    const entry = base + ENTRIES + tail * FLUSH_ENTRY_WORDS;
    this.words[entry + PAGES] = pages;
    this.words[entry + STAMP] = stamp;
    this.floats[(entry + VPN[0]) / 2] = vpn;
    this.floats[(entry + UNMAPPED_NS[0]) / 2] = unmappedNs;
    Atomics.store(this.words, base + TAIL, (tail + 1) & (this.slots - 1));
  }

  /** Whether the oldest entry was queued before a flush that has ended began: strictly below. */
  canReap(core: number, finished: number): boolean {
    return !this.isEmpty(core) && this.words[this.oldest(core) + STAMP] < finished;
  }

  oldestVpn(core: number): number {
    return this.floats[(this.oldest(core) + VPN[0]) / 2];
  }

  oldestPages(core: number): number {
    return this.words[this.oldest(core) + PAGES];
  }

  oldestUnmappedNs(core: number): number {
    return this.floats[(this.oldest(core) + UNMAPPED_NS[0]) / 2];
  }

  dropOldest(core: number): void {
    const base = core * this.stride;
    const head = Atomics.load(this.words, base + HEAD);
    Atomics.store(this.words, base + HEAD, (head + 1) & (this.slots - 1));
  }

  private oldest(core: number): number {
    const base = core * this.stride;
    return base + ENTRIES + Atomics.load(this.words, base + HEAD) * FLUSH_ENTRY_WORDS;
  }
}
