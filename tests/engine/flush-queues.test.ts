import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VPN_LIMIT } from "../../dist/src/engine/layout/address.js";
import { PFN_LIMIT } from "../../dist/src/engine/layout/pte.js";
import { allWordsOf, layOut } from "../../dist/src/engine/layout/regions.js";
import { LINE_WORDS } from "../../dist/src/engine/layout/words.js";
import { FlushQueues, type QueuedRange } from "../../dist/src/engine/machine/flush-queues.js";
import { END_OF_CHAIN, NO_FRAME } from "../../dist/src/engine/machine/frames.js";
import { Spaces } from "../../dist/src/engine/machine/spaces.js";
import { shapeWith } from "./shapes.js";

const SLOTS = 8;
const CORE = 1;

function emptyQueues(): FlushQueues {
  const shape = shapeWith({ cores: 2, flushQueueSlots: SLOTS });
  const regions = layOut(shape);
  return new FlushQueues(new SharedArrayBuffer(regions.bytes), regions, SLOTS);
}

/** A range whose fields nobody looks at here, but for those given. */
function rangeWith(fields: Partial<QueuedRange>): QueuedRange {
  const none = { vpn: 1, pages: 1, unmappedNs: 0, stamp: 0, flush: 0 };
  return { ...none, frames: NO_FRAME, tables: END_OF_CHAIN, ...fields };
}

describe("flush queues", () => {
  it("a full queue: one entry stays empty, as in Linux, whatever the ring has room for", () => {
    for (const limit of [SLOTS, SLOTS - 2]) {
      const queues = emptyQueues();
      let entries = 0;
      while (!queues.isFull(CORE, limit)) queues.enqueue(CORE, rangeWith({ vpn: ++entries }));
      expect(entries).toBe(limit - 1);
      expect(queues.isEmpty(CORE)).toBe(false);
      queues.dropOldest(CORE);
      expect(queues.isFull(CORE, limit)).toBe(false);
    }
  });

  it("a sweeper: reads entries while their slots are theirs, and is told when they are not", () => {
    const queues = emptyQueues();
    const range = rangeWith({});
    for (let i = 0; i < SLOTS - 1; i++) queues.enqueue(CORE, rangeWith({ vpn: i }));
    expect(queues.read(CORE, 0, range)).toBe(true);
    expect(range.vpn).toBe(0);
    queues.dropOldest(CORE);
    expect(queues.read(CORE, 0, range)).toBe(true); // Reaped, and still to be read.
    queues.enqueue(CORE, rangeWith({ vpn: 99 }));
    expect(queues.read(CORE, 0, range)).toBe(false);
    expect(queues.read(CORE, 1, range)).toBe(true);
    expect(range.vpn).toBe(1);
  });

  it("asynchronous flushes: complete up to the number that the core has made known", () => {
    const queues = emptyQueues();
    expect(queues.completedOf(CORE)).toBe(0);
    queues.complete(CORE, 100);
    expect(queues.completedOf(CORE)).toBe(100);
    expect(queues.completedOf(0)).toBe(0);
  });

  it("any order of queueing and reaping: first in, first out, with what was put in", () => {
    const entry = fc.record({
      vpn: fc.integer({ min: 0, max: VPN_LIMIT - 1 }),
      pages: fc.nat(2 ** 30),
      stamp: fc.integer(),
      flush: fc.integer(),
      frames: fc.integer({ min: END_OF_CHAIN, max: PFN_LIMIT - 1 }),
      tables: fc.integer({ min: END_OF_CHAIN, max: PFN_LIMIT - 1 }),
      unmappedNs: fc.integer({ min: 0, max: 2 ** 53 - 1 }),
    });
    const step = fc.option(entry, { nil: undefined }); // Without one: reap the oldest.
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const queues = emptyQueues();
        const model: QueuedRange[] = [];
        const oldest = rangeWith({});
        for (const added of steps) {
          if (added === undefined && model.length > 0) {
            queues.dropOldest(CORE);
            model.shift();
          } else if (added !== undefined && model.length < SLOTS - 1) {
            queues.enqueue(CORE, added);
            model.push(added);
          }
          expect(queues.isEmpty(CORE)).toBe(model.length === 0);
          expect(queues.isFull(CORE, SLOTS)).toBe(model.length === SLOTS - 1);
          expect(queues.isEmpty(0)).toBe(true);
          if (model.length === 0) continue;
          expect(queues.read(CORE, queues.headOf(CORE), oldest)).toBe(true);
          expect(oldest).toEqual(model[0]);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe("flushes of everything, counted over the wrap of a word", () => {
  it.each([0, 2 ** 31 - 2, -2])("from %i: only one that began since covers an entry", (count) => {
    const regions = layOut(shapeWith());
    const memory = new SharedArrayBuffer(regions.bytes);
    const spaces = new Spaces(memory, regions, 2);
    for (let i = 0; i < 6; i++) {
      // As after so many flushes, of which the last is under way.
      const words = allWordsOf(memory, regions.spaces);
      words[LINE_WORDS + 1] = count + i;
      words[LINE_WORDS + 2] = count + i - 1;
      const stamp = spaces.deferredFlushesStarted(0);
      spaces.finishDeferredFlush(0);
      expect(spaces.hasFlushedSince(0, stamp)).toBe(false);
      spaces.startDeferredFlush(0);
      expect(spaces.hasFlushedSince(0, stamp)).toBe(false);
      spaces.finishDeferredFlush(0);
      expect(spaces.hasFlushedSince(0, stamp)).toBe(true);
    }
  });
});
