// Random points of the space of policies: every combination that means something.

import fc from "fast-check";
import { type Choices, type Decisions, decisionsOf } from "../../dist/src/engine/policy/choices.js";
import type { Reuse, When } from "../../dist/src/engine/policy/policy.js";
import { refuseUnfit } from "../../dist/src/engine/policy/refusals.js";

const entries = fc.integer({ min: 2, max: 32_768 });
const queue: fc.Arbitrary<When> = fc.record({
  kind: fc.constant("queue"),
  entries,
  timeoutNs: fc.oneof(fc.integer({ min: 1, max: 1e12 }), fc.constant(Number.POSITIVE_INFINITY)),
});
const when: fc.Arbitrary<When> = fc.oneof(
  fc.constant({ kind: "each" } as const),
  fc.record({ kind: fc.constant("batch"), pages: fc.integer({ min: 1, max: 9690 }) }),
  queue,
  fc.record({
    kind: fc.constant("tick"),
    states: entries,
    periodNs: fc.integer({ min: 1000, max: 1e12 }),
  }),
  fc.record({ kind: fc.constant("reuse"), sameOwner: fc.boolean(), readOnly: fc.boolean() }),
);
const reuse: fc.Arbitrary<Reuse> = fc.oneof(
  fc.constant({ kind: "at-once" } as const),
  fc.constant({ kind: "after-flush" } as const),
  fc.record({ kind: fc.constant("after-ticks"), ticks: fc.integer({ min: 1, max: 100_000 }) }),
);

const choices: fc.Arbitrary<Choices> = fc.record({
  whenCores: when,
  whenIommu: when,
  among: fc.constantFrom("loaded", "accessed"),
  skipIdle: fc.boolean(),
  broadcastFrom: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 1024 })),
  ack: fc.constantFrom("none", "early", "late"),
  local: fc.constantFrom("serial", "concurrent"),
  interface: fc.constantFrom("register", "queue"),
  scope: fc.constantFrom("page", "domain", "global"),
  order: fc.constantFrom("after-cores", "overlapped"),
  leafHint: fc.boolean(),
  waitEvery: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 128 })),
  frames: reuse,
  addresses: reuse,
  tables: reuse,
  fullAbovePages: fc.integer({ min: 0, max: 65_535 }),
  generations: fc.boolean(),
});

/** Both halves often wait alike, or few would pass. */
const decided: fc.Arbitrary<Decisions> = fc
  .tuple(choices, fc.boolean())
  .map(([each, alike]) => decisionsOf(alike ? { ...each, whenIommu: each.whenCores } : each));

export const decisions: fc.Arbitrary<Decisions> = decided.filter((policy) => {
  try {
    refuseUnfit("a random point", policy);
    return true;
  } catch {
    return false;
  }
});
