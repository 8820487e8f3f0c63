// Which policies a stress run goes through by itself: what they promise, and what they reach.

import { describe, expect, it } from "vitest";
import { soundPolicies } from "../../dist/src/cli/stress/policies.js";
import type { Policy } from "../../dist/src/engine/policy/policy.js";
import { PRESETS } from "../../dist/src/engine/policy/presets.js";
import { printPolicy } from "../../dist/src/engine/policy/print.js";

const SEEDS = [1, 2, 3, 4];
const presets = new Set(PRESETS.map(({ name }) => name));
const drawn = SEEDS.flatMap((seed) => soundPolicies(seed)).filter(({ name }) => !presets.has(name));
const has = (what: (policy: Policy) => boolean) => drawn.some(what);

describe("drawn policies", () => {
  it("wait for whom they tell, and hand out again what was flushed", () => {
    for (const { ack, reuse } of drawn) {
      const kinds = Object.values(reuse).map(({ kind }) => kind);
      expect([ack === "none", ...new Set(kinds)]).toEqual([false, "after-flush"]);
    }
  });

  it("the same seed: the same; another seed: others", () => {
    const [a, b, c] = [1, 1, 2].map((seed) => soundPolicies(seed).map(printPolicy));
    expect(b).toEqual(a);
    expect(c).not.toEqual(a);
  });

  it.each(["each", "batch", "queue", "reuse"])("%s: of either half, beside another's", (kind) => {
    const isApart = ({ whenCores, whenIommu }: Policy) => whenCores.kind !== whenIommu.kind;
    expect(has((policy) => isApart(policy) && policy.whenCores.kind === kind)).toBe(true);
    expect(has((policy) => isApart(policy) && policy.whenIommu.kind === kind)).toBe(true);
  });

  it("ticks beside what IOMMUs put off, and queues without a timer", () => {
    expect(has((p) => p.whenCores.kind === "tick" && p.whenIommu.kind !== "each")).toBe(true);
    const isEndless = ({ whenCores: when }: Policy) =>
      when.kind === "queue" && when.timeoutNs === Number.POSITIVE_INFINITY;
    expect(has(isEndless)).toBe(true);
  });

  it.each(["page", "domain", "global"])("by register, %s-selective", (scope) => {
    expect(has(({ iommu }) => iommu.interface === "register" && iommu.scope === scope)).toBe(true);
  });
});
