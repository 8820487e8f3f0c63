import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pointId, shortHash } from "../../dist/src/cli/experiments/identity.js";
import { pointOf, workloadOf } from "../support/points.ts";

describe("a short hash", () => {
  it("is never a number to whoever guesses types, and otherwise begins the SHA-256", () => {
    const isNumber = (text: string): boolean => !Number.isNaN(Number(text));
    let passedOver = 0;
    fc.assert(
      fc.property(fc.string(), (text) => {
        const hash = shortHash(text);
        const digest = createHash("sha256").update(text).digest("hex");
        expect(hash).toMatch(/^[0-9a-f]{12}$/);
        expect(isNumber(hash)).toBe(false);
        if (digest.startsWith(hash)) return;
        passedOver++;
        expect(isNumber(digest.slice(0, 12))).toBe(true);
      }),
      { numRuns: 3000, seed: 1 },
    );
    expect(passedOver).toBeGreaterThan(5);
  });
});

describe("the name of a point", () => {
  it("is that of what it measures: more pages are another, what comes before the warm-up is not", () => {
    const idOf = (part: object) => pointId("munmap", pointOf({ workload: workloadOf(part) }));
    const compiling = { operations: 20_000, untilNs: 1e9 };
    expect(idOf({ compiling })).toBe(idOf({}));
    expect(idOf({ pages: 2 })).not.toBe(idOf({ pages: 1 }));
  });
});
