// A core that maps an address which another core is still about to free, or has queued.

import { describe, expect, it } from "vitest";
import type { Protocol } from "../../dist/src/engine/executor/cpu.js";
import { WRITABLE } from "../../dist/src/engine/layout/pte.js";
import { parsePolicy } from "../../dist/src/engine/policy/parse.js";
import { planOf } from "../../dist/src/engine/policy/plan.js";
import type { Policy } from "../../dist/src/engine/policy/policy.js";
import { batch, STRICT } from "../../dist/src/engine/policy/presets.js";
import { PROFILES } from "../../dist/src/engine/profile/profiles.js";
import type { Core } from "../../dist/src/engine/protocol/core.js";
import { sleepOrServe } from "../../dist/src/engine/protocol/interrupts.js";
import {
  beginOperation,
  finishOperation,
  map,
  unmap,
} from "../../dist/src/engine/protocol/memory.js";
import { type Parts, partsOf, play } from "../support/parts.ts";

const HASWELL = PROFILES.find(({ name }) => name === "haswell-2s")!;
const PAGE = 0x80000;
const TABLE_PAGES = 512;
/** Nothing is queued before the operation ends, as until then the IOMMUs are not flushed. */
const QUEUES_AT_THE_END = parsePolicy("batch(32,iommus)+queue(256,10ms,cores)");
/** What core 0 does after the unmap, within the same operation. */
const BUSY_NS = 50_000;

interface Played extends Parts {
  readonly freedNs: number;
  readonly mappedNs: number;
}

/** Core 0 unmaps a page and is busy before the operation ends; core 1 wants the address at once. */
function played(policy: Policy, withTables: boolean): Played {
  const parts = partsOf(HASWELL, 2, planOf(policy));
  let freedNs = 0;
  let mappedNs = 0;
  play(parts, [0, 1], function* (core: Core): Protocol<void> {
    if (core.id === 0) {
      yield* map(core, PAGE, WRITABLE);
      beginOperation(core);
      yield* unmap(core, PAGE, withTables ? TABLE_PAGES : 1, withTables);
      core.cpu.spend(BUSY_NS);
      yield* finishOperation(core);
      freedNs = core.cpu.now();
      return;
    }
    if (core.cpu.sleep(5000)) yield; // Core 0 has unmapped it by then.
    yield* map(core, PAGE, WRITABLE);
    mappedNs = core.cpu.now();
  });
  return { ...parts, freedNs, mappedNs };
}

describe.each([
  ["an entry", false],
  ["the page table of its region", true],
])("an address held by %s", (_, withTables) => {
  it("that another core's operation still has: whoever waits is rung when it is free", () => {
    const { freedNs, mappedNs, machine, executor } = played(batch(32, "both"), withTables);
    expect(freedNs).toBeGreaterThan(BUSY_NS);
    expect(mappedNs - freedNs).toBeGreaterThanOrEqual(0);
    expect(mappedNs - freedNs).toBeLessThan(1000);
    expect(machine.spaces.hasAddressWaiters(0)).toBe(false);
    expect(executor.turns).toBeLessThan(60); // Nobody looks again and again.
  });

  it("nothing is queued: nobody flushes everything for it", () => {
    const { cores } = played(STRICT, withTables);
    expect(cores[1].counters.ipis).toBe(0);
  });

  it("that is queued while somebody waits: flushed for it, not left to the timer", () => {
    const { cores, freedNs, mappedNs } = played(QUEUES_AT_THE_END, withTables);
    expect(cores[1].counters.ipis).toBe(1);
    expect(mappedNs - freedNs).toBeLessThan(10_000);
  });
});

/** Core 2 has a range queued by the time at which core 1 begins to wait, core 0 queues its later. */
function playedByThree(policy: Policy): number {
  const parts = partsOf(HASWELL, 3, planOf(policy));
  let freedNs = 0;
  let mappedNs = 0;
  function* operation(core: Core, page: number, busyNs: number): Protocol<void> {
    yield* map(core, page, WRITABLE);
    beginOperation(core);
    yield* unmap(core, page, 1);
    core.cpu.spend(busyNs);
    yield* finishOperation(core);
  }
  play(parts, [0, 1, 2], function* (core: Core): Protocol<void> {
    if (core.id === 0) {
      yield* operation(core, PAGE, BUSY_NS);
      freedNs = core.cpu.now();
    } else if (core.id === 2) {
      yield* operation(core, PAGE + TABLE_PAGES, 0);
    } else {
      if (core.cpu.sleep(5000)) yield;
      yield* map(core, PAGE, WRITABLE);
      mappedNs = core.cpu.now();
    }
  });
  return mappedNs - freedNs;
}

describe("an address that is queued while the core that waits for it drains the queues", () => {
  it.each([
    "batch(32,iommus)+queue(256,10ms,cores)",
    "batch(32,iommus)+queue(256,never,cores)",
    "latr+batch(32,iommus)",
  ])("%s: no ring is lost in what the drain itself waits for", (policy) => {
    expect(playedByThree(parsePolicy(policy))).toBeLessThan(10_000);
  });
});

/** When core 0 unmaps a second page, which makes it flush all that its operation has gathered. */
const SECOND_NS = Array.from({ length: 50 }, (_, i) => 21_000 + 200 * i);

/**
 * Core 0 unmaps a page that nobody may write, and later one that somebody may, in one operation;
 * core 1 maps the first one again meanwhile, and unmaps it. Whether core 1's was mapped by somebody
 * else before core 1 had flushed and freed it.
 */
function losesItsAddress(policy: Policy, secondNs: number): boolean {
  const parts = partsOf(HASWELL, 3, planOf(policy), 1);
  let isFlushing = false;
  let lost = false;
  play(parts, [0, 1, 2], function* (core: Core): Protocol<void> {
    const { pageTables, spaces } = core.machine;
    const isFree = (): boolean => {
      return pageTables.read(pageTables.leafOf(spaces.rootOf(0), PAGE)) === 0;
    };
    if (core.id === 0) {
      yield* map(core, PAGE, 0);
      yield* map(core, PAGE + TABLE_PAGES, WRITABLE);
      yield* serveUntil(core, 20_000);
      beginOperation(core);
      yield* unmap(core, PAGE, 1);
      yield* serveUntil(core, secondNs);
      yield* unmap(core, PAGE + TABLE_PAGES, 1);
      yield* finishOperation(core);
    } else if (core.id === 1) {
      yield* serveUntil(core, 20_400);
      yield* map(core, PAGE, WRITABLE);
      beginOperation(core);
      isFlushing = true;
      yield* unmap(core, PAGE, 1);
      isFlushing = false;
      yield* finishOperation(core);
    } else {
      for (let atNs = 20_500; atNs < 40_000; atNs += 50) {
        yield* serveUntil(core, atNs);
        if (isFlushing && isFree()) lost = true;
      }
    }
  });
  return lost;
}

function* serveUntil(core: Core, untilNs: number): Protocol<void> {
  while (core.cpu.now() < untilNs) yield* sleepOrServe(core, untilNs);
}

describe("an address whose frame has gone before the operation that unmapped it has flushed", () => {
  it.each([
    "reuse(read-only,cores)+batch(32,iommus)",
    "reuse(read-only,cores)+batch(32,iommus)+frames(at-once)",
  ])("%s: nobody gives back what another core has unmapped there since", (policy) => {
    expect(SECOND_NS.filter((ns) => losesItsAddress(parsePolicy(policy), ns))).toEqual([]);
  });
});
