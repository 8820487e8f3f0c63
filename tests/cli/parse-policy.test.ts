import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UsageError } from "../../dist/src/engine/errors.js";
import { choicesOf } from "../../dist/src/engine/policy/choices.js";
import { MAX_BATCH_PAGES } from "../../dist/src/engine/policy/limits.js";
import { parsePolicies, parsePolicy } from "../../dist/src/engine/policy/parse.js";
import { batch, deferred, PRESETS } from "../../dist/src/engine/policy/presets.js";
import { printPolicy } from "../../dist/src/engine/policy/print.js";
import { refuseUnfit } from "../../dist/src/engine/policy/refusals.js";
import { HALVES } from "../../dist/src/engine/policy/words.js";
import { decisions } from "../support/policy-space.ts";

const half = fc.constantFrom(...HALVES);
const batches = fc
  .record({ pages: fc.integer({ min: 1, max: MAX_BATCH_PAGES }), half })
  .map((choice) => batch(choice.pages, choice.half));
const timeouts = fc.oneof(fc.integer({ min: 1, max: 1e12 }), fc.constant(Number.POSITIVE_INFINITY));
const queues = fc
  .record({ entries: fc.integer({ min: 2, max: 32_768 }), ns: timeouts, half })
  .map((choice) => deferred(choice.entries, choice.ns, choice.half));

