import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventHeap } from "../../dist/src/engine/executor/event-heap.js";

type Event = readonly [ns: number, actor: number, serial: number];

function inOrder(a: Event, b: Event): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

/** Pops everything, as [actor, serial]. */
function drained(heap: EventHeap): [number, number][] {
  const events: [number, number][] = [];
  while (!heap.isEmpty) {
    events.push([heap.topActor, heap.topSerial]);
    heap.pop();
  }
  return events;
}

const ns = fc.oneof(fc.nat(5), fc.integer({ min: 0, max: 2 ** 53 - 1 }));

describe("the event heap", () => {
  it("any pushes and pops: the first is always that of a sorted array", () => {
    const push = fc.tuple(ns, fc.nat(4));
    fc.assert(
      fc.property(fc.array(fc.option(push), { maxLength: 300 }), (steps) => {
        const heap = new EventHeap();
        const sorted: Event[] = [];
        let serial = 2 ** 40; // Serials are not 32-bit.
        for (const step of steps) {
          if (step !== null) {
            heap.push(step[0], step[1], ++serial);
            sorted.push([step[0], step[1], serial]);
            sorted.sort(inOrder);
          } else if (sorted.length > 0) {
            heap.pop();
            sorted.shift();
          }
          expect(heap.isEmpty).toBe(sorted.length === 0);
          if (sorted.length === 0) continue;
          expect([heap.topActor, heap.topSerial]).toEqual([sorted[0][1], sorted[0][2]]);
        }
        expect(drained(heap)).toEqual(sorted.map(([, actor, s]) => [actor, s]));
      }),
      { numRuns: 150 },
    );
  });

  it("more events than it began with room for: none is lost", () => {
    const heap = new EventHeap();
    const events = Array.from({ length: 2000 }, (_, i): Event => [(i * 7919) % 1009, i % 16, i]);
    for (const [at, actor, serial] of events) heap.push(at, actor, serial);
    const expected = events.toSorted(inOrder).map(([, actor, serial]) => [actor, serial]);
    expect(drained(heap)).toEqual(expected);
  });

  it("the same time: the lower actor first, then the earlier wake-up", () => {
    const heap = new EventHeap();
    for (const [actor, serial] of [
      [2, 1],
      [1, 3],
      [1, 2],
      [0, 4],
    ])
      heap.push(10, actor, serial);
    expect(drained(heap)).toEqual([
      [0, 4],
      [1, 2],
      [1, 3],
      [2, 1],
    ]);
  });

  it("an actor that stands at some time: goes on only if the first event comes after it", () => {
    fc.assert(
      fc.property(ns, fc.nat(4), ns, fc.nat(4), (at, actor, otherNs, other) => {
        const heap = new EventHeap();
        heap.push(at, actor, 1);
        const comesAfter = at > otherNs || (at === otherNs && actor > other);
        expect(heap.isAfter(otherNs, other)).toBe(comesAfter);
      }),
      { numRuns: 200 },
    );
  });
});
