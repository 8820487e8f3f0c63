import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { layOut, locksOf } from "../../dist/src/engine/layout/regions.js";
import { NOBODY } from "../../dist/src/engine/machine/actors.js";
import { Locks } from "../../dist/src/engine/machine/locks.js";
import { createMachine } from "../../dist/src/engine/machine/machine.js";
import { shapeWith } from "./shapes.js";

const CORES = 5;
const LOCK = 2;
const NOT_YET = Number.POSITIVE_INFINITY;

function freshLocks(): Locks {
  const shape = shapeWith({ cores: CORES });
  const regions = layOut(shape);
  return new Locks(new SharedArrayBuffer(regions.bytes), regions, CORES);
}

describe("ticket locks", () => {
  it("a free lock: the first ticket has it at once, the second when the first lets go", () => {
    const locks = freshLocks();
    const first = locks.takeTicket(LOCK);
    const second = locks.takeTicket(LOCK);
    expect(locks.handedNs(LOCK, first)).toBe(0);
    expect(locks.handedNs(LOCK, second)).toBe(NOT_YET);
    locks.await(LOCK, second, 4);
    expect(locks.release(LOCK, first, 3, 700)).toBe(4);
    expect(locks.handedNs(LOCK, second)).toBe(700);
    expect(locks.releasedBy(LOCK)).toBe(3);
    expect(locks.handedNs(LOCK, first)).toBe(NOT_YET);
  });

  it("nobody waits: the release names nobody", () => {
    const locks = freshLocks();
    expect(locks.release(LOCK, locks.takeTicket(LOCK), 0, 10)).toBe(NOBODY);
  });

  it("the next has a ticket but has not said who it is: nobody is named, and it sees its turn itself", () => {
    const locks = freshLocks();
    const first = locks.takeTicket(LOCK);
    const second = locks.takeTicket(LOCK);
    expect(locks.release(LOCK, first, 0, 10)).toBe(NOBODY);
    locks.await(LOCK, second, 1);
    expect(locks.handedNs(LOCK, second)).toBe(10);
  });

  it("any order of arrivals and releases: each core in turn, first come, first served", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(CORES), { maxLength: 150 }), (steps) => {
        const locks = freshLocks();
        const queue: { core: number; ticket: number }[] = [];
        let nowNs = 0;
        let handedNs = 0;
        for (const core of steps) {
          nowNs += 10;
          if (core === CORES) {
            const holder = queue.shift();
            if (holder === undefined) continue;
            expect(locks.release(LOCK, holder.ticket, holder.core, nowNs)).toBe(
              queue[0]?.core ?? NOBODY,
            );
            handedNs = nowNs;
          } else if (!queue.some((waiter) => waiter.core === core)) {
            const ticket = locks.takeTicket(LOCK);
            locks.await(LOCK, ticket, core);
            queue.push({ core, ticket });
          }
          const handed = queue.map(({ ticket }) => locks.handedNs(LOCK, ticket));
          expect(handed).toEqual(queue.map((_, i) => (i === 0 ? handedNs : NOT_YET)));
        }
      }),
      { numRuns: 100 },
    );
  });

  it("two locks: what is taken of one is free in the other", () => {
    const locks = freshLocks();
    locks.takeTicket(0);
    expect(locks.handedNs(0, locks.takeTicket(0))).toBe(NOT_YET);
    expect(locks.handedNs(1, locks.takeTicket(1))).toBe(0);
  });
});

describe("the locks of a machine", () => {
  it("spaces, IOMMUs, flush queues, tables and what is serial: a lock each, none shared", () => {
    const shape = shapeWith({ cores: 3, iommus: 2, spaces: 4, tableFrames: 16, tableLocks: 5 });
    const machine = createMachine(shape, true);
    const locks = [
      ...[0, 1, 2, 3].map((space) => machine.lockOfSpace(space)),
      ...[0, 1].map((iommu) => machine.lockOfIommu(iommu)),
      ...[0, 1, 2].map((core) => machine.lockOfFlushQueue(core)),
      machine.serialLock,
      ...[0, 1, 2, 3, 4].map((table) => machine.lockOfEntries(0, 512 * table)),
    ];
    expect(new Set(locks).size).toBe(locksOf(shape));
    expect(Math.max(...locks)).toBeLessThan(locksOf(shape));
    expect(machine.lockOfEntries(0, 511)).toBe(machine.lockOfEntries(0, 0));
  });
});
