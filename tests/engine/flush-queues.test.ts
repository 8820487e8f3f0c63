import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VPN_LIMIT } from "../../dist/src/engine/layout/address.js";
import { layOut } from "../../dist/src/engine/layout/regions.js";
import { FlushQueues } from "../../dist/src/engine/machine/flush-queues.js";
import { shapeWith } from "./shapes.js";

const SLOTS = 8;
const CORE = 1;

function emptyQueues(): FlushQueues {
  const shape = shapeWith({ cores: 2, flushQueueSlots: SLOTS });
  const regions = layOut(shape);
  return new FlushQueues(new SharedArrayBuffer(regions.bytes), regions, SLOTS);
}

describe("flush queues", () => {
  it("an entry stamped s: may go when more than s flushes have finished, not when s have", () => {
    const queues = emptyQueues();
    queues.enqueue(CORE, 1, 1, 5, 0);
    expect([4, 5, 6, 7].map((finished) => queues.canReap(CORE, finished))).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });

  it("an empty queue: nothing to reap, however many flushes have finished", () => {
    const queues = emptyQueues();
    expect(queues.isEmpty(CORE)).toBe(true);
    expect(queues.canReap(CORE, 1000)).toBe(false);
    queues.enqueue(CORE, 1, 1, 0, 0);
    queues.dropOldest(CORE);
    expect(queues.isEmpty(CORE)).toBe(true);
    expect(queues.canReap(CORE, 1000)).toBe(false);
  });

  it("a full queue: one slot stays empty, as otherwise it would look like an empty one", () => {
    const queues = emptyQueues();
    let entries = 0;
    while (!queues.isFull(CORE)) queues.enqueue(CORE, ++entries, 1, 0, 0);
    expect(entries).toBe(SLOTS - 1);
    expect(queues.isEmpty(CORE)).toBe(false);
    queues.dropOldest(CORE);
    expect(queues.isFull(CORE)).toBe(false);
  });

  it("any order of queueing and reaping: first in, first out, with what was put in", () => {
    const entry = fc.record({
      vpn: fc.integer({ min: 0, max: VPN_LIMIT - 1 }),
      pages: fc.nat(2 ** 30),
      stamp: fc.nat(3),
      unmappedNs: fc.integer({ min: 0, max: 2 ** 53 - 1 }),
    });
    const step = fc.option(entry, { nil: undefined }); // Without one: reap the oldest.
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.nat(4), (steps, finished) => {
        const queues = emptyQueues();
        const model: { vpn: number; pages: number; stamp: number; unmappedNs: number }[] = [];
        for (const added of steps) {
          if (added === undefined && model.length > 0) {
            queues.dropOldest(CORE);
            model.shift();
          } else if (added !== undefined && model.length < SLOTS - 1) {
            queues.enqueue(CORE, added.vpn, added.pages, added.stamp, added.unmappedNs);
            model.push(added);
          }
          expect(queues.isEmpty(CORE)).toBe(model.length === 0);
          expect(queues.isFull(CORE)).toBe(model.length === SLOTS - 1);
          expect(queues.isEmpty(0)).toBe(true);
          if (model.length === 0) continue;
          const [oldest] = model;
          expect(queues.oldestVpn(CORE)).toBe(oldest.vpn);
          expect(queues.oldestPages(CORE)).toBe(oldest.pages);
          expect(queues.oldestUnmappedNs(CORE)).toBe(oldest.unmappedNs);
          expect(queues.canReap(CORE, finished)).toBe(oldest.stamp < finished);
        }
      }),
      { numRuns: 200 },
    );
  });
});
