// Page-table pages are given back with what they mapped: after a flush that reaches everybody who may
// walk through them.

import { describe, expect, test } from "vitest";
import type { Protocol } from "../../dist/src/engine/executor/cpu.js";
import { TABLE_ENTRIES } from "../../dist/src/engine/layout/address.js";
import { isHeld, WRITABLE } from "../../dist/src/engine/layout/pte.js";
import { NO_LEAF } from "../../dist/src/engine/machine/page-table.js";
import { planOf } from "../../dist/src/engine/policy/plan.js";
import type { Policy, When } from "../../dist/src/engine/policy/policy.js";
import { STRICT } from "../../dist/src/engine/policy/presets.js";
import type { Core } from "../../dist/src/engine/protocol/core.js";
import { drainQueues } from "../../dist/src/engine/protocol/flush-queue.js";
import {
  beginOperation,
  finishOperation,
  map,
  unmap,
} from "../../dist/src/engine/protocol/memory.js";
import { type Parts, partsOf, play } from "../support/parts.ts";
import { AKAROS_2020 } from "../support/virtual-run.ts";

const REGION_VPN = 0x40_0000;
const QUEUE: When = { kind: "queue", entries: 16, timeoutNs: Number.POSITIVE_INFINITY };

/** Maps three pages of a region and unmaps it whole; `look` sees the machine right after. */
function unmapRegion(choices: Partial<Policy>, look: (core: Core) => void = () => {}): Parts {
  const parts = partsOf(AKAROS_2020, 3, planOf({ ...STRICT, ...choices }), 1);
  play(parts, [0], function* (core): Protocol<void> {
    for (const page of [0, 7, TABLE_ENTRIES - 1]) yield* map(core, REGION_VPN + page, WRITABLE);
    beginOperation(core);
    yield* unmap(core, REGION_VPN, TABLE_ENTRIES, true);
    yield* finishOperation(core);
    look(core);
    yield* drainQueues(core);
  });
  return parts;
}

/** Whether some table leads to the region. */
function hasTable({ machine }: Core): boolean {
  return machine.pageTables.leafOf(machine.spaces.rootOf(0), REGION_VPN) !== NO_LEAF;
}

describe("a region that is unmapped with its page-table page", () => {
  test("strict: the table is unlinked, and free when the operation returns", () => {
    const { machine, cores } = unmapRegion({}, (core) => {
      expect(hasTable(core)).toBe(false);
      expect(core.machine.spaces.heldTables(0)).toBe(0);
    });
    const { framesHeld, framesFreed } = cores[0].counters;
    expect([framesHeld, framesFreed]).toEqual([3, 3]);
    expect(machine.spaces.heldBy(0)).toBe(0);
  });

  test("deferred: the table waits with its pages for the flush of everything", () => {
    const { machine } = unmapRegion({ whenCores: QUEUE, whenIommu: QUEUE }, (core) => {
      expect(hasTable(core)).toBe(false);
      expect(core.machine.spaces.heldTables(0)).toBe(1);
    });
    expect(machine.spaces.heldTables(0)).toBe(0);
  });

  test("tables at once: the table is free before anybody is flushed", () => {
    const reuse = { ...STRICT.reuse, tables: { kind: "at-once" } } as const;
    const choices = { whenCores: QUEUE, whenIommu: QUEUE, reuse };
    unmapRegion(choices, (core) => expect(core.machine.spaces.heldTables(0)).toBe(0));
  });

  test("idle cores are interrupted all the same: they may walk", () => {
    const whom = { among: "loaded", skipIdle: true, broadcastFrom: 0 } as const;
    expect(unmapRegion({ whom }).cores[0].counters.ipis).toBe(2);
  });

  test("early acknowledgement: not here, as a core in its handler may still walk", () => {
    const late = unmapRegion({}).cores[0].path.latency.max;
    expect(unmapRegion({ ack: "early" }).cores[0].path.latency.max).toBe(late);
  });

  test("a table that is used again: who accessed what it mapped before is not told", () => {
    const whom = { among: "accessed", skipIdle: false, broadcastFrom: 0 } as const;
    const parts = partsOf(AKAROS_2020, 3, planOf({ ...STRICT, whom }));
    play(parts, [0], function* (core): Protocol<void> {
      const { pageTables, spaces } = core.machine;
      yield* map(core, REGION_VPN, WRITABLE);
      const leaf = pageTables.leafOf(spaces.rootOf(0), REGION_VPN);
      pageTables.noteSharer(leaf, 1);
      beginOperation(core);
      yield* unmap(core, REGION_VPN, 1, true);
      yield* finishOperation(core);
      expect(core.counters.ipis).toBe(2); // Of a table all are told.
      yield* map(core, REGION_VPN, WRITABLE);
      expect(pageTables.leafOf(spaces.rootOf(0), REGION_VPN)).toBe(leaf);
      beginOperation(core);
      yield* unmap(core, REGION_VPN, 1);
      yield* finishOperation(core);
      expect(core.counters.ipis).toBe(2);
    });
  });

  test("a table that has to stay: its entries hold the addresses until the flush", () => {
    const parts = partsOf(AKAROS_2020, 2, planOf({ ...STRICT, whenCores: QUEUE }));
    play(parts, [0], function* (core): Protocol<void> {
      const { pageTables, spaces } = core.machine;
      yield* map(core, REGION_VPN, WRITABLE);
      yield* map(core, REGION_VPN + 1, WRITABLE);
      for (const [page, withTables] of [[1, false] as const, [0, true] as const]) {
        beginOperation(core);
        yield* unmap(core, REGION_VPN + page, 1, withTables);
        yield* finishOperation(core);
      }
      expect(hasTable(core)).toBe(true); // Page 1 waits in it, for the same flush.
      expect(isHeld(pageTables.read(pageTables.leafOf(spaces.rootOf(0), REGION_VPN)))).toBe(true);
      expect(core.counters.ipis).toBe(0);
      yield* map(core, REGION_VPN, WRITABLE);
      expect(core.counters.ipis).toBe(1);
      yield* drainQueues(core);
    });
    expect(parts.machine.spaces.heldBy(0)).toBe(0);
  });

  test("a table with an entry in use stays", () => {
    const parts = partsOf(AKAROS_2020, 2, planOf(STRICT));
    play(parts, [0], function* (core): Protocol<void> {
      yield* map(core, REGION_VPN, WRITABLE);
      yield* map(core, REGION_VPN + 1, WRITABLE);
      beginOperation(core);
      yield* unmap(core, REGION_VPN, 1, true);
      yield* finishOperation(core);
      expect(hasTable(core)).toBe(true);
      expect(yield* map(core, REGION_VPN, WRITABLE)).toBe(true);
    });
  });
});
