// One interrupt or two: what comes while a core handles a message it handles in the same interrupt.
// How far ahead a handler may run in virtual time must not show in that. What comes while interrupts
// are off is handled before anything else, and what a handler changes nobody sees before its time.

import { describe, expect, it } from "vitest";
import type { Protocol } from "../../dist/src/engine/executor/cpu.js";
import { WRITABLE } from "../../dist/src/engine/layout/pte.js";
import { ACK_LATE, FLUSH_PAGES } from "../../dist/src/engine/machine/mailboxes.js";
import { parsePolicy } from "../../dist/src/engine/policy/parse.js";
import { planOf } from "../../dist/src/engine/policy/plan.js";
import { STRICT } from "../../dist/src/engine/policy/presets.js";
import { numbersOf, type Profile } from "../../dist/src/engine/profile/profile.js";
import { PROFILES } from "../../dist/src/engine/profile/profiles.js";
import type { Core } from "../../dist/src/engine/protocol/core.js";
import { sleepOrServe } from "../../dist/src/engine/protocol/interrupts.js";
import { awaitAcks, send } from "../../dist/src/engine/protocol/ipi.js";
import {
  beginOperation,
  finishOperation,
  map,
  unmap,
} from "../../dist/src/engine/protocol/memory.js";
import { loadSpace, unloadSpace } from "../../dist/src/engine/protocol/switch.js";
import { access, stayMasked, userWork } from "../../dist/src/engine/protocol/user.js";
import { programVpn } from "../../dist/src/workloads/memory-map.js";
import { type Parts, partsOf, play } from "../support/parts.ts";

const HASWELL = PROFILES.find(({ name }) => name === "haswell-2s")!;
const RESPONDER = 2;
const PAGES = 10;
const PAGE = 0x80000;
const MASKED_NS = 10_000;

/** Cores 0 and 1 each send core 2 a flush, the second one so much later; it runs its program. */
function played(profile: Profile, laterNs: number): Parts {
  const parts = partsOf(profile, 3, planOf(STRICT));
  play(parts, [0, 1, RESPONDER], function* (core: Core): Protocol<void> {
    if (core.id === RESPONDER) {
      yield* userWork(core, { vpn: programVpn(0), pages: 1, gapNs: 50_000 }, 50_000);
      return;
    }
    if (core.cpu.sleep(1000 + core.id * laterNs)) yield;
    core.targets = 0;
    yield* send(core, RESPONDER, FLUSH_PAGES | ACK_LATE, 0, programVpn(0), PAGES);
    yield* awaitAcks(core);
  });
  return parts;
}

function responderNs({ cores }: Parts): number {
  return cores[RESPONDER].counters.responderNs;
}

describe.each([
  ["it takes less to get there than to be handled", 20],
  ["it takes longer", 5000],
])("a message sent while another is handled; %s", (_, deliveryNs) => {
  const local = HASWELL.costs.deliveryNs;
  const costs = {
    ...HASWELL.costs,
    deliveryNs: { ...local, ns: deliveryNs },
    deliveryRemoteNs: { ...local, ns: deliveryNs },
  };
  const profile = { ...HASWELL, costs };
  const { interruptEntryNs, interruptExitNs, invalidatePageNs } = numbersOf(profile).costs;
  const handlingNs = PAGES * invalidatePageNs;

  it("due before the handler ends: handled in the same interrupt", () => {
    const laterNs = interruptEntryNs + handlingNs / 2;
    expect(responderNs(played(profile, laterNs))).toBe(
      interruptEntryNs + 2 * handlingNs + interruptExitNs,
    );
  });

  it("due after its end: in one of its own", () => {
    const laterNs = interruptEntryNs + handlingNs + 2 * interruptExitNs;
    expect(responderNs(played(profile, laterNs))).toBe(
      2 * (interruptEntryNs + handlingNs + interruptExitNs),
    );
  });
});

describe("a message that comes while interrupts are off", () => {
  it("is handled before the core does anything else", () => {
    const parts = partsOf(HASWELL, 2, planOf(parsePolicy("strict+no-ack")));
    play(parts, [0, 1], function* (core: Core): Protocol<void> {
      if (core.id === 0) {
        yield* map(core, PAGE, WRITABLE);
        yield* sleepUntil(core, MASKED_NS);
        beginOperation(core);
        yield* unmap(core, PAGE, 1);
        yield* finishOperation(core);
        return;
      }
      yield* sleepUntil(core, MASKED_NS / 2);
      access(core, PAGE, true);
      yield* stayMasked(core, MASKED_NS);
      const { tlbHits, pageFaults } = core.counters;
      access(core, PAGE, true);
      expect(core.counters.tlbHits).toBe(tlbHits);
      expect(core.counters.pageFaults).toBe(pageFaults + 1);
    });
  });
});

describe("a core that steps aside in its handler", () => {
  it("counts until the clock is there, for who looks meanwhile", () => {
    const OTHER_SPACE = 1;
    const parts = partsOf(HASWELL, 3, planOf(parsePolicy("linux-x86")));
    const { spaces } = parts.machine;
    const unload = spaces.unload.bind(spaces);
    let leftNs = 0;
    let seenNs = 0;
    spaces.unload = (space, core) => {
      leftNs = parts.cores[core].cpu.now();
      unload(space, core);
    };
    play(parts, [0, 1, RESPONDER], function* (core: Core): Protocol<void> {
      if (core.id === 0) {
        yield* map(core, PAGE, WRITABLE);
        yield* sleepUntil(core, MASKED_NS);
        beginOperation(core);
        yield* unmap(core, PAGE, 512, true); // Tables: whoever counts is told.
        yield* finishOperation(core);
      } else if (core.id === 1) {
        yield* sleepUntil(core, MASKED_NS);
        while (spaces.isLoaded(0, RESPONDER)) {
          core.cpu.spend(5);
          if (core.cpu.point()) yield;
        }
        seenNs = core.cpu.now();
      } else {
        loadSpace(core, OTHER_SPACE);
        unloadSpace(core, 0);
        yield* userWork(core, { vpn: programVpn(1), pages: 1, gapNs: 50_000 }, 50_000);
      }
    });
    expect(leftNs).toBeGreaterThan(MASKED_NS);
    expect(seenNs).toBeGreaterThanOrEqual(leftNs);
  });
});

function* sleepUntil(core: Core, untilNs: number): Protocol<void> {
  while (core.cpu.now() < untilNs) yield* sleepOrServe(core, untilNs);
}
