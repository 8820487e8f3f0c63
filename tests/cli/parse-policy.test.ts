import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UsageError } from "../../dist/src/engine/errors.js";
import { parsePolicies, parsePolicy } from "../../dist/src/engine/policy/parse.js";
import {
  ALL_POLICIES,
  batch,
  deferred,
  HALVES,
  MAX_BATCH_PAGES,
} from "../../dist/src/engine/policy/presets.js";

const half = fc.constantFrom(...HALVES);
const batches = fc
  .record({ pages: fc.integer({ min: 1, max: MAX_BATCH_PAGES }), half })
  .map((choice) => batch(choice.pages, choice.half));
const queues = fc
  .record({ log2: fc.integer({ min: 1, max: 15 }), ns: fc.integer({ min: 1, max: 1e12 }), half })
  .map((choice) => deferred(2 ** choice.log2, choice.ns, choice.half));

describe("the notation of policies", () => {
  it("a policy's name names that policy", () => {
    fc.assert(
      fc.property(fc.oneof(fc.constantFrom(...ALL_POLICIES), batches, queues), (policy) => {
        expect(parsePolicy(policy.name)).toEqual(policy);
      }),
    );
  });

  it("a list of names is the list of those policies, each once", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(batches, queues), { minLength: 1, maxLength: 5 }),
        (policies) => {
          const names = [...new Set(policies.map(({ name }) => name))];
          const parsed = parsePolicies(policies.map(({ name }) => name).join(","));
          expect(parsed.map(({ name }) => name)).toEqual(names);
        },
      ),
    );
  });

  it("bare names stand for the usual parameters, and all for every policy", () => {
    expect(parsePolicy("batch").name).toBe("batch(32)");
    expect(parsePolicy("deferred").name).toBe("deferred(256,10ms)");
    expect(parsePolicies("all")).toEqual(ALL_POLICIES);
    expect(parsePolicies("strict,all,batch(32)")).toHaveLength(ALL_POLICIES.length);
  });

  it("blanks do not matter, and both halves may be said", () => {
    expect(parsePolicy(" batch( 64 , both ) ").name).toBe("batch(64)");
  });

  const refused: [text: string, fix: RegExp][] = [
    ["strikt", /did you mean "strict"/],
    ["constructor", /did you mean/],
    ["batsh(3)", /did you mean "batch"/],
    ["strict(3)", /write strict/],
    ["", /names no policy/],
    ["batch(", /names no policy/],
    ["batch()", /1 to 9690/],
    ["batch(0)", /1 to 9690/],
    ["batch(9691)", /1 to 9690/],
    ["batch(1.5)", /1 to 9690/],
    ["batch(32,core)", /did you mean "cores"/],
    ["batch(1,2,3)", /batch\(PAGES\)/],
    ["deferred(256)", /deferred\(ENTRIES,TIMEOUT\)/],
    ["deferred(100,10ms)", /power of two, 2 to 32768/],
    ["deferred(65536,10ms)", /power of two, 2 to 32768/],
    ["deferred(1,10ms)", /power of two, 2 to 32768/],
    ["deferred(256,10)", /ns, us, ms or s/],
    ["deferred(256,0ms)", /ns, us, ms or s/],
    ["deferred(256,2000s)", /1ns to 1000s/],
  ];
  it.each(refused)("refuses %j and says what would be right", (text, fix) => {
    expect(() => parsePolicy(text)).toThrow(UsageError);
    expect(() => parsePolicy(text)).toThrow(fix);
  });
});