describe("the names of policies", () => {
  it("a policy's name names that policy", () => {
    fc.assert(
      fc.property(fc.oneof(fc.constantFrom(...PRESETS), batches, queues), (policy) => {
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
    expect(parsePolicies("all")).toEqual(PRESETS);
    expect(parsePolicies("strict,all,batch(32)")).toHaveLength(PRESETS.length);
  });

  it("blanks do not matter, and both halves may be said", () => {
    expect(parsePolicy(" batch( 64 , both ) ").name).toBe("batch(64)");
    expect(parsePolicy(" strict + early-ack ").name).toBe("strict+early-ack");
  });

  it("commas inside parentheses part no list, however deep", () => {
    const names = parsePolicies("strict+frames(after-ticks(2)),queue(4,1ms)+full,batch").map(
      ({ name }) => name,
    );
    expect(names).toEqual(["strict+frames(after-ticks(2))", "queue(4,1ms)+full", "batch(32)"]);
  });
});

describe("the notation of choices", () => {
  it("every point of the space: is what its canonical text says", () => {
    fc.assert(
      fc.property(decisions, (policy) => {
        const parsed = parsePolicy(printPolicy(policy));
        expect(choicesOf(parsed)).toEqual(choicesOf(policy));
        expect(printPolicy(parsed)).toBe(printPolicy(policy));
      }),
      { numRuns: 1000 },
    );
  });

  it("every preset: has a canonical text that says all of it", () => {
    for (const policy of PRESETS) {
      expect(choicesOf(parsePolicy(printPolicy(policy)))).toEqual(choicesOf(policy));
    }
  });

  it("a composed policy: goes by its canonical text, in whatever order it was written", () => {
    const names = ["early-ack+serial+queue(8,1s,iommus)", "queue(8,1s,iommus)+early-ack+serial"];
    for (const parts of names) {
      expect(parsePolicy(`linux-x86+${parts}`).name).toBe(
        "batch(9690,cores)+queue(8,1s,iommus)+skip-idle+early-ack+generations",
      );
    }
  });

  it("parts that change nothing: leave the policy as it is", () => {
    expect(parsePolicy("each+late-ack").name).toBe("strict");
    expect(parsePolicy("strict+batch(7)").name).toBe("batch(7)");
  });

  it("a half that is named: leaves the other as it is", () => {
    const policy = parsePolicy("batch(64,cores)+queue(16,never,iommus)+tell-idle");
    expect(policy.whenCores).toEqual({ kind: "batch", pages: 64 });
    expect(policy.whenIommu).toEqual({
      kind: "queue",
      entries: 16,
      timeoutNs: Number.POSITIVE_INFINITY,
    });
    expect(parsePolicy("latr+reuse(read-only,iommus)").whenCores.kind).toBe("tick");
  });

  it("a tick without a half: is the cores'", () => {
    expect(parsePolicy("tick(64,1ms)").whenIommu).toEqual({ kind: "each" });
  });

  const refused: [text: string, fix: RegExp][] = [
    ["strikt", /did you mean "strict"/],
    ["linux-lazi", /did you mean "linux-lazy"/],
    ["constructor", /there is no policy "constructor"\. There are akaros/],
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
    ["queue(256,cores)", /queue\(ENTRIES,TIMEOUT\)/],
    ["deferred(65536,10ms)", /2 to 32768/],
    ["deferred(1,10ms)", /2 to 32768/],
    ["deferred(256,10)", /ns, us, ms or s/],
    ["deferred(256,0ms)", /ns, us, ms or s/],
    ["deferred(256,2000s)", /1ns to 1000s/],
    ["tick(64,10ns)", /1us to 1000s/],
    ["reuse(read-onyl)", /did you mean "read-only"/],
    ["early-ack", /write strict\+early-ack/],
    ["strict+", /is no part of a policy/],
    ["strict+earl-ack", /did you mean "early-ack"/],
    ["strict+toString", /there is no part of a policy "toString"\. There are/],
    ["strict+early-ack(2)", /takes no parameters/],
    ["strict+akaros", /can only stand first/],
    ["strict+frames", /write frames\(at-once\), frames\(after-flush\)/],
    ["strict+frames(after-tick(2))", /did you mean "after-ticks"/],
    ["strict+frames(after-ticks)", /write after-ticks\(TICKS\)/],
    ["strict+full-above(65536)", /0 to 65535/],
    ["strict+wait-every(0)", /1 to 128/],
    ["strict+broadcast(0)", /1 to 1024/],
    ["strict+early-ack+late-ack", /"early-ack" and "late-ack" choose the same thing/],
    ["strict+full+full", /choose the same thing/],
    ["batch(3)+queue(4,1ms)", /choose the same thing/],
    ["deferred+each(cores)", /choose the same thing/],
  ];
  it.each(refused)("refuses %j and says what would be right", (text, fix) => {
    expect(() => parsePolicy(text)).toThrow(UsageError);
    expect(() => parsePolicy(text)).toThrow(fix);
  });
});

describe("what is refused", () => {
  const refused: [text: string, reason: RegExp][] = [
    ["tick(64,1ms,iommus)", /an IOMMU has no tick/],
    ["akaros+wait-every(2)", /no wait descriptors/],
    ["akaros+overlapped", /polled under the lock/],
    ["reuse+frames(at-once)+addresses(at-once)", /nothing is ever flushed/],
    ["arm-broadcast+early-ack", /none enters a handler/],
  ];
  it.each(refused)("%s: is refused with the reason", (text, reason) => {
    expect(() => parsePolicy(text)).toThrow(UsageError);
    expect(() => parsePolicy(text)).toThrow(reason);
    expect(() => parsePolicy(text)).toThrow(" cannot mean anything: ");
  });

  const unmodelled: [text: string, reason: RegExp][] = [
    ["queue(8,1ms,cores)+queue(16,1ms,iommus)", /one ring/],
    ["queue(8,1ms,cores)+queue(8,2ms,iommus)", /one ring/],
    ["tick(64,1ms)+queue(64,1ms,iommus)", /timeout never/],
    ["latr+queue(256,10ms,iommus)", /one ring/],
    ["reuse(read-only,cores)+reuse(iommus)", /one stamp/],
  ];
  it.each(unmodelled)("%s: means something, and is refused as not modelled", (text, reason) => {
    expect(() => parsePolicy(text)).toThrow(UsageError);
    expect(() => parsePolicy(text)).toThrow(reason);
    expect(() => parsePolicy(text)).toThrow(" is not modelled: ");
    expect(() => parsePolicy(text)).not.toThrow("cannot mean anything");
  });

  it("a policy that means nothing and is not modelled: all reasons are said", () => {
    const text = "akaros+overlapped+queue(8,1ms,cores)+queue(16,1ms,iommus)";
    expect(() => parsePolicy(text)).toThrow(/anything: a register .*; it is not modelled: here/);
  });

  it.each([
    "akaros+global",
    "akaros+page",
    "strict+register",
    "strict+register+domain+no-leaf-hint",
    "queue(8,1ms,cores)+queue(8,1ms,iommus)",
    "tick(64,1ms)+queue(64,never,iommus)",
    "reuse(other-owner,cores)",
    "reuse+frames(at-once)",
    "strict+frames(after-ticks(3))",
    "strict+no-ack+frames(at-once)+addresses(at-once)+tables(at-once)",
    "strict+accessed+skip-idle+broadcast(4)",
  ])("%s: unsafe or odd as it may be, is not", (text) => {
    const policy = parsePolicy(text);
    expect(() => refuseUnfit(policy.name, policy)).not.toThrow();
  });
});
