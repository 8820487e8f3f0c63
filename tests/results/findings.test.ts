// What a manifest and its warnings say of findings.

import { describe, expect, it } from "vitest";
import type { Finding } from "../../dist/src/engine/check/finding.js";
import { describeFinding } from "../../dist/src/engine/check/finding.js";
import { sumChecks } from "../../dist/src/engine/check/sums.js";
import { Histogram } from "../../dist/src/engine/probe/histogram.js";
import { shapeWith } from "../engine/shapes.js";

const FINDING: Finding = {
  kind: "stale-use",
  actor: 1,
  atNs: 5340,
  space: 0,
  vpn: 0x10_0003,
  frame: 871,
  history: [],
};

function seen(part: object) {
  const none = { lateAccesses: 0, staleUses: 0, staleUsesSameOwner: 0 };
  const exposure = new Histogram().toData();
  return { ...none, exposure, findings: [], findingCount: 0, ...part };
}

describe("a finding as one line", () => {
  it("names what, who, when, page and frame", () => {
    expect(describeFinding(FINDING, shapeWith())).toBe(
      "stale-use by core 1 at 5340 ns: page 0x100003 of space 0, frame 871",
    );
  });

  it("leaves out what it has not", () => {
    const bare = { ...FINDING, kind: "wait-completed-early" as const, actor: 2 };
    expect(describeFinding({ ...bare, space: -1, vpn: -1, frame: -1 }, shapeWith())).toBe(
      "wait-completed-early by iommu 0 at 5340 ns",
    );
  });

  it("a broken invariant: says what did not hold", () => {
    const message = "a chain of frames has no end: 7";
    const broken = { ...FINDING, kind: "broken-invariant" as const, space: -1, vpn: -1, frame: -1 };
    expect(describeFinding({ ...broken, message }, shapeWith())).toBe(
      `broken-invariant by core 1 at 5340 ns: ${message}`,
    );
  });
});

describe("the verdict of several actors", () => {
  it("safe, if none has seen anything", () => {
    expect(sumChecks([seen({}), seen({})], []).verdict).toBe("safe");
  });

  it("exposed, if a translation outlived its promise, or was used late", () => {
    const exposure = new Histogram();
    exposure.record(30);
    expect(sumChecks([seen({ exposure: exposure.toData() }), seen({})], []).verdict).toBe(
      "exposed",
    );
    expect(sumChecks([seen({ lateAccesses: 1 })], []).verdict).toBe("exposed");
    expect(sumChecks([seen({ staleUsesSameOwner: 1 })], []).verdict).toBe("exposed");
  });

  it("unsafe, if one has found something, or the audit has; those come in order of time", () => {
    const later = { ...FINDING, atNs: 9000 };
    const sums = sumChecks(
      [
        seen({ findings: [later], findingCount: 40, lateAccesses: 2 }),
        seen({ findings: [FINDING], findingCount: 1, lateAccesses: 3 }),
      ],
      [],
    );
    expect(sums.findings.map(({ atNs }) => atNs)).toEqual([5340, 9000]);
    expect([sums.findingCount, sums.lateAccesses, sums.verdict]).toEqual([41, 5, "unsafe"]);
    expect(sumChecks([seen({})], [FINDING]).verdict).toBe("unsafe");
  });
});
