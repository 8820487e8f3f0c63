// The pages that each core mapped last: what programs access and devices do DMA to. A
// reader may meet an entry that is being overwritten and then gets some page of the past, which
// only faults.
//
// word       writer      readers    meaning
// MAPPED     the core    all        pages mapped so far; publishes the entries below it
// MAPPERS    cores (cas) all        of record 0: one more than the highest core that has mapped any
// entry      the core    all        page number in two halves of 18 bits

import { lowBits } from "../layout/address.ts";
import {
  allWordsOf,
  LIVE_LINES,
  type Regions,
  type SharedWords,
  strideWords,
} from "../layout/regions.ts";
import { checkWords, LINE_WORDS } from "../layout/words.ts";

const MAPPED = 0;
const MAPPERS = 1;
const ENTRIES = LINE_WORDS;
/** Pages that are remembered; a power of two. */
export const LIVE_PAGES = 64;
const HALF = 0x40000; // 2¹⁸
const HALF_MASK = HALF - 1;

checkWords("live pages", LIVE_LINES * LINE_WORDS, {
  MAPPED,
  MAPPERS,
  ENTRIES,
  LAST_WORD: ENTRIES + 2 * LIVE_PAGES - 1,
});

export const NO_PAGE = -1;

export class LivePages {
  private readonly words: SharedWords;
  private readonly stride: number;

  constructor(memory: SharedArrayBuffer, regions: Regions) {
    this.words = allWordsOf(memory, regions.livePages);
    this.stride = strideWords(regions.livePages);
  }

  /** The core: has mapped a page. */
  note(core: number, vpn: number): void {
    const base = core * this.stride;
    const mapped = Atomics.load(this.words, base + MAPPED);
    if (mapped === 0) this.join(core);
    const entry = base + ENTRIES + 2 * (mapped & (LIVE_PAGES - 1));
    Atomics.store(this.words, entry, Math.floor(vpn / HALF));
    Atomics.store(this.words, entry + 1, lowBits(vpn, HALF_MASK));
    Atomics.store(this.words, base + MAPPED, (mapped + 1) & 0x7fffffff);
  }

  /** Cores from 0 to this − 1 may have mapped something; the others have not. */
  get mappers(): number {
    return Atomics.load(this.words, MAPPERS);
  }

  /** One of the last 64 pages that `core` mapped, chosen by `choice` ≥ 0; or NO_PAGE. */
  pick(core: number, choice: number): number {
    const base = core * this.stride;
    const known = Math.min(Atomics.load(this.words, base + MAPPED), LIVE_PAGES);
    if (known === 0) return NO_PAGE;
    const entry = base + ENTRIES + 2 * (choice % known);
    return Atomics.load(this.words, entry) * HALF + Atomics.load(this.words, entry + 1);
  }

  private join(core: number): void {
    for (;;) {
      const mappers = this.mappers;
      if (mappers > core) return;
      Atomics.compareExchange(this.words, MAPPERS, mappers, core + 1);
    }
  }
}
