// A core that loads a space again while another one shoots down there: it is told, or it sees that it
// missed something. It keeps nothing that is unmapped by the time the initiator goes on.

import { describe, expect, it } from "vitest";
import type { Protocol } from "../../dist/src/engine/executor/cpu.js";
import { WRITABLE } from "../../dist/src/engine/layout/pte.js";
import { pcidOf } from "../../dist/src/engine/machine/machine.js";
import { parsePolicy } from "../../dist/src/engine/policy/parse.js";
import { planOf } from "../../dist/src/engine/policy/plan.js";
import { PROFILES } from "../../dist/src/engine/profile/profiles.js";
import type { Core } from "../../dist/src/engine/protocol/core.js";
import { sleepOrServe } from "../../dist/src/engine/protocol/interrupts.js";
import {
  beginOperation,
  finishOperation,
  map,
  unmap,
} from "../../dist/src/engine/protocol/memory.js";
import { loadSpace, unloadSpace } from "../../dist/src/engine/protocol/switch.js";
import { access } from "../../dist/src/engine/protocol/user.js";
import { partsOf, play } from "../support/parts.ts";

const SKYLAKE = PROFILES.find(({ name }) => name === "skylake-2s")!;
const PAGE = 0x80000;
const OTHER_SPACE = 1;
/** All is mapped and cached by then; the unmap takes some 100 ns from there to its flush. */
const UNMAP_NS = 20_000;
const OVER_NS = 60_000;
/** Orders of steps that are due at about the same time. */
const SEEDS = 8;
const BACK_AFTER_NS = Array.from({ length: 15 }, (_, i) => 10 * i);

/** Core 0 unmaps a page that core 1 has cached, while core 1 comes back to the space. */
function keepsIt(policy: string, seed: number, backAfterNs: number): boolean {
  const parts = partsOf(SKYLAKE, 2, planOf(parsePolicy(policy)), 0, seed);
  play(parts, [0, 1], function* (core: Core): Protocol<void> {
    if (core.id === 0) {
      yield* map(core, PAGE, WRITABLE);
      yield* serveUntil(core, UNMAP_NS);
      beginOperation(core);
      yield* unmap(core, PAGE, 1);
      yield* finishOperation(core);
      return;
    }
    yield* serveUntil(core, UNMAP_NS / 2);
    access(core, PAGE, true);
    yield* switchSpace(core, 0, OTHER_SPACE);
    yield* serveUntil(core, UNMAP_NS + backAfterNs);
    yield* switchSpace(core, OTHER_SPACE, 0);
    yield* serveUntil(core, OVER_NS);
  });
  return parts.cores[1].tlb.holds(pcidOf(0), PAGE);
}

function* switchSpace(core: Core, from: number, to: number): Protocol<void> {
  if (core.cpu.point()) yield;
  loadSpace(core, to);
  if (core.cpu.point()) yield;
  unloadSpace(core, from);
}

function* serveUntil(core: Core, untilNs: number): Protocol<void> {
  while (core.cpu.now() < untilNs) yield* sleepOrServe(core, untilNs);
}

describe("a core that comes back in the middle of a shootdown", () => {
  it.each(["strict", "linux-x86", "invlpgb", "linux-x86+broadcast(8)", "strict+broadcast(2)"])(
    "%s: does not keep the translation, whatever the order of their steps",
    (policy) => {
      const kept = BACK_AFTER_NS.filter((backAfterNs) => {
        return Array.from({ length: SEEDS }, (_, seed) => keepsIt(policy, seed, backAfterNs)).some(
          Boolean,
        );
      });
      expect(kept).toEqual([]);
    },
  );
});
