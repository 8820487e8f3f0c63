import { describe, expect, it } from "vitest";
import { parseManifest } from "../../dist/src/results/compare/run-manifest.js";
import { manifestOf } from "../support/runs.ts";

const WHOLE = manifestOf();

/** The value with each of its parts in turn set to what no part can be. */
function damaged(value: unknown): unknown[] {
  if (typeof value !== "object" || value === null) return [[]];
  const parts = Object.entries(value).flatMap(([key, part]) => {
    const others = Array.isArray(value) ? [...value] : { ...value };
    return damaged(part).map((odd) => Object.assign(structuredClone(others), { [key]: odd }));
  });
  return [...parts, "odd"];
}

describe("the manifest of a run that is compared", () => {
  it("is read as it is", () => {
    expect(parseManifest("manifest.json", JSON.stringify(WHOLE))).toEqual(WHOLE);
  });

  it("damaged anywhere: refused with the place, and in our words", () => {
    const all = damaged(WHOLE);
    expect(all.length).toBeGreaterThan(30);
    for (const odd of all) {
      const parse = () => parseManifest("manifest.json", JSON.stringify(odd));
      expect(parse, JSON.stringify(odd)).toThrow(/^manifest\.json:1:\d+: (?!.*nvalid)\S.*: \S/);
    }
  });
});
